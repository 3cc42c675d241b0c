import type { Counters } from "./counters";

/** Whom a request is counted for. */
export interface Limited {
  readonly id: string;
  readonly requestsPerMinute: number;
  readonly tokensPerDay: number | null;
}

export type LimitVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly limit: "requests" | "tokens"; readonly retryAfterSeconds: number };

interface Lease {
  readonly window: number;
  left: number;
  exhausted: boolean;
  /** The share that is being asked for. */
  taking?: Promise<void>;
}

const minute = 60;
const day = 86_400;
/** A replica takes this share of a minute's requests at once, so that most requests wait for no counter. */
const leaseShare = 0.05;

/**
 * Limits per key that hold across replicas: each takes requests from a shared count in small leases, so that the sum never goes over
 * the limit; what a replica leased and did not use is lost for that minute. Tokens are counted when an answer has ended, so a
 * budget is overdrawn by at most what was under way. A count that cannot be reached lets requests through, and says so.
 */
export class Limits {
  readonly #leases = new Map<string, Lease>();
  readonly #tokens = new Map<string, { day: number; total: number }>();

  /** @param now Milliseconds since 1970. */
  constructor(
    private readonly counters: Counters,
    private readonly onUnreachable: (error: unknown) => void,
    private readonly now: () => number = Date.now,
  ) {}

  async admit(key: Limited): Promise<LimitVerdict> {
    const seconds = this.now() / 1000;
    if (key.tokensPerDay !== null && (await this.#spent(key.id, seconds)) >= key.tokensPerDay) {
      return { allowed: false, limit: "tokens", retryAfterSeconds: Math.ceil(day - (seconds % day)) };
    }
    const window = Math.floor(seconds / minute);
    let lease = this.#leases.get(key.id);
    if (lease?.window !== window) {
      lease = { window, left: 0, exhausted: false };
      this.#leases.set(key.id, lease);
    }
    // Requests that come together share a share: one each would take the whole minute from the other replicas.
    while (lease.left === 0 && !lease.exhausted) {
      lease.taking ??= this.#take(key, lease);
      await lease.taking;
    }
    if (lease.left > 0) {
      lease.left -= 1;
      return { allowed: true };
    }
    return { allowed: false, limit: "requests", retryAfterSeconds: Math.ceil(minute - (seconds % minute)) };
  }

  /** Counts what an answer cost. Never throws. */
  async spend({ id, tokensPerDay }: Limited, tokens: number): Promise<void> {
    if (tokensPerDay === null || tokens === 0) return;
    const today = Math.floor(this.now() / 1000 / day);
    try {
      this.#tokens.set(id, { day: today, total: await this.counters.add(id, "tokens", tokens, today, day) });
    } catch (error) {
      this.onUnreachable(error);
    }
  }

  async #take({ id, requestsPerMinute }: Limited, lease: Lease): Promise<void> {
    const size = Math.max(1, Math.ceil(requestsPerMinute * leaseShare));
    try {
      const total = await this.counters.add(id, "requests", size, lease.window, minute);
      const granted = Math.max(0, Math.min(size, requestsPerMinute - (total - size)));
      lease.left += granted;
      lease.exhausted = granted === 0;
    } catch (error) {
      this.onUnreachable(error);
      lease.left += size;
    } finally {
      lease.taking = undefined;
    }
  }

  async #spent(id: string, seconds: number): Promise<number> {
    const today = Math.floor(seconds / day);
    const known = this.#tokens.get(id);
    if (known?.day === today) return known.total;
    try {
      const total = await this.counters.add(id, "tokens", 0, today, day);
      this.#tokens.set(id, { day: today, total });
      return total;
    } catch (error) {
      this.onUnreachable(error);
      return 0;
    }
  }
}
