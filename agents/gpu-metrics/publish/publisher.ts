import type { Logger } from "../../../runtime/logger";
import type { Buffer } from "./buffer";
import type { Clock } from "./clock";
import type { Outcome, Sink } from "./sink";
import type { Datum } from "./window";

export interface PublisherOptions {
  readonly sink: Sink;
  readonly buffer: Buffer;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after each delivery. */
  readonly onDelivered?: (data: readonly Datum[]) => void;
  /** Milliseconds that one request may take. @default 8000 */
  readonly requestMs?: number;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** Full jitter: anything between nothing and a bound that doubles. Source: AWS architecture blog, exponential backoff and jitter. */
export const backoff = { baseMs: 500, capMs: 30_000 } as const;

/** Requests spent on finding the data that CloudWatch refuses; a request that is wrong as a whole must not go on for ever. */
const isolationBudget = 64;

/** Milliseconds to wait after a number of failures in a row. */
export function retryDelay(failures: number, random: () => number): number {
  return random() * Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures, 16));
}

/**
 * Sends what is in the buffer, one request at a time, until it is empty. A failure that may pass waits and tries again for as long
 * as the buffer keeps the data; data that CloudWatch refuses is found and given up alone.
 */
export class Publisher {
  /** Failures in a row. */
  failures = 0;
  /** Requests sent, by what became of them. */
  readonly requests = { delivered: 0, retry: 0, invalid: 0 };
  private running: Promise<void> | undefined;
  private cancelWait: (() => void) | undefined;
  private abort = new AbortController();
  private readonly refusedOnce = new Set<string>();

  constructor(private readonly options: PublisherOptions) {}

  /** Takes the data of one flush and sends it, unless the publisher is waiting to try again. */
  publish(data: readonly Datum[]): void {
    const { buffer, clock } = this.options;
    if (data.length > 0) buffer.push(data, clock.mono());
    buffer.expire(clock.mono());
    if (this.cancelWait === undefined) this.run();
  }

  /** Resolves when nothing is under way; data may still wait for another try. */
  async idle(): Promise<void> {
    await this.running;
  }

  /**
   * Sends what is left before the process ends, trying again within the time there is. What cannot be delivered is said and given up.
   * @param deadlineMs Milliseconds until everything must be over.
   */
  async finish(deadlineMs: number): Promise<void> {
    const { clock, buffer } = this.options;
    const end = clock.mono() + deadlineMs;
    const cancel = clock.after(deadlineMs, () => this.abort.abort());
    this.stopWaiting();
    await this.running;
    while (buffer.size > 0 && clock.mono() < end && !this.abort.signal.aborted) {
      this.stopWaiting();
      await this.drain(false);
      if (buffer.size === 0) break;
      const pause = Math.min(retryDelay(this.failures, this.options.random ?? Math.random), end - clock.mono(), 1000);
      await new Promise<void>((resolve) => clock.after(Math.max(1, pause), resolve));
    }
    cancel();
    this.stopWaiting();
    buffer.abandon();
  }

  private run(): void {
    if (this.running !== undefined) return;
    this.running = this.drain(true).finally(() => {
      this.running = undefined;
    });
  }

  private async drain(waits: boolean): Promise<void> {
    const { buffer, clock } = this.options;
    while (!this.abort.signal.aborted) {
      buffer.expire(clock.mono());
      const data = buffer.newest();
      if (data.length === 0) return;
      const outcome = await this.deliver(data, { left: isolationBudget });
      if (outcome.kind === "retry") {
        this.failed(outcome.reason, waits);
        return;
      }
      if (this.failures > 0) this.options.log.info({ failures: this.failures }, "CloudWatch takes data again");
      this.failures = 0;
    }
  }

  /** Sends data; halves it until what is refused stands alone. Settles everything but a `retry`. */
  private async deliver(data: readonly Datum[], budget: { left: number }): Promise<Outcome> {
    const { buffer, onDelivered } = this.options;
    budget.left -= 1;
    const outcome = await this.send(data);
    if (outcome.kind === "delivered") {
      buffer.delivered(data);
      onDelivered?.(data);
      return outcome;
    }
    if (outcome.kind === "retry") return outcome;
    if (data.length === 1 || budget.left <= 0) {
      this.refuse(data, outcome.reason);
      return { kind: "delivered" };
    }
    for (const part of divide(data, outcome.index)) {
      const result = await this.deliver(part, budget);
      if (result.kind === "retry") return result;
    }
    return { kind: "delivered" };
  }

  private async send(data: readonly Datum[]): Promise<Outcome> {
    const { clock, sink, requestMs = 8000 } = this.options;
    const timeout = new AbortController();
    const cancel = clock.after(requestMs, () => timeout.abort());
    const outcome = await sink.put(data, AbortSignal.any([timeout.signal, this.abort.signal]));
    cancel();
    this.requests[outcome.kind] += 1;
    return outcome;
  }

  private refuse(data: readonly Datum[], reason: string): void {
    this.options.buffer.rejected(data);
    for (const { metric } of data) {
      if (this.refusedOnce.has(metric.name)) continue;
      this.refusedOnce.add(metric.name);
      this.options.log.error({ metric: metric.name, reason }, "CloudWatch refuses a metric; it is dropped");
    }
  }

  private failed(reason: string, waits: boolean): void {
    const { clock, log, buffer, random = Math.random } = this.options;
    if (this.failures === 0) log.warn({ reason, held: buffer.size }, "CloudWatch does not take data; keeping it");
    this.failures += 1;
    if (!waits) return;
    this.cancelWait = clock.after(retryDelay(this.failures, random), () => {
      this.cancelWait = undefined;
      this.run();
    });
  }

  private stopWaiting(): void {
    this.cancelWait?.();
    this.cancelWait = undefined;
  }
}

/** The datum that was named and the others, or two halves. */
function divide(data: readonly Datum[], index: number | undefined): (readonly Datum[])[] {
  if (index !== undefined && index >= 0 && index < data.length) {
    const others = data.filter((_, place) => place !== index);
    return [data.slice(index, index + 1), others];
  }
  const middle = Math.ceil(data.length / 2);
  return [data.slice(0, middle), data.slice(middle)];
}
