import type { Logger } from "../../../runtime/logger";
import type { GpuBatch } from "../gpu/reading";
import type { RunningSource, Source, SourceName } from "./source";

export interface ManagerOptions {
  /** Best first. */
  readonly candidates: readonly Source[];
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly onBatch: (batch: GpuBatch, source: SourceName) => void;
  readonly onGpuLost: (text: string, source: SourceName) => void;
  /** Milliseconds in which a source must give its first batch. @default 10000 */
  readonly firstBatchMs?: number;
  /** Milliseconds before a failed source is tried again; doubles with every failure, up to sixteen times. @default 15000 */
  readonly retryMs?: number;
}

interface Attempt {
  readonly source: Source;
  run: RunningSource | undefined;
  /** Monotonic milliseconds of its first batch. */
  since: number | undefined;
  firstBatch: NodeJS.Timeout | undefined;
}

interface Standing {
  readonly failures: number;
  /** Failures since it last ran for long. */
  readonly inARow: number;
  readonly notBefore: number;
}

/** Milliseconds of running after which a failure counts as the first one again. */
const provenMs = 300_000;

/**
 * Keeps one source running: the best that works. A source that fails hands over to the next at once; a better one is tried again
 * beside the one in use and takes over with its first batch, so that returning costs no sample.
 */
export class SourceManager {
  private readonly standing = new Map<SourceName, Standing>();
  private active: Attempt | undefined;
  private trial: Attempt | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly retryMs: number;
  private readonly firstBatchMs: number;

  constructor(private readonly options: ManagerOptions) {
    this.retryMs = options.retryMs ?? 15_000;
    this.firstBatchMs = options.firstBatchMs ?? 10_000;
    for (const source of options.candidates) this.standing.set(source.name, { failures: 0, inARow: 0, notBefore: 0 });
  }

  /** The source whose batches are handed on; undefined while there is none. */
  current(): SourceName | undefined {
    return this.active?.source.name;
  }

  /** Failures of each source since the start. */
  failures(): ReadonlyMap<SourceName, number> {
    return new Map([...this.standing].map(([name, { failures }]) => [name, failures]));
  }

  start(): void {
    this.choose();
  }

  /** Ends the source in use and lets it, or the next one, start again. */
  restart(reason: string): void {
    const attempt = this.active;
    if (attempt === undefined) return;
    this.options.log.warn({ source: attempt.source.name, reason }, "restarting the source");
    this.active = undefined;
    void this.end(attempt).then(() => this.choose());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const running = [this.active, this.trial].filter((attempt) => attempt !== undefined);
    this.active = undefined;
    this.trial = undefined;
    await Promise.all(running.map((attempt) => this.end(attempt)));
  }

  /** Starts the best source that may be tried now, unless it is in use already. */
  private choose(): void {
    clearTimeout(this.timer);
    if (this.stopped || this.trial !== undefined) return;
    const { candidates, now } = this.options;
    const better = this.active === undefined ? candidates : candidates.slice(0, candidates.indexOf(this.active.source));
    const next = better.find((source) => this.mayTry(source, now()));
    if (next !== undefined) {
      this.tryOut(next);
      return;
    }
    const times = better.map((source) => this.standing.get(source.name)?.notBefore ?? 0);
    if (times.length === 0) return;
    const wait = Math.max(1000, Math.min(...times) - now());
    this.timer = setTimeout(() => this.choose(), wait);
    this.timer.unref();
  }

  private mayTry(source: Source, now: number): boolean {
    return (this.standing.get(source.name)?.notBefore ?? 0) <= now && !source.isStuck();
  }

  private tryOut(source: Source): void {
    const attempt: Attempt = { source, run: undefined, since: undefined, firstBatch: undefined };
    this.trial = attempt;
    attempt.firstBatch = setTimeout(
      () => this.fail(attempt, `no sample within ${this.firstBatchMs} ms`),
      this.firstBatchMs,
    );
    attempt.run = source.start({
      batch: (batch) => {
        if (attempt === this.trial) this.takeOver(attempt);
        if (attempt === this.active) this.options.onBatch(batch, source.name);
      },
      gpuLost: (text) => this.options.onGpuLost(text, source.name),
      failed: (reason) => this.fail(attempt, reason),
    });
  }

  private takeOver(attempt: Attempt): void {
    clearTimeout(attempt.firstBatch);
    const before = this.active;
    this.trial = undefined;
    this.active = attempt;
    attempt.since = this.options.now();
    this.options.log.info({ source: attempt.source.name, before: before?.source.name }, "reading GPUs");
    if (before !== undefined) void this.end(before);
    this.choose();
  }

  private fail(attempt: Attempt, reason: string): void {
    if (attempt !== this.active && attempt !== this.trial) return;
    const inUse = attempt === this.active;
    if (inUse) this.active = undefined;
    else this.trial = undefined;
    const now = this.options.now();
    const before = this.standing.get(attempt.source.name) ?? { failures: 0, inARow: 0, notBefore: 0 };
    const proven = attempt.since !== undefined && now - attempt.since >= provenMs;
    const inARow = proven ? 0 : before.inARow;
    const wait = this.retryMs * 2 ** Math.min(4, inARow);
    this.standing.set(attempt.source.name, {
      failures: before.failures + 1,
      inARow: inARow + 1,
      notBefore: now + wait,
    });
    this.options.log.warn({ source: attempt.source.name, reason, retryMs: wait }, "source failed");
    void this.end(attempt);
    this.choose();
  }

  private async end(attempt: Attempt): Promise<void> {
    clearTimeout(attempt.firstBatch);
    await attempt.run?.stop();
  }
}
