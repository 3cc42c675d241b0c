import assert from "node:assert/strict";
import { scalingRules } from "./scaling";

const metricIdentity = scalingRules.find(({ id }) => id === "GAP-METRIC-IDENTITY")!;

describe("metric identity of scaling policies", () => {
  it("takes a predefined metric, which AWS publishes itself, its label known or not yet", () => {
    for (const resourceLabel of ["app/gpu/50dc6c495c0c9188/targetgroup/gold/943f017f100becff", undefined]) {
      const policy = {
        urn: "urn:pulumi:prod::p::aws:autoscaling/policy:Policy::requests",
        type: "aws:autoscaling/policy:Policy",
        name: "requests",
        protect: false,
        references: {},
        props: {
          targetTrackingConfiguration: {
            targetValue: 342,
            predefinedMetricSpecification: { predefinedMetricType: "ALBRequestCountPerTarget", resourceLabel },
          },
        },
      };
      assert.equal(metricIdentity.check(policy, [policy]), undefined);
    }
  });
});
