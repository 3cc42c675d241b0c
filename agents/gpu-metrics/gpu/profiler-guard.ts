import type { GpuReading } from "./reading";

export interface GuardVerdict {
  /** GPUs whose profiling counters are not to be believed in this sample; field 203 counts for them. */
  readonly stale: ReadonlySet<number>;
  /** True once when the watch is to be restarted. */
  readonly restart: boolean;
}

/** Utilisation in percent above which a graphics engine that was never active cannot be true. */
const busy = 50;

/**
 * Finds profiling counters that stand still at zero: after XID 31 DCGM shows a busy GPU whose graphics engine was never active,
 * until the watch is set again (NVIDIA/DCGM issue 303).
 */
export class ProfilerGuard {
  private readonly since = new Map<number, number>();
  private readonly stale = new Set<number>();
  private lastRestart = Number.NEGATIVE_INFINITY;

  /**
   * @param staleMs Milliseconds of contradiction after which counters are stale. @default 30000
   * @param restartMs Least milliseconds between two restarts: one that did not help is not worth repeating. @default 600000
   */
  constructor(
    private readonly staleMs = 30_000,
    private readonly restartMs = 600_000,
  ) {}

  /** @param at Monotonic milliseconds of the readings. */
  observe(readings: readonly GpuReading[], at: number): GuardVerdict {
    let found = false;
    const contradicted = new Set<number>();
    for (const { kind, index, values } of readings) {
      if (kind !== "gpu" || values.utilization === undefined || values.graphicsActive === undefined) continue;
      if (values.graphicsActive > 0) this.stale.delete(index);
      if (values.utilization <= busy || values.graphicsActive > 0) {
        this.since.delete(index);
        continue;
      }
      // The sample itself is a contradiction, however long it lasts: it is not published as an idle GPU.
      contradicted.add(index);
      const since = this.since.get(index) ?? at;
      this.since.set(index, since);
      if (at - since < this.staleMs) continue;
      this.stale.add(index);
      found = true;
    }
    const restart = found && at - this.lastRestart >= this.restartMs;
    if (restart) this.lastRestart = at;
    return { stale: new Set([...this.stale, ...contradicted]), restart };
  }
}
