import { type CompiledMath, compileMath } from "./metric-math";
import type { MetricQuery, SimulatedMetric, Statistic } from "./plan";

/** One metric as it is published in a step: a value per publisher, and how many publishers sent it. */
export interface Sample {
  value: number;
  /** Publishers that sent the value; none means that nothing was published. */
  count: number;
  /** Publishers that sent a zero instead, as nodes do that publish before their model answers. */
  zeros: number;
  /** Samples of one publisher that the value stands for; as many as fit into the step where it is absent. */
  perStep?: number;
  /** True for a metric that is not published for a period without anything to count. */
  silentAtZero?: boolean;
}
export type Samples = Readonly<Record<SimulatedMetric, Sample>>;

/** Statistic sets of one term in the bucket that is being filled. */
interface Bucket {
  readonly sample: Sample | undefined;
  readonly statistic: Statistic;
  /** The sum with every value as often as its publisher sent it. */
  total: number;
  sum: number;
  count: number;
  min: number;
  max: number;
}

/**
 * What CloudWatch makes of a query: samples fall into buckets of the query's period, and a bucket gives a datapoint once it is
 * over and old enough to be seen.
 */
export class MetricStream {
  readonly #buckets: Bucket[];
  readonly #math: CompiledMath | undefined;
  readonly #values = new Map<string, number>();
  /** Datapoints that are over and not yet visible. */
  readonly #pending: { visibleAt: number; value: number }[] = [];
  #endsAt: number;
  /** The newest visible datapoint; NaN when it is missing. */
  latest = Number.NaN;
  /** Datapoints that have become visible, missing ones among them. */
  datapoints = 0;

  /** @param publishSeconds Seconds between two samples of one publisher. */
  constructor(
    readonly query: MetricQuery,
    samples: Samples,
    private readonly publishSeconds: number,
    private readonly delaySeconds: number,
  ) {
    this.#buckets = query.terms.map(({ metric, statistic }) => ({
      sample: metric === undefined ? undefined : samples[metric],
      statistic,
      total: 0,
      sum: 0,
      count: 0,
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
    }));
    const ids = query.terms.map(({ id }) => id);
    this.#math = query.expression === undefined ? undefined : compileMath(query.expression, ids, query.label);
    this.#endsAt = query.periodSeconds;
  }

  /** Takes what is published in the step that ends at `now` and lasts `dt` seconds. */
  add(now: number, dt: number): void {
    for (const bucket of this.#buckets) {
      const { sample } = bucket;
      if (sample === undefined || sample.count + sample.zeros === 0) continue;
      const sum = sample.value * sample.count;
      bucket.sum += sum;
      bucket.total += sum * (sample.perStep ?? dt / this.publishSeconds);
      bucket.count += sample.count + sample.zeros;
      if (sample.count > 0) {
        if (sample.value < bucket.min) bucket.min = sample.value;
        if (sample.value > bucket.max) bucket.max = sample.value;
      }
      if (sample.zeros > 0) {
        if (bucket.min > 0) bucket.min = 0;
        if (bucket.max < 0) bucket.max = 0;
      }
    }
    if (now < this.#endsAt) return;
    this.#pending.push({ visibleAt: this.#endsAt + this.delaySeconds, value: this.#close(dt / this.publishSeconds) });
    this.#endsAt += this.query.periodSeconds;
  }

  /** True when a datapoint has become visible at `now`; it is then {@link latest}. */
  next(now: number): boolean {
    const first = this.#pending[0];
    if (first === undefined || first.visibleAt > now) return false;
    this.latest = first.value;
    this.datapoints++;
    this.#pending.shift();
    return true;
  }

  /** @param samplesPerStep Samples of one publisher in a step. */
  #close(samplesPerStep: number): number {
    if (this.#math === undefined)
      return this.#buckets.length === 0 ? Number.NaN : take(this.#buckets[0]!, samplesPerStep);
    this.query.terms.forEach(({ id }, index) => {
      this.#values.set(id, take(this.#buckets[index]!, samplesPerStep));
    });
    const value = this.#math(this.#values);
    return Number.isFinite(value) ? value : Number.NaN;
  }
}

/** The statistic of a bucket, which is emptied; NaN when nothing was published. */
function take(bucket: Bucket, samplesPerStep: number): number {
  const { sum, total, count, min, max, statistic, sample } = bucket;
  bucket.sum = 0;
  bucket.total = 0;
  bucket.count = 0;
  bucket.min = Number.POSITIVE_INFINITY;
  bucket.max = Number.NEGATIVE_INFINITY;
  if (count === 0 || (sample?.silentAtZero && sum === 0)) return Number.NaN;
  switch (statistic) {
    case "Average":
      return sum / count;
    case "Sum":
      return total;
    case "SampleCount":
      return count * samplesPerStep;
    case "Minimum":
      return min;
    case "Maximum":
      return max;
  }
}
