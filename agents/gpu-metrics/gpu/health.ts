import type { GpuReading } from "./reading";
import { fatalXids, type XidEvent } from "./xid";

/** Why an instance is to be replaced. */
export interface Fault {
  /** Stable word: `xid-79`, `ecc-uncorrected`, `remap-failed`, `remap-pending`, `gpu-lost`, `recovery-action`. */
  readonly code: string;
  readonly detail: string;
}

export interface HealthOptions {
  /** Milliseconds for which a known GPU must be missing from the samples to count as lost. @default 10000 */
  readonly lostMs?: number;
  /** True where XIDs are counted from the kernel log; those that DCGM shows are then classified, not counted. */
  readonly countsKernelXids: () => boolean;
}

/** What the driver may ask for without the GPU being broken. */
const harmlessActions = new Set(["None", "N/A", "Drain P2P"]);

/**
 * Remembers what went wrong with the GPUs of the node. Faults stay: a GPU that came back after one is not trusted with players.
 * Errors are counted once each, from the moment the agent started; a fatal XID from before counts as a fault all the same.
 */
export class HealthTracker {
  private readonly found = new Map<string, Fault>();
  private readonly lastXid = new Map<number, number>();
  private readonly lastEcc = new Map<number, number>();
  private readonly remapFailed = new Set<number>();
  /** By source, since sources may show different GPUs: when each was seen. */
  private readonly lastSeen = new Map<string, Map<number, number>>();
  private errors = 0;

  constructor(private readonly options: HealthOptions) {}

  faults(): readonly Fault[] {
    return [...this.found.values()];
  }

  /** Errors since the last call: XIDs, uncorrectable ECC errors, failed row remaps. */
  takeErrors(): number {
    const errors = this.errors;
    this.errors = 0;
    return errors;
  }

  /** @param at Monotonic milliseconds of the readings. @param source Where they come from. */
  observe(readings: readonly GpuReading[], at: number, source: string): void {
    const seen = this.lastSeen.get(source) ?? new Map<number, number>();
    this.lastSeen.set(source, seen);
    for (const reading of readings) {
      if (reading.kind !== "gpu") continue;
      seen.set(reading.index, at);
      this.observeGpu(reading);
    }
    for (const [gpu, time] of seen) {
      if (at - time >= (this.options.lostMs ?? 10_000)) this.gpuLost(`GPU ${gpu} is missing from the samples`);
    }
  }

  /** An XID from the kernel log. @param isNew False for one from before the agent started. */
  kernelXid({ xid, pci, recoveryAction }: XidEvent, isNew: boolean): void {
    if (isNew) this.errors += 1;
    if (recoveryAction === undefined) this.classify(xid, pci);
    else this.recovery(recoveryAction, pci);
  }

  gpuLost(detail: string): void {
    if (!this.found.has("gpu-lost")) this.errors += 1;
    this.add("gpu-lost", detail);
  }

  /** Starts the clock of missing GPUs anew: a pause of the source is none of the GPU's. */
  sourceStarted(source: string, at: number): void {
    const seen = this.lastSeen.get(source);
    for (const gpu of seen?.keys() ?? []) seen?.set(gpu, at);
  }

  private observeGpu({ index, values, recoveryAction }: GpuReading): void {
    const { xid, eccUncorrected, remapFailed, remapPending } = values;
    const place = `GPU ${index}`;
    if (xid !== undefined && xid > 0) {
      const last = this.lastXid.get(index);
      // The value stays until another XID comes: the first one seen may be old.
      if (last !== undefined && last !== xid && !this.options.countsKernelXids()) this.errors += 1;
      this.classify(xid, place);
    }
    // Blank means that none has happened yet, so that the first one after it is new.
    if (xid !== undefined) this.lastXid.set(index, xid);
    else if (!this.lastXid.has(index)) this.lastXid.set(index, 0);
    if (eccUncorrected !== undefined) {
      const last = this.lastEcc.get(index) ?? eccUncorrected;
      this.errors += Math.max(0, eccUncorrected - last);
      this.lastEcc.set(index, eccUncorrected);
      if (eccUncorrected > 0) this.add("ecc-uncorrected", `${place}: ${eccUncorrected} uncorrectable ECC errors`);
    }
    if (remapFailed === 1) {
      if (!this.remapFailed.has(index)) this.errors += 1;
      this.remapFailed.add(index);
      this.add("remap-failed", `${place}: a row could not be remapped`);
    }
    if (remapPending === 1) this.add("remap-pending", `${place}: a row remap waits for a reset`);
    if (recoveryAction !== undefined) this.recovery(recoveryAction, place);
  }

  private recovery(action: string, place: string): void {
    if (!harmlessActions.has(action)) this.add("recovery-action", `${place}: the driver asks for ${action}`);
  }

  private classify(xid: number, place: string): void {
    const meaning = fatalXids.get(xid);
    if (meaning !== undefined) this.add(`xid-${xid}`, `${place}: XID ${xid}, ${meaning}`);
  }

  private add(code: string, detail: string): void {
    if (!this.found.has(code)) this.found.set(code, { code, detail });
  }
}
