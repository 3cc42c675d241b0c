/** Time as the publisher sees it; a test brings its own. */
export interface Clock {
  /** Milliseconds that never step. */
  mono(): number;
  /** Milliseconds since 1970, as the node believes. */
  wall(): number;
  /** Calls back once. @returns Cancels it. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  mono: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Finds steps of the wall clock against the monotonic one. Slewing, which moves it by under a second at a time, is no step. */
export class StepDetector {
  private offset: number;

  /** @param thresholdMs Least difference between two looks that counts as a step. @default 1000 */
  constructor(
    private readonly clock: Pick<Clock, "mono" | "wall">,
    private readonly thresholdMs = 1000,
  ) {
    this.offset = clock.wall() - clock.mono();
  }

  /** Milliseconds by which the wall clock was moved since the last look; 0 without a step. */
  look(): number {
    const offset = this.clock.wall() - this.clock.mono();
    const step = offset - this.offset;
    this.offset = offset;
    return Math.abs(step) >= this.thresholdMs ? step : 0;
  }
}
