import { within } from "../within";
import type { Transaction } from "./keys";
import { problem } from "./problems";
import type { Surroundings } from "./surroundings";

/** Counts that all replicas share, in windows of their own. */
export interface Counters {
  /**
   * Adds to a count and returns what it comes to in this window.
   * @param window Number of the window since 1970
   * @param seconds Length of a window
   */
  add(subject: string, bucket: string, amount: number, window: number, seconds: number): Promise<number>;
}

/** Milliseconds that the database may take to count; a request waits for it. */
const countMs = 1_000;

/** In the database, for all replicas. */
export function databaseCounters(transaction: Transaction): Counters {
  return {
    async add(subject, bucket, amount, window) {
      const counted = transaction((session) =>
        session.query<{ amount: number }>(
          `INSERT INTO counts AS c (subject, bucket, window_start, amount) VALUES ($1, $2, $3, $4)
           ON CONFLICT (subject, bucket) DO UPDATE SET
             amount = CASE WHEN c.window_start = EXCLUDED.window_start THEN c.amount + EXCLUDED.amount ELSE EXCLUDED.amount END,
             window_start = EXCLUDED.window_start
           RETURNING amount::float8 AS amount`,
          [subject, bucket, window, amount],
        ),
      );
      const { rows } = await within(countMs, counted);
      return rows[0]!.amount;
    },
  };
}

/** In this process alone, where there is no database. */
export function localCounters(): Counters {
  const counts = new Map<string, { window: number; amount: number }>();
  return {
    async add(subject, bucket, amount, window) {
      const key = `${bucket} ${subject}`;
      const known = counts.get(key);
      const total = (known?.window === window ? known.amount : 0) + amount;
      counts.set(key, { window, amount: total });
      if (counts.size > 100_000) for (const [each, { window: old }] of counts) if (old < window) counts.delete(each);
      return total;
    },
  };
}

/** Whom a request is counted for, and how many it may send. */
export interface Limited {
  readonly id: string;
  readonly bucket: string;
  readonly perMinute: number;
}

/** What a limit says of a request. */
export interface Verdict {
  readonly allowed: boolean;
  readonly limit: number;
  /** Requests that this replica still lets through without asking for more; others may have more. */
  readonly remaining: number;
  readonly resetSeconds: number;
}

interface Lease {
  readonly window: number;
  left: number;
  /** Requests of the minute as far as this replica knows, those of others included. */
  total: number;
  exhausted: boolean;
  /** The share that is being asked for. */
  taking?: Promise<void>;
}

const minute = 60;
/** A replica takes this share of a minute's requests at once, so that most requests wait for no counter. */
const leaseShare = 0.05;
/** Leases of minutes that have passed are dropped beyond this many. */
const mostLeases = 10_000;

/**
 * Requests per minute that hold across replicas: each takes requests from a shared count in small leases, so that the sum never goes
 * over the limit; what a replica leased and did not use is lost for that minute. A count that cannot be reached lets requests through,
 * and says so.
 */
export class Limits {
  readonly #leases = new Map<string, Lease>();

  constructor(
    private readonly counters: Counters,
    private readonly onUnreachable: (error: unknown) => void,
    private readonly clock: Surroundings["clock"],
  ) {}

  async admit(limited: Limited): Promise<Verdict> {
    const seconds = this.clock.now() / 1000;
    const window = Math.floor(seconds / minute);
    const key = `${limited.bucket} ${limited.id}`;
    let lease = this.#leases.get(key);
    if (lease?.window !== window) {
      lease = { window, left: 0, total: 0, exhausted: false };
      this.#forget(window);
      this.#leases.set(key, lease);
    }
    // Requests that come together share a share: one each would take the whole minute from the other replicas.
    while (lease.left === 0 && !lease.exhausted) {
      lease.taking ??= this.#take(limited, lease);
      await lease.taking;
    }
    const allowed = lease.left > 0;
    if (allowed) lease.left -= 1;
    const remaining = Math.max(0, limited.perMinute - lease.total) + lease.left;
    return { allowed, limit: limited.perMinute, remaining, resetSeconds: Math.ceil(minute - (seconds % minute)) };
  }

  async #take({ id, bucket, perMinute }: Limited, lease: Lease): Promise<void> {
    const size = Math.max(1, Math.ceil(perMinute * leaseShare));
    try {
      const total = await this.counters.add(id, bucket, size, lease.window, minute);
      const granted = Math.max(0, Math.min(size, perMinute - (total - size)));
      lease.left += granted;
      lease.total = Math.min(total, perMinute);
      lease.exhausted = granted === 0;
    } catch (error) {
      this.onUnreachable(error);
      lease.left += size;
    } finally {
      lease.taking = undefined;
    }
  }

  #forget(window: number): void {
    if (this.#leases.size < mostLeases) return;
    for (const [key, lease] of this.#leases) if (lease.window < window) this.#leases.delete(key);
  }
}

/** Headers that tell a caller its limit. Source: draft-ietf-httpapi-ratelimit-headers, the form before version 08. */
export function limitHeaders({ limit, remaining, resetSeconds }: Verdict): Record<string, string> {
  return {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(resetSeconds),
  };
}

/** @throws Problem 429 */
export function requireAllowed(verdict: Verdict): void {
  if (verdict.allowed) return;
  throw problem("too-many-requests", `more than ${verdict.limit} requests in this minute`, {
    headers: { ...limitHeaders(verdict), "retry-after": String(verdict.resetSeconds) },
  });
}
