import type { CloudWatchClient, MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { GpuTier } from "../../../contracts/archetypes";
import {
  groupDimension,
  type Metric,
  routerMetrics,
  routerNamespace,
  scalingMetrics,
} from "../../../contracts/metrics";
import { DemandEstimator } from "../../../runtime/demand";
import type { Logger } from "../../../runtime/logger";
import type { Tier } from "../routing/tier";

/** Windows kept while CloudWatch cannot be reached: a quarter of an hour at 10 s. */
const windowsKept = 90;
/** Durations of one window that the p95 is taken of; further ones replace an older one each. */
const durationsKept = 5_000;
const sampleMs = 500;
const sendMs = 5_000;

interface Gauge {
  count: number;
  sum: number;
  min: number;
  max: number;
}

interface TierWindow {
  readonly tier: Tier;
  readonly group: string;
  waiting: Gauge;
  inFlight: Gauge;
  durations: number[];
  seen: number;
  /** {@link Tier.wanted} at the window's beginning. */
  readonly wantedBefore: number;
}

/**
 * Publishes what is asked for, what waits, what is under way and how long answers take, per tier, under the dimension that the scaling policies ask
 * for. The wake of a sleeping tier hangs on it, so a window that could not be sent is sent again, with its own time.
 */
export class MetricsPublisher {
  readonly #windows: TierWindow[];
  readonly #demand: DemandEstimator;
  #pending: MetricDatum[][] = [];
  #client: CloudWatchClient | undefined;
  #sending: Promise<void> = Promise.resolve();
  readonly #sampling: NodeJS.Timeout;
  #flushing: NodeJS.Timeout | undefined;
  /** Milliseconds since 1970 at which the window began: a multiple of its length, so that replicas and nodes cut theirs alike. */
  #startedAt: number;

  /** @param seconds Length of a window, 10 or 60. */
  constructor(
    tiers: readonly Tier[],
    private readonly region: string,
    private readonly seconds: number,
    private readonly logger: Logger,
  ) {
    this.#windows = tiers.flatMap((tier) => (tier.group === undefined ? [] : [freshWindow(tier, tier.group)]));
    this.#demand = new DemandEstimator(this.#windows.length, seconds);
    this.#startedAt = this.#boundary();
    this.#sampling = setInterval(() => this.#sample(), sampleMs).unref();
    this.#plan();
  }

  /** Notes how long an answer took. */
  answered(tier: GpuTier, ms: number): void {
    const window = this.#windows.find((each) => each.tier.tier === tier);
    if (window === undefined) return;
    window.seen += 1;
    if (window.durations.length < durationsKept) window.durations.push(ms);
    else window.durations[Math.floor(Math.random() * durationsKept)] = ms;
  }

  /** Sends the last window and ends. */
  async close(): Promise<void> {
    clearInterval(this.#sampling);
    clearTimeout(this.#flushing);
    this.#flush();
    await this.#sending;
    this.#client?.destroy();
  }

  /** The latest moment at which a window begins. */
  #boundary(): number {
    const length = this.seconds * 1000;
    return Math.floor(Date.now() / length) * length;
  }

  #plan(): void {
    const endsAt = this.#startedAt + this.seconds * 1000;
    this.#flushing = setTimeout(
      () => {
        this.#flush();
        // A timer may come a moment early: no window is sent twice, or demand would count twice.
        this.#startedAt = Math.max(endsAt, this.#boundary());
        this.#plan();
      },
      Math.max(0, endsAt - Date.now()),
    ).unref();
  }

  #sample(): void {
    for (const window of this.#windows) {
      add(window.waiting, window.tier.waiting.count);
      add(window.inFlight, window.tier.inFlight);
    }
  }

  #flush(): void {
    this.#sample();
    const at = new Date(this.#startedAt);
    const data = this.#windows.flatMap((window, index) => {
      const demand = this.#demand.add(index, window.tier.wanted - window.wantedBefore);
      return dataOf(window, at, this.seconds, demand);
    });
    this.#demand.close();
    for (const [index, { tier, group }] of this.#windows.entries()) this.#windows[index] = freshWindow(tier, group);
    if (data.length === 0) return;
    this.#pending = [...this.#pending, data].slice(-windowsKept);
    this.#sending = this.#sending.then(() => this.#send());
  }

  async #send(): Promise<void> {
    const { CloudWatchClient, PutMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
    this.#client ??= new CloudWatchClient({ region: this.region, maxAttempts: 1 });
    while (this.#pending.length > 0) {
      try {
        const input = { Namespace: routerNamespace, MetricData: this.#pending[0] };
        await this.#client.send(new PutMetricDataCommand(input), { abortSignal: AbortSignal.timeout(sendMs) });
        this.#pending.shift();
      } catch (error) {
        this.logger.warn({ err: error, windows: this.#pending.length }, "metrics could not be sent; they are kept");
        return;
      }
    }
  }
}

function freshWindow(tier: Tier, group: string): TierWindow {
  const empty = (): Gauge => ({ count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: 0 });
  return {
    tier,
    group,
    waiting: empty(),
    inFlight: empty(),
    durations: [],
    seen: 0,
    wantedBefore: tier.wanted,
  };
}

function add(gauge: Gauge, value: number): void {
  gauge.count += 1;
  gauge.sum += value;
  gauge.min = Math.min(gauge.min, value);
  gauge.max = Math.max(gauge.max, value);
}

function dataOf(
  { group, waiting, inFlight, durations }: TierWindow,
  at: Date,
  seconds: number,
  demand: number,
): MetricDatum[] {
  const datum = ({ name, unit }: Metric): MetricDatum => ({
    MetricName: name,
    Unit: unit === "Watts" ? "None" : unit,
    Timestamp: at,
    StorageResolution: seconds < 60 ? 1 : 60,
    Dimensions: [{ Name: groupDimension, Value: group }],
  });
  const set = ({ count, sum, min, max }: Gauge) => ({
    StatisticValues: { SampleCount: count, Sum: sum, Minimum: min, Maximum: max },
  });
  const p95 = durations.sort((a, b) => a - b)[Math.floor(durations.length * 0.95)];
  return [
    { ...datum(scalingMetrics.waitingRequests), ...set(waiting) },
    { ...datum(routerMetrics.inFlight), ...set(inFlight) },
    { ...datum(scalingMetrics.demand), Value: demand },
    ...(p95 === undefined ? [] : [{ ...datum(routerMetrics.latencyP95), Value: p95 }]),
  ];
}
