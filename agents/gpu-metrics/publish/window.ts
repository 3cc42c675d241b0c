import type { Metric } from "../../../contracts/metrics";

/** One statistic set, ready to be sent. */
export interface Datum {
  readonly metric: Metric;
  /** Index of the GPU for detail metrics. */
  readonly gpu?: number;
  /** Milliseconds since 1970: the beginning of the window. Moved only when the clock was set. */
  timestamp: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

interface Gauge {
  readonly metric: Metric;
  readonly gpu: number | undefined;
  samples: number;
  sum: number;
  min: number;
  max: number;
  /** Part of the window's weight that an early cut has sent already. */
  sent: number;
}

/**
 * Gathers the samples of one window and makes one statistic set per metric of them.
 *
 * `Average` in CloudWatch is the sum of all sums divided by the sum of all counts, so a node that managed ten samples would weigh
 * more than one that managed seven. Each set therefore carries the same weight, the seconds of the window, and the mean of the
 * node times that weight as its sum. When a window is cut in two the parts share the weight.
 */
export class Window {
  private readonly gauges = new Map<string, Gauge>();
  private readonly counts = new Map<string, { metric: Metric; value: number; sent: boolean }>();

  /**
   * @param start Milliseconds since 1970, a multiple of the window's length.
   * @param seconds Length, and weight of a gauge.
   */
  constructor(
    private start: number,
    private readonly seconds: number,
  ) {}

  /** Adds one sample of a gauge. Values that are no finite number are ignored: CloudWatch would refuse the whole request. */
  add(metric: Metric, value: number | undefined, gpu?: number): void {
    if (value === undefined || !Number.isFinite(value)) return;
    const key = gpu === undefined ? metric.name : `${metric.name} ${gpu}`;
    const gauge = this.gauges.get(key) ?? { metric, gpu, samples: 0, sum: 0, min: value, max: value, sent: 0 };
    this.gauges.set(key, gauge);
    gauge.min = gauge.samples === 0 ? value : Math.min(gauge.min, value);
    gauge.max = gauge.samples === 0 ? value : Math.max(gauge.max, value);
    gauge.samples += 1;
    gauge.sum += value;
  }

  /** Adds to a count; a count of zero is sent too, once. */
  count(metric: Metric, value: number): void {
    const count = this.counts.get(metric.name) ?? { metric, value: 0, sent: false };
    count.value += value;
    this.counts.set(metric.name, count);
  }

  /** Says once per window that something was so. */
  mark(metric: Metric): void {
    if (!this.counts.has(metric.name)) this.count(metric, 1);
  }

  /** Moves the window with a clock that was set. */
  shift(ms: number): void {
    this.start += ms;
  }

  /** Everything since the last cut, with all the weight that is left. */
  finish(): Datum[] {
    return this.cut(this.seconds);
  }

  /** Everything so far, ahead of the window's end. @param atSeconds How far the window has got. */
  finishEarly(atSeconds: number): Datum[] {
    return this.cut(Math.min(this.seconds - 1, Math.max(1, Math.floor(atSeconds))));
  }

  private cut(upTo: number): Datum[] {
    const data: Datum[] = [];
    for (const gauge of this.gauges.values()) {
      const weight = upTo - gauge.sent;
      if (gauge.samples === 0 || weight <= 0) continue;
      data.push(this.statisticSet(gauge, weight));
      gauge.samples = 0;
      gauge.sum = 0;
      gauge.sent = upTo;
    }
    for (const count of this.counts.values()) {
      if (count.sent && count.value === 0) continue;
      const { metric, value } = count;
      data.push({ metric, timestamp: this.start, count: 1, sum: value, min: value, max: value });
      count.value = 0;
      count.sent = true;
    }
    return data;
  }

  private statisticSet({ metric, gpu, samples, sum, min, max }: Gauge, weight: number): Datum {
    // Rounding must not put the mean outside of what was measured.
    const mean = Math.min(max, Math.max(min, sum / samples));
    return { metric, gpu, timestamp: this.start, count: weight, sum: mean * weight, min, max };
  }
}

/** Beginning of the window that a moment falls into. */
export function windowStart(wallMs: number, seconds: number): number {
  const length = seconds * 1000;
  return Math.floor(wallMs / length) * length;
}
