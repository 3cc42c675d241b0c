import type { Datum } from "./window";

/** Why data was given up. */
export type DropReason = "too-old" | "full" | "rejected" | "shutdown";

export interface Dropped {
  readonly reason: DropReason;
  readonly count: number;
  /** Milliseconds since 1970 of the first and the last datum dropped. */
  readonly from: number;
  readonly to: number;
}

/** What is sent together at most. Source: PutMetricData, 1000 metrics and 1 MB a request. */
export const requestLimits = { data: 1000, bytes: 900_000 } as const;

interface Held {
  readonly datum: Datum;
  /** Monotonic milliseconds when it was made. */
  readonly at: number;
}

export interface BufferOptions {
  /** Milliseconds that data is kept. */
  readonly keepMs: number;
  /** Most data kept. */
  readonly capacity: number;
  readonly onDrop: (dropped: Dropped) => void;
}

/**
 * Data that CloudWatch has not confirmed, oldest first, with the time stamps that it was measured at. Bounded in age and in number;
 * what has to go is said.
 */
export class Buffer {
  private held: Held[] = [];

  constructor(private readonly options: BufferOptions) {}

  get size(): number {
    return this.held.length;
  }

  /** Monotonic milliseconds of the oldest datum. */
  oldestAt(): number | undefined {
    return this.held[0]?.at;
  }

  push(data: readonly Datum[], at: number): void {
    for (const datum of data) this.held.push({ datum, at });
    const excess = this.held.length - this.options.capacity;
    if (excess > 0) this.report("full", this.held.splice(0, excess));
  }

  /** Gives up what has become too old. @param now Monotonic milliseconds. */
  expire(now: number): void {
    const fresh = this.held.findIndex((held) => now - held.at <= this.options.keepMs);
    const old = fresh === -1 ? this.held.length : fresh;
    if (old > 0) this.report("too-old", this.held.splice(0, old));
  }

  /** The newest data that fit into one request, oldest of them first: after an outage the present comes before the past. */
  newest(): Datum[] {
    let bytes = 0;
    let first = this.held.length;
    while (first > 0 && this.held.length - first < requestLimits.data) {
      const held = this.held[first - 1];
      if (held === undefined) break;
      bytes += estimatedBytes(held.datum);
      if (bytes > requestLimits.bytes) break;
      first -= 1;
    }
    return this.held.slice(first).map(({ datum }) => datum);
  }

  /** Forgets data that was delivered. */
  delivered(data: readonly Datum[]): void {
    this.remove(data);
  }

  /** Gives up data that CloudWatch does not take. */
  rejected(data: readonly Datum[]): void {
    this.report("rejected", this.remove(data));
  }

  /** Gives up everything, at the end of the process. */
  abandon(): void {
    this.report("shutdown", this.held.splice(0));
  }

  /** Moves every time stamp with a clock that was set, so that each still tells when it was measured. */
  shift(ms: number): void {
    for (const { datum } of this.held) datum.timestamp += ms;
  }

  private remove(data: readonly Datum[]): Held[] {
    const gone = new Set(data);
    const removed = this.held.filter(({ datum }) => gone.has(datum));
    this.held = this.held.filter(({ datum }) => !gone.has(datum));
    return removed;
  }

  private report(reason: DropReason, dropped: readonly Held[]): void {
    if (dropped.length === 0) return;
    const times = dropped.map(({ datum }) => datum.timestamp);
    const from = times.reduce((least, time) => Math.min(least, time));
    const to = times.reduce((greatest, time) => Math.max(greatest, time));
    this.options.onDrop({ reason, count: dropped.length, from, to });
  }
}

/** Upper estimate of a datum in the request's JSON before compression. */
function estimatedBytes(datum: Datum): number {
  return 300 + datum.metric.name.length + datum.metric.dimensions.length * 300;
}
