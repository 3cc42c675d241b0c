/** `half-open`: one probe is under way and decides. */
export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Milliseconds before a probe is let through. */
  readonly openMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Keeps requests from a tier that fails, and lets one through from time to time to see whether it still does. */
export class CircuitBreaker {
  #failures = 0;
  #openedAt: number | undefined;
  #probing = false;

  constructor(private readonly options: BreakerOptions) {}

  get state(): BreakerState {
    if (this.#openedAt === undefined) return "closed";
    return this.#probing ? "half-open" : "open";
  }

  /** True when {@link enter} would let a request through now. */
  get admits(): boolean {
    const { now, openMs } = this.options;
    return this.#openedAt === undefined || (!this.#probing && now() - this.#openedAt >= openMs);
  }

  /** Takes a place; each must be followed by one call of the function returned. False when the tier is not to be asked. */
  enter(): ((outcome: "success" | "failure" | "undecided") => void) | false {
    if (!this.admits) return false;
    const probe = this.#openedAt !== undefined;
    if (probe) this.#probing = true;
    return (outcome) => {
      if (probe) this.#probing = false;
      if (outcome === "success") this.#close();
      if (outcome === "failure") this.#fail(probe);
    };
  }

  #close(): void {
    this.#failures = 0;
    this.#openedAt = undefined;
  }

  #fail(probe: boolean): void {
    this.#failures += 1;
    if (probe || this.#failures >= this.options.failures) this.#openedAt = this.options.now();
  }
}
