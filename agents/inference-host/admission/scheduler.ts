import type { EngineCapacity, EngineStats } from "../engines/engine";
import { FairQueue, type FairQueueLimits, type Priority, type QueueItem, type Readiness } from "./fair-queue";
import { Refusal } from "./refusal";

/** What the scheduler asks of those who know: the engine's figures, and where adapters are. */
export interface SchedulerPorts {
  /** False while the engine is down; what waits goes on waiting. */
  engineUp(): boolean;
  capacity(): EngineCapacity;
  stats(): EngineStats;
  /** How soon a request for this adapter could start; also sees to it that a cold one is loaded. */
  access(adapter: string): Readiness;
  /** Takes the adapter for one request. @returns its name in the engine, or undefined when it must wait after all */
  acquire(adapter: string): string | undefined;
  release(engineName: string, tokens: number): void;
  /** Why requests must do without this adapter; undefined while it may come. */
  unavailable(adapter: string): string | undefined;
  /** An adapter's request has waited beyond the age bound. */
  claim(adapter: string): void;
}

export interface Ticket {
  readonly lane: string;
  readonly priority: Priority;
  /** Expected tokens. */
  readonly cost: number;
  /** Adapter by its public name; undefined for the base model. */
  readonly adapter: string | undefined;
  /** Milliseconds that the client gives it, waiting included; infinite when it did not say. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** True for work that continues what was already accepted: a chain's next step, a retry. It is never refused for a bound. */
  readonly accepted?: boolean;
}

/** The right to one slot of the engine. */
export interface Lease {
  /** Adapter in the engine's terms; undefined for the base model. */
  readonly engineName: string | undefined;
  readonly waitedMs: number;
  /** Gives the slot back. @param tokens Tokens that were really used. */
  release(tokens: number): void;
}

export interface SchedulerOptions extends FairQueueLimits {
  /** Milliseconds that a request may wait. */
  readonly maxWaitMs: number;
  /** KV-cache occupancy (0-1) above which nothing new starts while something runs. @default 0.95 */
  readonly kvCeiling?: number;
  /** @default performance.now */
  readonly now?: () => number;
}

/** The adapter that a request waited for will not come. */
export class AdapterUnavailable extends Error {
  override readonly name = "AdapterUnavailable";
}

interface Waiting extends QueueItem {
  readonly adapter: string | undefined;
  readonly maxWaitAt: number;
  readonly start: (lease: Lease) => void;
  readonly fail: (reason: unknown) => void;
}

const defaultKvCeiling = 0.95;
const tickMs = 50;

/** Admits requests into bounded fair queues and hands out the engine's slots. */
export class Scheduler {
  readonly #queue: FairQueue<Waiting>;
  readonly #running = new Map<string, number>();
  readonly #runningIn = new Map<string, number>();
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #total = 0;
  #withAdapter = 0;
  #quiet: (() => void)[] = [];
  #adaptersPaused = 0;
  /** Mean seconds that a request holds a slot, weighted to the recent past. */
  #serviceSeconds = 0;
  #served = 0;
  #pumping = false;

  constructor(
    private readonly options: SchedulerOptions,
    private readonly ports: SchedulerPorts,
  ) {
    this.#queue = new FairQueue<Waiting>(options);
    this.#now = options.now ?? (() => performance.now());
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  get queued(): number {
    return this.#queue.size;
  }

  get running(): number {
    return this.#total;
  }

  queuedIn(lane: string): number {
    return this.#queue.laneSize(lane);
  }

  runningIn(lane: string): number {
    return this.#runningIn.get(lane) ?? 0;
  }

  /** Halves or restores the queue bounds: a node that may soon be taken away should not collect work. */
  setDeprioritised(deprioritised: boolean): void {
    const factor = deprioritised ? 0.5 : 1;
    const { perLane, total, ageBoundMs } = this.options;
    this.#queue.setLimits({ perLane: Math.ceil(perLane * factor), total: Math.ceil(total * factor), ageBoundMs });
  }

  /**
   * Waits for a slot.
   * @throws Refusal at once when a bound is reached or the deadline cannot be met; later when waiting took too long
   */
  submit(ticket: Ticket): Promise<Lease> {
    const now = this.#now();
    return new Promise<Lease>((resolve, reject) => {
      if (ticket.signal.aborted) return reject(ticket.signal.reason);
      const expected = this.expectedWaitSeconds();
      if (!ticket.accepted && expected * 1000 > ticket.deadlineMs) {
        return reject(
          new Refusal("overloaded", "the deadline cannot be met: too much is waiting", retryAfter(expected)),
        );
      }
      const leave = () => {
        if (this.#queue.remove(waiting)) reject(ticket.signal.reason);
      };
      const waiting: Waiting = {
        lane: ticket.lane,
        priority: ticket.priority,
        cost: ticket.cost,
        group: ticket.adapter ?? "",
        adapter: ticket.adapter,
        enqueuedAt: now,
        deadlineAt: now + Math.min(ticket.deadlineMs, this.options.maxWaitMs),
        maxWaitAt: now + this.options.maxWaitMs,
        start: (lease) => {
          ticket.signal.removeEventListener("abort", leave);
          resolve(lease);
        },
        fail: (reason) => {
          ticket.signal.removeEventListener("abort", leave);
          reject(reason);
        },
      };
      const full = this.#queue.push(waiting, ticket.accepted !== true);
      if (full === "lane") {
        return reject(new Refusal("queue_full", `too many requests wait for ${ticket.lane}`, retryAfter(expected)));
      }
      if (full === "total") return reject(new Refusal("overloaded", "too many requests wait", retryAfter(expected)));
      ticket.signal.addEventListener("abort", leave, { once: true });
      this.pump();
    });
  }

  /** Seconds until a request that arrives now would start, by the recent rate; 0 while slots are free. */
  expectedWaitSeconds(): number {
    const slots = Math.max(1, this.ports.capacity().slots);
    const ahead = this.#queue.size + this.#total - slots;
    return this.#served < 20 || ahead < 0 ? 0 : (ahead / slots) * this.#serviceSeconds;
  }

  /** Starts whatever can start. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#queue.size > 0 && this.#hasRoom()) {
        const item = this.#queue.next(this.#now(), (candidate) => this.#readiness(candidate));
        if (!item || !this.#begin(item)) break;
      }
    } finally {
      this.#pumping = false;
    }
  }

  /**
   * Runs something while no request with an adapter is in flight: new ones wait, running ones finish first.
   * @param maxWaitMs Gives up after this time; nothing was harmed then.
   * @throws Error when the running requests did not finish in time
   */
  async quiet<Result>(work: () => Promise<Result>, maxWaitMs: number): Promise<Result> {
    this.#adaptersPaused++;
    try {
      if (this.#withAdapter > 0) await this.#untilQuiet(maxWaitMs);
      return await work();
    } finally {
      this.#adaptersPaused--;
      this.pump();
    }
  }

  /** Refuses everything that waits. */
  refuseAll(reason: Refusal): void {
    for (const item of this.#queue.items()) {
      this.#queue.remove(item);
      item.fail(reason);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #untilQuiet(maxWaitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#quiet = this.#quiet.filter((other) => other !== done);
        reject(new Error(`requests with adapters still ran after ${maxWaitMs} ms`));
      }, maxWaitMs);
      this.#quiet.push(done);
    });
  }

  #hasRoom(): boolean {
    if (!this.ports.engineUp() || this.#total >= this.ports.capacity().slots) return false;
    const { kvCacheUsage } = this.ports.stats();
    return this.#total === 0 || kvCacheUsage < (this.options.kvCeiling ?? defaultKvCeiling);
  }

  #readiness({ adapter }: Waiting): Readiness {
    const running = this.#running.get(adapter ?? "") ?? 0;
    if (adapter === undefined) return running < this.ports.capacity().slotsPerModel ? "now" : "wait";
    const access = this.ports.access(adapter);
    return this.#adaptersPaused > 0 || running >= this.ports.capacity().slotsPerModel ? "wait" : access;
  }

  /** @returns false when its adapter was not to be had after all */
  #begin(item: Waiting): boolean {
    const { adapter, lane, cost } = item;
    const engineName = adapter === undefined ? undefined : this.ports.acquire(adapter);
    if (adapter !== undefined && engineName === undefined) {
      this.#queue.charge(lane, -cost);
      this.#queue.push(item, false);
      return false;
    }
    const key = adapter ?? "";
    const startedAt = this.#now();
    this.#total++;
    if (adapter !== undefined) this.#withAdapter++;
    this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
    this.#runningIn.set(lane, this.runningIn(lane) + 1);
    let released = false;
    item.start({
      engineName,
      waitedMs: startedAt - item.enqueuedAt,
      release: (tokens) => {
        if (released) return;
        released = true;
        this.#runningIn.set(lane, this.runningIn(lane) - 1);
        this.#end(key, engineName, startedAt);
        this.#queue.charge(lane, tokens - cost);
        if (engineName !== undefined) this.ports.release(engineName, tokens);
        this.pump();
      },
    });
    return true;
  }

  #end(key: string, engineName: string | undefined, startedAt: number): void {
    this.#total--;
    const left = (this.#running.get(key) ?? 1) - 1;
    if (left === 0) this.#running.delete(key);
    else this.#running.set(key, left);
    const seconds = (this.#now() - startedAt) / 1000;
    this.#served++;
    this.#serviceSeconds += (seconds - this.#serviceSeconds) * Math.max(0.02, 1 / this.#served);
    if (engineName === undefined) return;
    this.#withAdapter--;
    if (this.#withAdapter > 0) return;
    const waiters = this.#quiet;
    this.#quiet = [];
    for (const waiter of waiters) waiter();
  }

  /** Requests whose adapter could not be loaded learn of it at once, so that they can go on without it. */
  #dropUnavailable(): void {
    for (const item of this.#queue.items()) {
      const reason = item.adapter === undefined ? undefined : this.ports.unavailable(item.adapter);
      if (reason !== undefined && this.#queue.remove(item)) item.fail(new AdapterUnavailable(reason));
    }
  }

  #tick(): void {
    const now = this.#now();
    for (const item of this.#queue.expire(now)) {
      const wait = retryAfter(this.expectedWaitSeconds());
      item.fail(
        now >= item.maxWaitAt
          ? new Refusal("queue_timeout", `no slot within ${Math.round(this.options.maxWaitMs / 1000)} s`, wait)
          : new Refusal("deadline_exceeded", "the deadline passed while the request waited", wait),
      );
    }
    this.#dropUnavailable();
    if (this.#adaptersPaused === 0 && this.ports.engineUp()) {
      const starving = this.#queue.starving(now, (item) => this.#readiness(item));
      if (starving?.adapter !== undefined) this.ports.claim(starving.adapter);
    }
    this.pump();
  }
}

/** Whole seconds for `Retry-After`: at least 1, at most a minute. */
export function retryAfter(seconds: number): number {
  return Math.min(60, Math.max(1, Math.ceil(seconds)));
}
