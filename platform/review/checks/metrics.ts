import { everyAwsMetric } from "../../../contracts/aws-metrics";
import { everyMetric, gpuNamespace, routerNamespace } from "../../../contracts/metrics";
import type { PropertyValue } from "../../engine";
import { at, type BilledResource, listAt, textAt } from "../../pricing/graph";
import type { Check, CheckContext } from "./check";

/** A metric as an alarm or a widget asks for it. */
interface Asked {
  readonly namespace: string;
  readonly name: string;
  /** Dimension keys, sorted. */
  readonly keys: readonly string[];
}

interface Known {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly string[];
  readonly publisher?: string;
}

const known: ReadonlyMap<string, readonly Known[]> = groupBy([...everyMetric, ...everyAwsMetric], metricKey);
const ownNamespaces: readonly string[] = [gpuNamespace, routerNamespace];

const published: Check = {
  id: "WIRING-METRIC",
  severity: "high",
  title: "Alarms and dashboards read metrics that something publishes",
  remediation:
    "Take the metric from contracts/metrics.ts or contracts/aws-metrics.ts, with every dimension that it has there.",
  find: (context) =>
    [
      ...context.graph
        .ofType("aws:cloudwatch/metricAlarm:MetricAlarm")
        .map((alarm) => ({ reader: alarm, asked: ofAlarm(alarm) })),
      ...context.graph
        .ofType("aws:cloudwatch/dashboard:Dashboard")
        .map((dashboard) => ({ reader: dashboard, asked: ofDashboard(dashboard) })),
    ].flatMap(({ reader, asked }) =>
      [...new Set(asked.flatMap((metric) => problem(metric, context) ?? []))].map((message) => ({
        urn: reader.urn,
        message,
      })),
    ),
};

/** What is wrong with a metric that is asked for; a metric of AWS that no table knows is taken at its word. */
function problem(asked: Asked, { graph }: CheckContext): string | undefined {
  const candidates = known.get(metricKey(asked)) ?? [];
  const label = `${asked.namespace} ${asked.name}`;
  if (candidates.length === 0)
    return ownNamespaces.includes(asked.namespace) ? `nothing publishes ${label}` : undefined;
  const same = candidates.filter(({ dimensions }) => [...dimensions].sort().join() === asked.keys.join());
  if (same.length === 0) {
    const ways = candidates.map(({ dimensions }) => dimensions.join(", ")).join("; or ");
    return `${label} is asked for with ${asked.keys.join(", ") || "no dimension"}, and published with ${ways}`;
  }
  const publishers = same.flatMap(({ publisher }) => publisher ?? []);
  return publishers.length === 0 || publishers.some((type) => graph.ofType(type).length > 0)
    ? undefined
    : `${label} is published for ${publishers[0]}, and the stack has none`;
}

function ofAlarm(alarm: BilledResource): Asked[] {
  const metrics = listAt(alarm, "metricQueries").flatMap((query) => at(query, "metric") ?? []);
  const single = textAt(alarm, "metricName") === undefined ? [] : [alarm.inputs as PropertyValue];
  return [...metrics, ...single].flatMap((metric) => {
    const [namespace, name] = [at(metric, "namespace"), at(metric, "metricName")];
    if (typeof namespace !== "string" || typeof name !== "string") return [];
    return [{ namespace, name, keys: Object.keys((at(metric, "dimensions") as object | undefined) ?? {}).sort() }];
  });
}

interface Body {
  readonly widgets?: readonly { readonly properties?: { readonly metrics?: readonly (readonly unknown[])[] } }[];
}

/** The metrics of a body whose text is known; one that is made of what only the cloud knows is not judged. */
function ofDashboard(dashboard: BilledResource): Asked[] {
  const text = textAt(dashboard, "dashboardBody");
  if (text === undefined) return [];
  const { widgets = [] } = JSON.parse(text) as Body;
  return widgets.flatMap(({ properties }) => (properties?.metrics ?? []).flatMap(fromArray));
}

/** `[namespace, name, key, value, ..., options]`; an expression has options alone. */
function fromArray(line: readonly unknown[]): Asked[] {
  const texts = line.filter((part): part is string => typeof part === "string");
  const [namespace, name, ...pairs] = texts;
  if (namespace === undefined || name === undefined) return [];
  return [{ namespace, name, keys: pairs.filter((_, at) => at % 2 === 0).sort() }];
}

function metricKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace} ${name}`;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

export const metricChecks: readonly Check[] = [published];
