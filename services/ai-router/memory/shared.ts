import type { Redis } from "ioredis";
import type { Turn } from "./recent";

/** Turns of a character kept in the cache, for a day; its summary stays a month. Source: the product's memory tiers. */
const turnsKept = 100;
const turnsSeconds = 86_400;
const summarySeconds = 30 * 86_400;

/** What replicas share of a character. Every call fails when the cache is away; the caller goes on without. */
export class SharedMemory {
  constructor(private readonly cache: Redis) {}

  /** @param last Turns wanted, the newest. */
  async load(character: string, last: number): Promise<{ turns: Turn[]; summary: string | undefined }> {
    const [turns, summary] = await Promise.all([
      this.cache.lrange(`turns:${character}`, -last, -1),
      this.cache.get(`summary:${character}`),
    ]);
    return { turns: turns.map((text) => JSON.parse(text) as Turn), summary: summary ?? undefined };
  }

  async add(character: string, turn: Turn): Promise<void> {
    const key = `turns:${character}`;
    await this.cache
      .multi()
      .rpush(key, JSON.stringify(turn))
      .ltrim(key, -turnsKept, -1)
      .expire(key, turnsSeconds)
      .exec();
  }

  async summarise(character: string, summary: string): Promise<void> {
    await this.cache.set(`summary:${character}`, summary, "EX", summarySeconds);
  }
}
