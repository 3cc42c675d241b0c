/** `half-open`: one probe is under way and decides. */
export type BreakerState = "closed" | "open" | "half-open";

/** What came of asking: `silence` is a failure that was seen by nothing but its length. */
export type Verdict = "success" | "failure" | "silence" | "undecided";

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Milliseconds before a probe is let through. */
  readonly openMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Keeps requests from a tier that fails or is silent, and lets one through from time to time to see whether it still does. Silence is
 * judged by what callers have patience for: a tier that only some find too slow must not be closed to all, so where nothing else is left
 * it may still be asked.
 */
export class CircuitBreaker {
  #failures = 0;
  #openedAt: number | undefined;
  #silent = false;
  #probing = false;

  constructor(private readonly options: BreakerOptions) {}

  get state(): BreakerState {
    if (this.#openedAt === undefined) return "closed";
    return this.#probing ? "half-open" : "open";
  }

  /** True when a request may go there first. */
  get admits(): boolean {
    const { now, openMs } = this.options;
    return this.#openedAt === undefined || (!this.#probing && now() - this.#openedAt >= openMs);
  }

  /** True when it is open for silence alone: the tier may be asked when no other is left. */
  get silent(): boolean {
    return this.#openedAt !== undefined && this.#silent;
  }

  /** Takes a place; each must be followed by one call of the function returned. False when the tier is not to be asked. */
  enter(): ((verdict: Verdict) => void) | false {
    if (!this.admits && !this.silent) return false;
    const probe = this.#openedAt !== undefined && this.admits;
    if (probe) this.#probing = true;
    return (verdict) => {
      if (probe) this.#probing = false;
      if (verdict === "success") this.#close();
      if (verdict === "failure" || verdict === "silence") this.#fail(verdict, probe);
    };
  }

  #close(): void {
    this.#failures = 0;
    this.#openedAt = undefined;
  }

  #fail(verdict: "failure" | "silence", probe: boolean): void {
    this.#failures += 1;
    if (!probe && this.#failures < this.options.failures) return;
    this.#openedAt = this.options.now();
    this.#silent = verdict === "silence";
  }
}
