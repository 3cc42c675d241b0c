/** What a source can say of a GPU at one moment. A value that was not available is absent, never zero. */
export interface GpuValues {
  /** Percent of time in which any kernel ran, 0-100 (NVML, DCGM field 203). */
  utilization?: number;
  memoryCopyUtilization?: number;
  fbTotalMiB?: number;
  fbFreeMiB?: number;
  fbUsedMiB?: number;
  fbReservedMiB?: number;
  temperatureC?: number;
  powerW?: number;
  smClockMhz?: number;
  memoryClockMhz?: number;
  /** Bits of nvmlClocksEventReasons; see throttle.ts. */
  throttleReasons?: number;
  /** Last XID that the driver reported; stays until another comes. */
  xid?: number;
  /** Volatile counts since the driver was loaded. */
  eccCorrected?: number;
  eccUncorrected?: number;
  remappedUncorrectable?: number;
  remappedCorrectable?: number;
  /** 1 when a row could not be remapped. */
  remapFailed?: number;
  /** 1 when a remap waits for a reset of the GPU. */
  remapPending?: number;
  /** Profiling counters, 0-1. */
  graphicsActive?: number;
  smActive?: number;
  tensorActive?: number;
  dramActive?: number;
}

/** `gpu` is a whole GPU; `gpu-instance` a MIG slice, which counts only where its GPU has no value of its own. */
export type EntityKind = "gpu" | "gpu-instance";

export interface GpuReading {
  readonly kind: EntityKind;
  /** Index of the GPU, or id of the MIG instance. */
  readonly index: number;
  readonly uuid?: string;
  readonly values: GpuValues;
  /** What the driver asks for (`gpu_recovery_action`, driver 590 and later); `None` is healthy. */
  readonly recoveryAction?: string;
}

/** All GPUs at one moment, stamped when the first of them was read. */
export interface GpuBatch {
  readonly readings: readonly GpuReading[];
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** Share of the usable framebuffer that is in use, 0-100: used / (total - reserved), as DCGM field 254 counts it. */
export function framebufferUsedPercent(values: GpuValues): number | undefined {
  const { fbUsedMiB: used, fbFreeMiB: free, fbTotalMiB: total, fbReservedMiB: reserved } = values;
  if (used === undefined) return undefined;
  const usable = total !== undefined ? total - (reserved ?? 0) : free !== undefined ? used + free : undefined;
  if (usable === undefined || usable <= 0 || used > usable) return undefined;
  return (100 * used) / usable;
}
