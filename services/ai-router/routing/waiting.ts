/**
 * Requests that wait for a tier without a node: those that are held, and those that were told to come again and have not had the
 * time to. Without the second kind the count would be zero at nearly every look, and the tier would never be woken.
 */
export class WaitingRequests {
  #held = 0;
  readonly #toldAt: number[] = [];

  /**
   * @param retryAfterMs How long one that was told to come again counts.
   * @param now Monotonic milliseconds.
   */
  constructor(
    private readonly retryAfterMs: number,
    private readonly now: () => number,
  ) {}

  /** Counts a request until the function returned is called. */
  hold(): () => void {
    this.#held += 1;
    return () => {
      this.#held -= 1;
    };
  }

  /** Counts a request that was told to come again. */
  tell(): void {
    this.#toldAt.push(this.now());
  }

  get count(): number {
    const since = this.now() - this.retryAfterMs;
    // At once: one by one takes seconds where a game's every request was told to come again.
    const late = this.#toldAt.findIndex((at) => at > since);
    this.#toldAt.splice(0, late === -1 ? this.#toldAt.length : late);
    return this.#held + this.#toldAt.length;
  }

  /** A node answers: nobody waits for one any more. */
  clear(): void {
    this.#toldAt.length = 0;
  }
}
