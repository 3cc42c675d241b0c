const leastMs = 250;

/** Tells listeners of changes, at most four times a second, the last one never left out. */
export class ChangeFeed {
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  readonly changed = (): void => {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#last = Date.now();
        for (const listener of this.#listeners) listener();
      },
      Math.max(0, this.#last + leastMs - Date.now()),
    );
  };

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }
}
