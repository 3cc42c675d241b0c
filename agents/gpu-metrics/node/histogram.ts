/** Cumulative counts by upper bound, as Prometheus exposes a histogram; the last bound is Infinity. */
export type Histogram = ReadonlyMap<number, number>;

/**
 * What was added between two looks at a histogram. A count that fell means that the process started again: then everything
 * that is there now is new.
 */
export function histogramSince(before: Histogram | undefined, now: Histogram): Histogram {
  if (before === undefined) return now;
  const restarted = [...now].some(([bound, count]) => count < (before.get(bound) ?? 0));
  return restarted ? now : new Map([...now].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]));
}

/**
 * Quantile of a cumulative histogram by linear interpolation inside the bucket, as Prometheus' histogram_quantile does; the
 * greatest finite bound where it falls into the open bucket. Undefined without observations.
 * @param q 0-1
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = q * total;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return lower;
      return count === below ? bound : lower + ((bound - lower) * (rank - below)) / (count - below);
    }
    lower = bound;
    below = count;
  }
  return lower;
}
