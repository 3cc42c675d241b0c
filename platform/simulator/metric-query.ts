import { observedMetrics, routerMetrics, scalingMetrics } from "../../contracts/metrics";
import type { PropertyMap } from "../engine/types";
import { known, numberOf, objectOf, objectsOf, textOf } from "./evaluation-reader";
import type { MetricQuery, MetricTerm, SimulatedMetric, Statistic } from "./plan";

interface KnownMetric {
  readonly namespace: string;
  readonly name: string;
  readonly metric: SimulatedMetric;
}

const of = ({ namespace, name }: { readonly namespace: string; readonly name: string }, metric: SimulatedMetric) => ({
  namespace,
  name,
  metric,
});

/** Metrics of the contracts and of AWS that the simulated platform publishes, all with the group's name as only dimension. */
const knownMetrics: readonly KnownMetric[] = [
  of(scalingMetrics.gpuUtilization, "gpuUtilization"),
  of(scalingMetrics.memoryPressure, "memoryPressure"),
  of(scalingMetrics.queueDepth, "queueDepth"),
  of(scalingMetrics.waitingRequests, "waitingRequests"),
  of(scalingMetrics.demand, "demand"),
  of(observedMetrics.runningRequests, "runningRequests"),
  of(observedMetrics.framebufferUsed, "framebufferUsed"),
  of(observedMetrics.requestLatencyP95, "requestLatencyP95"),
  of(observedMetrics.heartbeat, "heartbeat"),
  of(routerMetrics.inFlight, "inFlight"),
  { namespace: "AWS/AutoScaling", name: "GroupInServiceInstances", metric: "groupInService" },
  { namespace: "AWS/AutoScaling", name: "GroupDesiredCapacity", metric: "groupDesired" },
];

const groupDimension = "AutoScalingGroupName";
const statistics: readonly Statistic[] = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"];

/** A query, and what keeps it from seeing data. */
export interface ReadQuery {
  readonly query: MetricQuery;
  readonly warnings: readonly string[];
}

/** The query of a `targetTrackingConfiguration`; undefined where it names no metric. */
export function targetTrackingQuery(configuration: PropertyMap, policy: string): ReadQuery | undefined {
  const predefined = objectOf(configuration.predefinedMetricSpecification);
  if (predefined !== undefined) return predefinedQuery(textOf(predefined.predefinedMetricType) ?? "", policy);
  const custom = objectOf(configuration.customizedMetricSpecification);
  if (custom === undefined) return undefined;
  const queries = objectsOf(custom.metrics);
  if (queries.length > 0) return dataQueries(queries, numberOf(custom.period) ?? 60, policy);
  const read = readMetric(custom, policy);
  return single("m1", read, textOf(custom.statistic) ?? "Average", numberOf(custom.period) ?? 60);
}

/** The query of a `MetricAlarm`. */
export function alarmQuery(inputs: PropertyMap, alarm: string): ReadQuery {
  const queries = objectsOf(inputs.metricQueries);
  if (queries.length > 0) return dataQueries(queries, 60, alarm);
  const read = readMetric({ ...inputs, metricDimensions: asPairs(objectOf(inputs.dimensions)) }, alarm);
  return single("m1", read, textOf(inputs.statistic) ?? "Average", numberOf(inputs.period) ?? 60);
}

/** The query of a list of metric data queries; the one that returns data is the value. */
export function dataQueries(queries: readonly PropertyMap[], defaultPeriod: number, user: string): ReadQuery {
  const warnings: string[] = [];
  const terms: MetricTerm[] = [];
  const expressions = new Map<string, string>();
  let period = defaultPeriod;
  for (const query of queries) {
    const id = textOf(query.id) ?? "m1";
    const expression = textOf(query.expression);
    if (expression !== undefined) expressions.set(id, expression);
    const stat = objectOf(query.metricStat) ?? objectOf(query.metric);
    if (stat === undefined) continue;
    const metric = objectOf(stat.metric) ?? stat;
    const dimensions = known(metric.dimensions);
    const pairs = Array.isArray(dimensions) ? dimensions : asPairs(objectOf(metric.dimensions));
    const read = readMetric({ ...metric, metricDimensions: pairs }, user);
    warnings.push(...read.warnings);
    period = numberOf(stat.period) ?? period;
    terms.push({ id, metric: read.metric, statistic: statisticOf(textOf(stat.stat)), label: read.label });
  }
  const wanted = queries.find(({ returnData }) => returnData !== false) ?? queries.at(-1);
  const id = textOf(wanted?.id) ?? "m1";
  const expression = expressions.get(id);
  const periodSeconds = Math.min(60, period);
  if (expression === undefined) {
    const term = terms.find((candidate) => candidate.id === id) ?? terms[0];
    return { query: { terms: term ? [term] : [], periodSeconds, label: term?.label ?? id }, warnings };
  }
  return {
    query: { terms, expression: inlined(expression, expressions), periodSeconds, label: expression },
    warnings,
  };
}

/** An expression in which the ids of other expressions are replaced by these. */
function inlined(expression: string, expressions: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > 10) return expression;
  return expression.replace(/[A-Za-z_]\w*/g, (id) => {
    const inner = expressions.get(id);
    return inner === undefined ? id : `(${inlined(inner, expressions, depth + 1)})`;
  });
}

function predefinedQuery(type: string, policy: string): ReadQuery {
  const metric: SimulatedMetric | undefined = type === "ALBRequestCountPerTarget" ? "requestsPerTarget" : undefined;
  const warnings =
    metric === undefined ? [`${policy}: ${type} is not simulated, so the policy sees no data and never acts`] : [];
  return single("m1", { metric, label: type, warnings }, "Average", 60);
}

interface ReadMetric {
  readonly metric: SimulatedMetric | undefined;
  readonly label: string;
  readonly warnings: readonly string[];
}

function readMetric(spec: PropertyMap, user: string): ReadMetric {
  const namespace = textOf(spec.namespace) ?? "";
  const name = textOf(spec.metricName) ?? "";
  const keys = objectsOf(spec.metricDimensions).map((pair) => textOf(pair.name) ?? "");
  const found = knownMetrics.find((candidate) => candidate.namespace === namespace && candidate.name === name);
  const label = `${namespace} ${name}`;
  if (found === undefined) {
    return {
      metric: undefined,
      label,
      warnings: [`${user}: nothing publishes ${label}, so it sees no data and never acts`],
    };
  }
  if (keys.length !== 1 || keys[0] !== groupDimension) {
    const asked = keys.length === 0 ? "no dimension" : `the dimensions ${keys.join(", ")}`;
    const warning = `${user}: it asks ${name} with ${asked}, but it is published with ${groupDimension} alone; CloudWatch takes these for different metrics, so it sees no data and never acts`;
    return { metric: undefined, label, warnings: [warning] };
  }
  return { metric: found.metric, label: name, warnings: [] };
}

function single(id: string, { metric, label, warnings }: ReadMetric, statistic: string, period: number): ReadQuery {
  const term = { id, metric, statistic: statisticOf(statistic), label };
  return { query: { terms: [term], periodSeconds: Math.min(60, period), label }, warnings };
}

const statisticOf = (text: string | undefined): Statistic =>
  statistics.find((statistic) => statistic === text) ?? "Average";

const asPairs = (dimensions: PropertyMap | undefined): PropertyMap[] =>
  Object.entries(dimensions ?? {}).map(([name, value]) => ({ name, value }));
