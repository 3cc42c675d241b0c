/**
 * Requests that found a tier without a node, each for the time after which it was told to come again. Without that time the count would
 * be zero at nearly every look, and the tier would never be woken.
 */
export class WaitingRequests {
  readonly #toldAt: number[] = [];

  /**
   * @param retryAfterMs How long one counts.
   * @param now Monotonic milliseconds.
   */
  constructor(
    readonly retryAfterMs: number,
    private readonly now: () => number,
  ) {}

  /** Counts a request. One that is held for longer than it counts is told of again. */
  tell(): void {
    this.#toldAt.push(this.now());
  }

  get count(): number {
    const since = this.now() - this.retryAfterMs;
    // At once: one by one takes seconds where a game's every request was told to come again.
    const late = this.#toldAt.findIndex((at) => at > since);
    this.#toldAt.splice(0, late === -1 ? this.#toldAt.length : late);
    return this.#toldAt.length;
  }

  /** A node answers: nobody waits for one any more. */
  clear(): void {
    this.#toldAt.length = 0;
  }
}
