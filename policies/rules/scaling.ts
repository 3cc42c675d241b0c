import { groupDimension, observedMetrics, routerMetrics, scalingMetrics } from "../../contracts/metrics";
import { at, list, type Rule, type RuleResource } from "../rule";

const policy = "aws:autoscaling/policy:Policy";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";

const published = Object.values({ ...scalingMetrics, ...observedMetrics, ...routerMetrics });
/** Namespaces that AWS itself publishes to; what stands in another one is published by this platform or by nobody. */
const isForeign = (namespace: unknown): boolean => /^(AWS|ECS)\//.test(String(namespace));

interface Watched {
  readonly namespace: unknown;
  readonly name: unknown;
  readonly dimensions: readonly string[];
}

/** The metrics that a policy or an alarm watches, in one shape. */
function watched({ type, props }: RuleResource): readonly Watched[] {
  if (type === alarm) {
    const queries = list(props.metricQueries).map((query) => at(query, "metric"));
    return [props, ...queries]
      .filter((metric) => at(metric, "metricName") !== undefined)
      .map((metric) => ({
        namespace: at(metric, "namespace"),
        name: at(metric, "metricName"),
        dimensions: Object.keys((at(metric, "dimensions") ?? {}) as object),
      }));
  }
  const custom = at(props, "targetTrackingConfiguration.customizedMetricSpecification");
  const queries = list(at(custom, "metrics")).map((query) => at(query, "metricStat.metric"));
  return [custom, ...queries]
    .filter((metric) => at(metric, "metricName") !== undefined)
    .map((metric) => ({
      namespace: at(metric, "namespace"),
      name: at(metric, "metricName"),
      dimensions: [...list(at(metric, "metricDimensions")), ...list(at(metric, "dimensions"))].map((d) =>
        String(at(d, "name")),
      ),
    }));
}

const tracking = (name: string, dimension: string, namespace = scalingMetrics.gpuUtilization.namespace) => ({
  type: policy,
  props: {
    targetTrackingConfiguration: {
      customizedMetricSpecification: {
        namespace,
        metricName: name,
        metricDimensions: [{ name: dimension, value: "g" }],
      },
    },
  },
});

const metricIdentity: Rule = {
  id: "GAP-METRIC-IDENTITY",
  severity: "critical",
  title: "What is watched is what is published",
  rationale: "CloudWatch takes another set of dimensions for another metric: the policy sees no data and never scales.",
  remediation: "Take namespace, name and dimensions from contracts/metrics.ts.",
  types: [policy, alarm],
  scope: "resource",
  check: (resource) => {
    const wrong = watched(resource).find(
      ({ namespace, name, dimensions }) =>
        !isForeign(namespace) &&
        !published.some(
          (metric) =>
            metric.namespace === namespace && metric.name === name && metric.dimensions.join() === dimensions.join(),
        ),
    );
    return wrong === undefined
      ? undefined
      : `nobody publishes ${String(wrong.namespace)} ${String(wrong.name)} {${wrong.dimensions.join(", ")}}`;
  },
  passing: [tracking(scalingMetrics.gpuUtilization.name, groupDimension)],
  failing: [tracking(scalingMetrics.gpuUtilization.name, "Tier")],
};

const noFramebufferScaling: Rule = {
  id: "GAP-FRAMEBUFFER-SCALING",
  severity: "critical",
  title: "No policy follows framebuffer used",
  rationale: "vLLM takes its memory at start whatever the load, so the group would walk to its maximum and stay there.",
  remediation: "Follow memory pressure (KV-cache occupancy) instead.",
  types: [policy],
  scope: "resource",
  check: (resource) =>
    watched(resource).some(({ name }) => name === observedMetrics.framebufferUsed.name)
      ? `the policy follows ${observedMetrics.framebufferUsed.name}`
      : undefined,
  passing: [tracking(scalingMetrics.memoryPressure.name, groupDimension)],
  failing: [tracking(observedMetrics.framebufferUsed.name, groupDimension)],
};

export const scalingRules: readonly Rule[] = [metricIdentity, noFramebufferScaling];
