import type { AwsMetric } from "../aws-metrics";
import type { Metric } from "../metrics";

/** Whom an alarm wakes: `page` a person at once, `ticket` a person in working hours, `info` nobody. */
export const severities = ["page", "ticket", "info"] as const;
export type Severity = (typeof severities)[number];

export type Comparison =
  | "GreaterThanThreshold"
  | "GreaterThanOrEqualToThreshold"
  | "LessThanThreshold"
  | "LessThanOrEqualToThreshold";

/** One metric as an alarm or a widget asks for it; `Text` is a dimension's value, plain or an Output. */
export interface Series<Text> {
  /** Name in the expression: a lower-case letter, then letters, digits and underscores. */
  readonly id: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, Text>>;
  /** `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount` or an extended one such as `p99` or `PR(:2)`. */
  readonly stat: string;
  readonly label?: string;
}

/** Datapoints of an example, oldest first, by series; `null` is a missing one. Series of one example are of one length. */
export type Example = Readonly<Record<string, readonly (number | null)[]>>;

/** An alarm in plain values. */
export interface AlarmDefinition<Text> {
  /** Suffix of its logical name: unique in the stack. */
  readonly id: string;
  /** Page of docs/operate that says what to do. */
  readonly runbook: string;
  /** Left out for an alarm that only a composite reads. */
  readonly severity?: Severity;
  /** What is wrong, in one sentence. */
  readonly title: string;
  readonly series: readonly Series<Text>[];
  /** Metric math over the ids. @default the only series */
  readonly expression?: string;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly periodSeconds: number;
  /** N: datapoints that are looked at. */
  readonly periods: number;
  /** M of N. @default periods */
  readonly datapoints?: number;
  /** What a missing datapoint counts as. Never `ignore`: it keeps a state for ever. */
  readonly missing: "breaching" | "notBreaching" | "missing";
  /** Datapoints after which the alarm is in ALARM, and some after which it is not. */
  readonly fires: Example;
  readonly quiet: readonly Example[];
}

/** An alarm that reads others, so that one cause wakes one person. */
export interface CompositeDefinition {
  readonly id: string;
  readonly runbook: string;
  readonly severity: Severity;
  readonly title: string;
  /** Ids of alarms: it fires when all of one of these lists are in ALARM. */
  readonly anyOf: readonly (readonly string[])[];
  /** Id of an alarm whose own page says what this one would. */
  readonly suppressedBy?: string;
}

export interface Definitions<Text> {
  readonly alarms: readonly AlarmDefinition<Text>[];
  readonly composites: readonly CompositeDefinition[];
}

/**
 * A metric of the contracts or of AWS, asked for with exactly the dimensions that it is published with.
 * @throws Error where a dimension is missing or another is given: such a query would see no data.
 */
export function series<Text>(
  id: string,
  metric: Metric | AwsMetric,
  dimensions: Readonly<Record<string, Text>>,
  stat: string,
  label?: string,
): Series<Text> {
  const [given, wanted] = [Object.keys(dimensions).sort(), [...metric.dimensions].sort()];
  if (given.join() !== wanted.join()) {
    throw new Error(`${metric.name} is published with ${wanted.join(", ")}, and asked for with ${given.join(", ")}`);
  }
  return {
    id,
    namespace: metric.namespace,
    metricName: metric.name,
    dimensions,
    stat,
    ...(label === undefined ? {} : { label }),
  };
}

/** The same value some times over, for examples. */
export const times = (count: number, value: number | null): (number | null)[] =>
  Array.from({ length: count }, () => value);
