/**
 * Looks for stop strings in text that comes in pieces, and holds back what may become one.
 * `push` returns the text that is safe to send; after a stop was found `stopped` is true and nothing more comes.
 */
export class StopScanner {
  #held = "";
  stopped = false;

  constructor(private readonly stops: readonly string[]) {}

  push(text: string): string {
    if (this.stopped) return "";
    this.#held += text;
    const found = this.stops
      .map((stop) => this.#held.indexOf(stop))
      .filter((index) => index >= 0)
      .sort((a, b) => a - b)[0];
    if (found !== undefined) {
      this.stopped = true;
      const safe = this.#held.slice(0, found);
      this.#held = "";
      return safe;
    }
    const keep = this.#longestOpenEnd();
    const safe = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(this.#held.length - keep);
    return safe;
  }

  /** What was held back when the text ends without a stop. */
  flush(): string {
    const rest = this.stopped ? "" : this.#held;
    this.#held = "";
    return rest;
  }

  #longestOpenEnd(): number {
    const longest = Math.max(0, ...this.stops.map((stop) => stop.length - 1));
    for (let length = Math.min(longest, this.#held.length); length > 0; length--) {
      const end = this.#held.slice(this.#held.length - length);
      if (this.stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
