import type { Metric, Registry } from "prom-client";

interface Series {
  /** Values in each bucket alone; those above the last bound at the end. */
  readonly counts: number[];
  sum: number;
}

/**
 * A Prometheus histogram with one label, for values that come with every token of every stream: prom-client checks and hashes
 * the labels with each value, which was a twentieth of the host's processor time. Here a label's observer is looked up once.
 */
export class IntervalHistogram {
  readonly type = "histogram";
  readonly aggregator = "sum";
  readonly #series = new Map<string, Series>();

  /** @param bounds Upper bounds of the buckets in seconds, ascending. */
  constructor(
    readonly name: string,
    readonly help: string,
    private readonly label: string,
    private readonly bounds: readonly number[],
    registry: Registry,
  ) {
    // The registry asks its metrics for no more than name, type and get().
    registry.registerMetric(this as unknown as Metric);
  }

  /** What counts seconds under one value of the label; to be kept for a stream's life. */
  observer(value: string): (seconds: number) => void {
    const { bounds } = this;
    const series = this.#series.get(value) ?? { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
    this.#series.set(value, series);
    return (seconds) => {
      let bucket = 0;
      while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++;
      series.counts[bucket]!++;
      series.sum += seconds;
    };
  }

  /** All values in the shape that prom-client's registry prints. */
  async get() {
    const { name, help, type, aggregator, label, bounds } = this;
    const values = [...this.#series].flatMap(([value, { counts, sum }]) => {
      const labels = { [label]: value };
      let count = 0;
      const buckets = counts.map((more, bucket) => {
        count += more;
        return { metricName: `${name}_bucket`, labels: { le: bounds[bucket] ?? "+Inf", ...labels }, value: count };
      });
      const totals = { sum, count };
      return [
        ...buckets,
        ...Object.entries(totals).map(([suffix, total]) => ({ metricName: `${name}_${suffix}`, labels, value: total })),
      ];
    });
    return { name, help, type, aggregator, values };
  }
}
