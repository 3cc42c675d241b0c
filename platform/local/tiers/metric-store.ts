import type { Metric } from "../../../contracts/metrics";

/** A datum as PutMetricData takes it, in one of its three forms. Source: MetricDatum, CloudWatch API reference. */
export interface MetricDatum {
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
  /** Seconds since 1970; now where it is missing. */
  readonly Timestamp?: number;
  readonly Value?: number;
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly StatisticValues?: { readonly SampleCount: number; readonly Sum: number; readonly Maximum: number };
}

interface StatisticSet {
  readonly at: number;
  readonly count: number;
  readonly sum: number;
  readonly max: number;
}

export interface Statistics {
  readonly average: number;
  readonly maximum: number;
  readonly sum: number;
}

/** Milliseconds that a datum is kept; publishers that were cut off send what is older, which no alarm looks at any more. */
const keptMs = 120_000;

/** What was published in the last two minutes, by metric and group. */
export class MetricStore {
  readonly #sets = new Map<string, StatisticSet[]>();

  put(namespace: string, data: readonly MetricDatum[]): void {
    const now = Date.now();
    for (const datum of data) {
      const [dimension] = datum.Dimensions ?? [];
      const set = statisticSet(datum, now);
      if (datum.Dimensions?.length !== 1 || dimension === undefined || set === undefined) continue;
      const key = keyOf(namespace, datum.MetricName, dimension.Value);
      const kept = (this.#sets.get(key) ?? []).filter(({ at }) => at > now - keptMs);
      this.#sets.set(key, [...kept, set]);
    }
  }

  /** Statistics of what was measured from `from` until before `to`, in milliseconds; undefined where nothing was. */
  between(metric: Metric, group: string, from: number, to: number): Statistics | undefined {
    const sets = (this.#sets.get(keyOf(metric.namespace, metric.name, group)) ?? []).filter(
      ({ at }) => at >= from && at < to,
    );
    const count = sets.reduce((sum, set) => sum + set.count, 0);
    if (count === 0) return undefined;
    return {
      average: sets.reduce((sum, set) => sum + set.sum, 0) / count,
      maximum: Math.max(...sets.map(({ max }) => max)),
      sum: sets.reduce((sum, set) => sum + set.sum, 0),
    };
  }
}

const keyOf = (namespace: string, name: string, group: string): string => `${namespace} ${name} ${group}`;

function statisticSet(datum: MetricDatum, now: number): StatisticSet | undefined {
  const at = datum.Timestamp === undefined ? now : datum.Timestamp * 1000;
  const { Value, Values, Counts, StatisticValues } = datum;
  if (StatisticValues !== undefined) {
    const { SampleCount, Sum, Maximum } = StatisticValues;
    return { at, count: SampleCount, sum: Sum, max: Maximum };
  }
  const values = Values ?? (Value === undefined ? [] : [Value]);
  if (values.length === 0) return undefined;
  const counts = values.map((_, index) => Counts?.[index] ?? 1);
  return {
    at,
    count: counts.reduce((sum, count) => sum + count, 0),
    sum: values.reduce((sum, value, index) => sum + value * counts[index]!, 0),
    max: Math.max(...values),
  };
}
