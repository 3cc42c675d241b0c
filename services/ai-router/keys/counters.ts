import type { Redis } from "ioredis";
import { within } from "../../../runtime/within";
import { inTransaction, type RouterDatabase } from "../database";

/** Counts that all replicas share, in windows of their own. */
export interface Counters {
  /**
   * Adds to a count and returns what it comes to in this window.
   * @param window Number of the window since 1970
   * @param seconds Length of a window
   */
  add(subject: string, bucket: string, amount: number, window: number, seconds: number): Promise<number>;
}

/** In the cache, under the service's own prefix. */
export function cacheCounters(cache: Redis): Counters {
  return {
    async add(subject, bucket, amount, window, seconds) {
      const key = `count:${bucket}:${subject}:${window}`;
      const results = await cache
        .multi()
        .incrby(key, amount)
        .expire(key, seconds * 2)
        .exec();
      const [error, total] = results?.[0] ?? [new Error("the cache gave no answer"), 0];
      if (error) throw error;
      return Number(total);
    },
  };
}

/** Milliseconds that the database may take to count; a request waits for it. */
const countMs = 1_000;

/** In the database, where there is no cache. */
export function databaseCounters(database: RouterDatabase): Counters {
  return {
    async add(subject, bucket, amount, window) {
      const counted = inTransaction(database, (session) =>
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
