/**
 * Bits of the clock event reasons (throttle reasons).
 * Source: nvml.h, nvmlClocksEventReasons.
 */
export const throttleBits = {
  idle: 0x1,
  powerCap: 0x4,
  hardwareSlowdown: 0x8,
  softwareThermal: 0x20,
  hardwareThermal: 0x40,
  powerBrake: 0x80,
} as const;

/** Reasons that no workload causes: the hardware protects itself. */
const hardwareMask = throttleBits.hardwareSlowdown | throttleBits.hardwareThermal | throttleBits.powerBrake;

/** Names of the bits that are set. */
export function throttleReasonNames(mask: number): string[] {
  return Object.entries(throttleBits)
    .filter(([, bit]) => (mask & bit) !== 0)
    .map(([name]) => name);
}

/** Says when a GPU has been held back by its hardware for a minute without a break. */
export class ThrottleWatch {
  private readonly since = new Map<number, number>();

  /** @param sustainedMs Milliseconds after which it counts. @default 60000 */
  constructor(private readonly sustainedMs = 60_000) {}

  /**
   * @param at Monotonic milliseconds.
   * @returns True while the slowdown is sustained.
   */
  observe(gpu: number, mask: number | undefined, at: number): boolean {
    if (mask === undefined || (mask & hardwareMask) === 0) {
      this.since.delete(gpu);
      return false;
    }
    const since = this.since.get(gpu) ?? at;
    this.since.set(gpu, since);
    return at - since >= this.sustainedMs;
  }
}
