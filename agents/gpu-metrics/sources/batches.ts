import type { GpuBatch, GpuReading } from "../gpu/reading";

/**
 * Puts rows back together into moments. The children print no time stamps, but write all GPUs in one go: a row of a GPU that is
 * already there begins the next moment, and so does silence.
 */
export class BatchAssembler {
  private readings = new Map<string, GpuReading>();
  private at = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param quietMs Milliseconds without a row after which a moment is complete.
   * @param now Monotonic milliseconds.
   */
  constructor(
    private readonly emit: (batch: GpuBatch) => void,
    private readonly quietMs: number,
    private readonly now: () => number,
  ) {}

  add(reading: GpuReading): void {
    const key = `${reading.kind} ${reading.index}`;
    if (this.readings.has(key)) this.flush();
    if (this.readings.size === 0) {
      this.at = this.now();
      this.timer = setTimeout(() => this.flush(), this.quietMs);
      this.timer.unref();
    }
    this.readings.set(key, reading);
  }

  /** Hands on what there is. */
  flush(): void {
    clearTimeout(this.timer);
    if (this.readings.size === 0) return;
    const batch = { readings: [...this.readings.values()], at: this.at };
    this.readings = new Map();
    this.emit(batch);
  }

  discard(): void {
    clearTimeout(this.timer);
    this.readings.clear();
  }
}
