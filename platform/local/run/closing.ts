/** How to end what has started, kept while the rest is still on its way up. */
export class Closing {
  readonly #closes: (() => Promise<unknown>)[] = [];

  /** @param signal Its abort ends the way up at the next thing that stands. */
  constructor(private readonly signal: AbortSignal) {}

  /**
   * Keeps how to end a thing that has just started.
   * @throws The signal's reason where it is aborted; the thing is ended all the same by the next `closeAll`.
   */
  push(close: () => Promise<unknown>): void {
    this.#closes.push(close);
    this.signal.throwIfAborted();
  }

  /** Ends all of them at once, each once; a failure keeps no other from its end. */
  async closeAll(): Promise<void> {
    await Promise.allSettled(this.#closes.splice(0).map((close) => close()));
  }
}
