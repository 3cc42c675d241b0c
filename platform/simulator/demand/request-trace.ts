import type { Workload } from "../../../catalog/workload";
import type { GpuTier } from "../../../contracts/archetypes";
import { type Demand, type DemandSeries, defaultStart } from "./demand";
import { badTrace } from "./trace-error";

/** Seconds of one count when single requests are put together. */
const interval = 10;
/** A pause between two requests that is taken for a hole in the trace. */
const longestPauseSeconds = 3600;

/** One request of a trace. */
export interface TracedRequest {
  /** Seconds on the trace's own clock. */
  readonly time: number;
  readonly input?: number;
  readonly output?: number;
  readonly line: number;
}

export interface TraceOptions {
  readonly file: string;
  readonly workload: Workload;
  /** Factor on every count. @default 1 */
  readonly scale?: number;
}

/** Collects single requests into counts, and checks that they are in order and without a hole. */
export class RequestCollector {
  readonly #counts: number[] = [];
  #first: number | undefined;
  #last = 0;
  #total = 0;
  #input = 0;
  #output = 0;
  #tokens = 0;

  constructor(private readonly file: string) {}

  add({ time, input, output, line }: TracedRequest): void {
    this.#first ??= time;
    if (this.#total > 0 && time < this.#last) {
      badTrace(this.file, line, time, `times in order; the line before is at ${this.#last}`);
    }
    if (this.#total > 0 && time - this.#last > longestPauseSeconds) {
      const pause = Math.round(time - this.#last);
      badTrace(this.file, line, `${pause} s without a request`, "no gap longer than an hour; cut the trace there");
    }
    this.#last = time;
    const index = Math.floor((time - this.#first) / interval);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total++;
    if (input === undefined || output === undefined) return;
    this.#tokens++;
    this.#input += input;
    this.#output += output;
  }

  /** The demand of all requests, divided between the tiers as the workload's players would. */
  demand(about: string, { workload, scale = 1 }: TraceOptions, dated: boolean): Demand {
    if (this.#total === 0) badTrace(this.file, undefined, "no request", "at least one request");
    const tokens =
      this.#tokens === 0
        ? undefined
        : { input: Math.max(1, this.#input / this.#tokens), output: Math.max(1, this.#output / this.#tokens) };
    const counts = Float64Array.from({ length: this.#counts.length }, (_, index) => this.#counts[index] ?? 0);
    const start = dated ? new Date((this.#first ?? 0) * 1000) : defaultStart;
    return requestDemand(
      this.file,
      about,
      counts.map((count) => (count * scale) / interval),
      interval,
      start,
      workload,
      tokens,
    );
  }
}

/** A demand from recorded rates of requests; each tier gets its share by the workload's rates per player. */
export function requestDemand(
  name: string,
  about: string,
  rate: Float64Array,
  intervalSeconds: number,
  start: Date,
  workload: Workload,
  tokens?: DemandSeries["tokens"],
): Demand {
  const all = workload.gold.requestsPerPlayerMinute + workload.silver.requestsPerPlayerMinute;
  const tier = (which: GpuTier): DemandSeries => {
    const share = workload[which].requestsPerPlayerMinute / all;
    return { intervalSeconds, rate: rate.map((value) => value * share), exact: true, tokens };
  };
  return {
    name,
    about,
    durationSeconds: rate.length * intervalSeconds,
    start,
    tiers: { gold: tier("gold"), silver: tier("silver") },
  };
}
