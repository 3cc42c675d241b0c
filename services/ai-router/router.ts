import type { Redis } from "ioredis";
import { cacheOf } from "./cache-counters";
import { TokenBudgets } from "./keys/budgets";
import { Conversations } from "./memory/conversations";
import { History } from "./memory/history";
import { RecentTurns } from "./memory/recent";
import { SharedMemory } from "./memory/shared";
import { summarise } from "./memory/summary";
import { createMetrics, type RouterMetrics } from "./observe/metrics";
import { MetricsPublisher } from "./observe/publisher";
import { type ModelCard, Tier } from "./routing/tier";
import { type RouterKit, readTiers } from "./settings";

/** What requests are answered with. */
export interface Router {
  readonly tiers: readonly Tier[];
  /** What replicas share; absent without REDIS_HOST. */
  readonly cache: Redis | undefined;
  readonly budgets: TokenBudgets;
  readonly conversations: Conversations | undefined;
  readonly metrics: RouterMetrics;
  readonly publisher: MetricsPublisher | undefined;
  /** Models of all tiers, as they were last seen. */
  readonly models: () => readonly ModelCard[];
}

/**
 * Opens tiers, memory and metrics as settings and environment say; whether a tier answers is a matter of the requests.
 * @throws InputError for settings that cannot work
 */
export async function openRouter(kit: RouterKit): Promise<Router> {
  const { settings, environment, logger } = kit;
  const addresses = readTiers(environment);
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || undefined;
  const cache = await cacheOf(kit);
  kit.onClose(() => cache?.disconnect());
  const tiers = addresses.map((address) => new Tier(address, settings, kit.around.clock.monotonic));
  kit.onClose(() => Promise.all(tiers.map((tier) => tier.close())).then(() => undefined));
  const history = openHistory(kit);
  const publisher =
    region !== undefined && tiers.some(({ group }) => group !== undefined)
      ? new MetricsPublisher(tiers, region, settings.metricsSeconds, logger)
      : undefined;
  kit.onClose(() => publisher?.close());
  logger.info({ tiers: tiers.map(({ tier, url }) => `${tier} ${url}`), cache: cache !== undefined }, "opened");
  return {
    tiers,
    cache,
    budgets: new TokenBudgets(
      kit.counters,
      (error) => logger.warn({ err: error }, "a budget could not be counted; the request is let through"),
      kit.around.clock.now,
    ),
    conversations: conversations(),
    metrics: createMetrics(kit.metrics.registry, tiers, history),
    publisher,
    models: lookAtModels(kit, tiers),
  };

  function conversations(): Conversations | undefined {
    const { memoryTurns, memoryNpcs, memoryMinutes, cacheMemory, summaries } = settings;
    if (memoryTurns === 0) return undefined;
    return new Conversations({
      recent: new RecentTurns(memoryTurns, memoryNpcs, memoryMinutes * 60_000),
      turns: memoryTurns,
      shared: cache && cacheMemory === "on" ? new SharedMemory(cache) : undefined,
      history,
      summarise: summaries === "on" ? (turns, before) => summarise(tiers, turns, before) : undefined,
      logger,
    });
  }
}

function openHistory(kit: RouterKit): History | undefined {
  if (!kit.hasDatabase || kit.settings.history === "off") return undefined;
  const history = new History(kit.database, (error, waiting) =>
    kit.logger.warn({ err: error, waiting }, "history could not be written; it is tried again"),
  );
  kit.onClose(() => history.close());
  return history;
}

function lookAtModels(kit: RouterKit, tiers: readonly Tier[]): () => readonly ModelCard[] {
  const seen = new Map<Tier, readonly ModelCard[]>();
  const look = async () => {
    const looks = tiers.map(async (tier) => seen.set(tier, await tier.lookAtModels()));
    await Promise.allSettled(looks);
  };
  void look();
  kit.every("look at models", kit.settings.modelsSeconds * 1000, look);
  return () => [...seen.values()].flat();
}
