import assert from "node:assert/strict";
import type { Evaluation, PropertyMap, RecordedResource } from "../engine/types";
import { unknownValue } from "../engine/values";
import { enginesOf, scalingPlanOf } from "./adapter";

const urn = (type: string, name: string) => `urn:pulumi:prod::game::${type}::${name}`;

function resource(
  type: string,
  name: string,
  inputs: PropertyMap,
  points: Record<string, string[]> = {},
): RecordedResource {
  return {
    urn: urn(type, name),
    type,
    name,
    custom: true,
    external: false,
    inputs,
    outputs: inputs,
    dependencies: Object.values(points).flat(),
    propertyDependencies: points,
    options: {},
  };
}

const types = {
  group: "aws:autoscaling/group:Group",
  policy: "aws:autoscaling/policy:Policy",
  schedule: "aws:autoscaling/schedule:Schedule",
  alarm: "aws:cloudwatch/metricAlarm:MetricAlarm",
  template: "aws:ec2/launchTemplate:LaunchTemplate",
};
const groupUrn = urn(types.group, "gold");
const ofGroup = { autoscalingGroupName: [groupUrn] };
const byGroup = [{ name: "AutoScalingGroupName", value: unknownValue }];

const template = resource(types.template, "gold-template", {
  blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 100, volumeType: "gp3" } }],
});
const group = resource(
  types.group,
  "gold",
  {
    minSize: 1,
    maxSize: 50,
    desiredCapacity: 2,
    healthCheckType: "ELB",
    healthCheckGracePeriod: 120,
    defaultInstanceWarmup: 60,
    capacityRebalance: true,
    mixedInstancesPolicy: {
      launchTemplate: {
        launchTemplateSpecification: { launchTemplateId: unknownValue, version: unknownValue },
        overrides: [{ instanceType: "g5.xlarge" }, { instanceType: "g6.xlarge" }],
      },
      instancesDistribution: { onDemandBaseCapacity: 1, onDemandPercentageAboveBaseCapacity: 30 },
    },
    initialLifecycleHooks: [
      { lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING", heartbeatTimeout: 900, defaultResult: "ABANDON" },
      { lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING", heartbeatTimeout: 180, defaultResult: "CONTINUE" },
    ],
    instanceRefresh: { strategy: "Rolling", preferences: { minHealthyPercentage: 80 } },
    warmPool: { poolState: "Stopped", minSize: 2, instanceReusePolicy: { reuseOnScaleIn: true } },
    tags: [{ key: "Tier", value: "gold", propagateAtLaunch: true }],
  },
  { mixedInstancesPolicy: [template.urn] },
);

function tracking(name: string, specification: PropertyMap, target = 70): RecordedResource {
  const inputs = {
    policyType: "TargetTrackingScaling",
    autoscalingGroupName: unknownValue,
    targetTrackingConfiguration: { targetValue: target, ...specification },
  };
  return resource(types.policy, name, inputs, ofGroup);
}
const custom = (metricName: string, metricDimensions: PropertyMap[] = byGroup, namespace = "AI-Gaming/GPU") => ({
  customizedMetricSpecification: { namespace, metricName, metricDimensions, statistic: "Average", period: 10 },
});

const evaluation = (...resources: RecordedResource[]): Evaluation => ({
  project: "game",
  stack: "prod",
  config: {},
  resources: [template, group, ...resources],
  outputs: {},
  diagnostics: [],
  durationMs: 1,
});

describe("plan of an evaluated stack", () => {
  it("reads a group with its template, hooks, purchase mix, warm pool and refresh", () => {
    const [plan] = scalingPlanOf(evaluation()).groups;
    assert.deepEqual(
      { ...plan, urn: undefined },
      {
        name: "gold",
        urn: undefined,
        tier: "gold",
        min: 1,
        max: 50,
        desired: 2,
        instanceTypes: ["g5.xlarge", "g6.xlarge"],
        onDemandBase: 1,
        onDemandPercentAboveBase: 30,
        capacityRebalance: true,
        defaultWarmupSeconds: 60,
        defaultCooldownSeconds: 300,
        launchHook: { heartbeatSeconds: 900, onTimeout: "ABANDON" },
        terminateHook: { heartbeatSeconds: 180, onTimeout: "CONTINUE" },
        loadBalancerHealth: true,
        healthGraceSeconds: 120,
        warmPool: { state: "Stopped", minSize: 2, maxPrepared: undefined, reuseOnScaleIn: true },
        refreshMinHealthyPercent: 80,
        volumeGiB: 100,
        drainSeconds: 100,
        targetTracking: [],
        steps: [],
        predictive: [],
        schedules: [],
      },
    );
  });

  it("reads target tracking on a custom metric, on a predefined one and on metric math", () => {
    const math: PropertyMap = {
      customizedMetricSpecification: {
        metrics: [
          {
            id: "backlog",
            returnData: false,
            metricStat: {
              stat: "Sum",
              period: 10,
              metric: { namespace: "AI-Gaming/GPU", metricName: "QueueDepth", dimensions: byGroup },
            },
          },
          {
            id: "nodes",
            returnData: false,
            metricStat: {
              stat: "Average",
              metric: { namespace: "AWS/AutoScaling", metricName: "GroupInServiceInstances", dimensions: byGroup },
            },
          },
          { id: "each", expression: "backlog / nodes", returnData: true },
        ],
      },
    };
    const predefined = { predefinedMetricSpecification: { predefinedMetricType: "ALBRequestCountPerTarget" } };
    const plan = scalingPlanOf(
      evaluation(
        tracking("utilization", { ...custom("GPUUtilization"), disableScaleIn: true }),
        tracking("requests", predefined, 400),
        tracking("backlog", math, 4),
      ),
    );
    const [backlog, requests, utilization] = plan.groups[0]!.targetTracking;
    assert.equal(utilization?.query.terms[0]?.metric, "gpuUtilization");
    assert.equal(utilization?.query.periodSeconds, 10);
    assert.equal(utilization?.disableScaleIn, true);
    assert.equal(requests?.query.terms[0]?.metric, "requestsPerTarget");
    assert.equal(backlog?.query.expression, "backlog / nodes");
    assert.deepEqual(
      backlog?.query.terms.map(({ metric, statistic }) => [metric, statistic]),
      [
        ["queueDepth", "Sum"],
        ["groupInService", "Average"],
      ],
    );
    assert.deepEqual(plan.warnings, []);
  });

  it("finds the alarms of a step policy by what they invoke, and reads schedules and forecasts", () => {
    const wake = resource(
      types.policy,
      "wake",
      {
        policyType: "StepScaling",
        adjustmentType: "ChangeInCapacity",
        stepAdjustments: [{ metricIntervalLowerBound: "0", scalingAdjustment: 1 }],
      },
      ofGroup,
    );
    const alarm = resource(
      types.alarm,
      "waiting",
      {
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        evaluationPeriods: 1,
        treatMissingData: "notBreaching",
        metricQueries: [
          {
            id: "waiting",
            returnData: false,
            metric: {
              namespace: "AI-Gaming/Router",
              metricName: "WaitingRequests",
              dimensions: { AutoScalingGroupName: unknownValue },
              period: 60,
              stat: "Maximum",
            },
          },
          { id: "wake", expression: "FILL(waiting, 0)", returnData: true },
        ],
      },
      { alarmActions: [wake.urn] },
    );
    const schedule = resource(
      types.schedule,
      "evening",
      { scheduledActionName: "evening", recurrence: "0 18 * * *", timeZone: "Europe/Berlin", minSize: 5, maxSize: -1 },
      ofGroup,
    );
    const running = { namespace: "AI-Gaming/GPU", metricName: "RunningRequests", dimensions: byGroup };
    const forecast = resource(
      types.policy,
      "forecast",
      {
        policyType: "PredictiveScaling",
        predictiveScalingConfiguration: {
          mode: "ForecastAndScale",
          schedulingBufferTime: "300",
          metricSpecification: {
            targetValue: 12,
            customizedLoadMetricSpecification: {
              metricDataQueries: [{ id: "load", metricStat: { stat: "Sum", metric: running } }],
            },
          },
        },
      },
      ofGroup,
    );
    const [plan] = scalingPlanOf(evaluation(wake, alarm, schedule, forecast)).groups;
    assert.equal(plan?.steps[0]?.alarms[0]?.query.terms[0]?.metric, "waitingRequests");
    assert.equal(plan?.steps[0]?.alarms[0]?.treatMissingData, "notBreaching");
    assert.deepEqual(plan?.steps[0]?.steps, [{ lower: 0, upper: null, adjustment: 1 }]);
    assert.equal(plan?.schedules[0]?.min, 5);
    assert.equal(plan?.schedules[0]?.max, undefined);
    assert.equal(plan?.predictive[0]?.forecastOnly, false);
    assert.equal(plan?.predictive[0]?.bufferSeconds, 300);
    assert.equal(plan?.predictive[0]?.query.terms[0]?.metric, "runningRequests");
  });

  it("warns of a policy that could never see data: another dimension, an unknown metric, another namespace", () => {
    const { groups, warnings } = scalingPlanOf(
      evaluation(
        tracking("by-tier", custom("GPUUtilization", [{ name: "Tier", value: "Gold" }])),
        tracking("typo", custom("GpuUtilisation")),
      ),
    );
    assert.ok(groups[0]!.targetTracking.every(({ query }) => query.terms[0]?.metric === undefined));
    assert.match(warnings[0]!, /by-tier: it asks GPUUtilization with the dimensions Tier, but/);
    assert.match(warnings[1]!, /typo: nothing publishes AI-Gaming\/GPU GpuUtilisation/);
  });

  it("refuses a policy that points to no group, and a target that is none", () => {
    const lost = { ...tracking("lost", custom("QueueDepth")), propertyDependencies: {} };
    assert.throws(() => scalingPlanOf(evaluation(lost)), /lost\.autoscalingGroupName: "an unknown value"/);
    assert.throws(
      () => scalingPlanOf(evaluation(tracking("zero", custom("QueueDepth"), 0))),
      /a metric and a target above 0/,
    );
  });

  it("leaves out groups without a GPU", () => {
    const builder = resource(
      types.group,
      "builder",
      { minSize: 0, maxSize: 1 },
      { launchTemplate: [urn(types.template, "b")] },
    );
    const cpu = resource(types.template, "b", { instanceType: "c5.4xlarge" });
    assert.deepEqual(
      scalingPlanOf(evaluation(builder, cpu)).groups.map(({ name }) => name),
      ["gold"],
    );
  });

  it("takes the engine from the stack's config where it says anything", () => {
    const config = { "game-ai-platform:gpu": JSON.stringify({ gold: { engine: { maxSequences: 16 } } }) };
    const engines = enginesOf({ ...evaluation(), config });
    assert.equal(engines.gold.maxSequences, 16);
    assert.equal(engines.silver.model, "Qwen2.5-7B-Instruct");
  });
});
