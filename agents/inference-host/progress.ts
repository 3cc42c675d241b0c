import { stallLimitMs } from "../../catalog/serving-limits";

export interface ProgressOptions {
  /** Milliseconds of silence that say nothing yet. */
  readonly leastMs: number;
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** One generation that the engine works on. */
export interface Generation {
  /** It has sent a token. */
  readonly token: () => void;
  readonly end: () => void;
}

/** A pause of this process between two looks is no silence of the engine: so much of it counts at most. */
const longestStepMs = 1_000;

/**
 * Tells an engine that hangs from one that works: it has generations in flight and shows no sign of progress, no token of any of them and
 * no movement of its own counters, for twice the time that it reads the longest of their prompts in. That time is measured when the
 * engine comes up, so that a slow engine gets as much longer as it needs.
 */
export class ProgressWatch {
  readonly #now: () => number;
  readonly #prompts = new Set<{ readonly tokens: number }>();
  #moved = false;
  #sign: number | undefined;
  #lookedAt: number;
  #silentMs = 0;
  #idleMs = 0;
  #measured = { tokens: 1, ms: 0 };

  constructor(private readonly options: ProgressOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#lookedAt = this.#now();
  }

  /** Milliseconds that generations have been in flight without progress. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** Milliseconds that nothing has been in flight. */
  get idleMs(): number {
    return this.#idleMs;
  }

  /** Milliseconds of silence after which the engine counts as hung. */
  get limitMs(): number {
    const longest = Math.max(0, ...[...this.#prompts].map(({ tokens }) => tokens));
    const { tokens, ms } = this.#measured;
    return stallLimitMs(ms * Math.max(1, longest / tokens), this.options.leastMs);
  }

  get hung(): boolean {
    return this.#silentMs > this.limitMs;
  }

  /** A new engine is up. @param measured Milliseconds that it took to read a prompt of so many tokens */
  restart(measured: { readonly tokens: number; readonly ms: number }): void {
    this.#measured = measured;
    this.#lookedAt = this.#now();
    this.#silentMs = this.#idleMs = 0;
  }

  begin(promptTokens: number): Generation {
    const prompt = { tokens: promptTokens };
    // The silence of others is not this one's, and what ends a quiet time begins a new one.
    if (this.#prompts.size === 0) this.#moved = true;
    this.#prompts.add(prompt);
    return {
      token: () => {
        this.#moved = true;
      },
      end: () => {
        this.#moved = true;
        this.#prompts.delete(prompt);
      },
    };
  }

  /**
   * To be called a few times a second.
   * @param sign A figure of the engine that changes whenever it works; undefined for an engine that has none
   */
  look(sign: number | undefined): void {
    const now = this.#now();
    const step = Math.min(longestStepMs, now - this.#lookedAt);
    this.#lookedAt = now;
    const moved = this.#moved || sign !== this.#sign;
    this.#moved = false;
    this.#sign = sign;
    const idle = this.#prompts.size === 0;
    this.#idleMs = idle ? this.#idleMs + step : 0;
    this.#silentMs = idle || moved ? 0 : this.#silentMs + step;
  }
}
