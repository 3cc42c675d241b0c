import type { Redis } from "ioredis";
import type { Counters, Kit } from "../../runtime/service";
import { openCache } from "./cache";

const opened = new WeakMap<Kit, Promise<Redis | undefined>>();

/** The cache that REDIS_HOST names, opened once. @throws InputError for a wrong setting */
export function cacheOf(kit: Kit): Promise<Redis | undefined> {
  let cache = opened.get(kit);
  if (cache === undefined) {
    cache = openCache(kit.environment, kit.logger);
    opened.set(kit, cache);
  }
  return cache;
}

/** Counts in the cache, under the service's own prefix; undefined without one. */
export function cacheCounters(kit: Kit): Counters | undefined {
  if (!kit.environment.REDIS_HOST) return undefined;
  return {
    async add(subject, bucket, amount, window, seconds) {
      const key = `count:${bucket}:${subject}:${window}`;
      const results = await (await cacheOf(kit))!
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
