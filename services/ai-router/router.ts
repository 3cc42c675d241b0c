import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { request } from "undici";
import { InputError } from "../../contracts/input-error";
import { closeServer } from "../../runtime/close-server";
import { listen } from "../../runtime/listen";
import type { Logger } from "../../runtime/logger";
import { RequestError } from "../../runtime/openai/errors";
import { whereSet } from "../../runtime/settings";
import { within } from "../../runtime/within";
import type { ActiveRequest } from "./api/generate";
import { createApiServer } from "./api/server";
import { textOfAnswer } from "./api/turns";
import { openCache } from "./cache";
import { hasDatabase, openRouterDatabase, type RouterDatabase } from "./database";
import { Callers } from "./keys/caller";
import { cacheCounters, databaseCounters } from "./keys/counters";
import { Limits } from "./keys/limits";
import { Conversations } from "./memory/conversations";
import { History } from "./memory/history";
import { RecentTurns, type Turn } from "./memory/recent";
import { SharedMemory } from "./memory/shared";
import { createMetrics } from "./observe/metrics";
import { MetricsPublisher } from "./observe/publisher";
import { prefix, type RouterOptions, settings } from "./options";
import { type ModelCard, Tier } from "./routing/tier";
import { migrate } from "./schema/migrate";

type Environment = Readonly<Record<string, string | undefined>>;

/** A router that answers. */
export interface Router {
  readonly port: number;
  readonly tiers: readonly Tier[];
  /** Keys and history; absent where there is no database. */
  readonly database: RouterDatabase | undefined;
  /** What replicas share; absent without REDIS_HOST. */
  readonly cache: Redis | undefined;
  /** Takes no new request once load balancers had their time to notice, lets those under way end within the drain time, closes everything. */
  stop(): Promise<void>;
}

/**
 * Starts the router: tiers, keys, memory and metrics as options and environment say. Resolves when it listens; whether a tier answers is
 * a matter of the requests.
 * @throws InputError for settings that cannot work, or when nobody could ever be let in
 */
export async function startRouter(
  options: RouterOptions,
  environment: Environment,
  logger: Logger,
  dataDir?: string,
): Promise<Router> {
  const database = await openDatabase(environment, dataDir);
  if (database === undefined && options.apiKey === undefined) {
    throw new InputError({
      path: "keys",
      given: undefined,
      allowed: "a database of keys, or the one key of the environment's services; without either nobody gets in",
      where: "DB_HOST, AI_ROUTER_DATA_DIR, --data-dir or API_KEY",
    });
  }
  const cache = await openCache(environment, logger).catch(async (error: unknown) => {
    await database?.close();
    throw error;
  });
  const tiers = options.tiers.map((address) => new Tier(address, options, () => performance.now()));
  const counters = cache ? cacheCounters(cache) : database && databaseCounters(database);
  const history = database && options.history === "on" ? new History(database, onHistoryFailure) : undefined;
  const metrics = createMetrics(tiers, history);
  const published = options.region !== undefined && tiers.some(({ group }) => group !== undefined);
  const publisher = published
    ? new MetricsPublisher(tiers, options.region!, options.metricsSeconds, logger)
    : undefined;
  const active = new Set<ActiveRequest>();
  const looks = lookAtModels();
  let leaving = false;
  let draining = false;

  const server = createApiServer({
    logger,
    options,
    tiers,
    callers: new Callers(database, options.apiKey),
    limits: new Limits(counters ?? { add: () => Promise.resolve(0) }, (error) =>
      logger.warn({ err: error }, "a limit could not be counted; the request is let through"),
    ),
    conversations: conversations(),
    metrics,
    publisher,
    active,
    draining: () => draining,
    models: () => looks.models(),
    notReady: () => (leaving ? "draining" : undefined),
  });
  const port = await listen(server, options, {
    host: { path: "host", where: whereSet(prefix, "host", settings.host) },
    port: { path: "port", where: whereSet(prefix, "port", settings.port) },
  }).catch(async (error: unknown) => {
    // What is open keeps the process alive.
    await close();
    throw error;
  });
  logger.info(
    {
      port,
      tiers: tiers.map(({ tier, url }) => `${tier} ${url}`),
      database: database?.engine ?? "none",
      cache: cache !== undefined,
    },
    "listening",
  );
  return { port, tiers, database, cache, stop };

  function conversations(): Conversations | undefined {
    if (options.memoryTurns === 0) return undefined;
    const shared = cache && options.cacheMemory === "on" ? new SharedMemory(cache) : undefined;
    return new Conversations({
      recent: new RecentTurns(options.memoryTurns, options.memoryNpcs, options.memoryMinutes * 60_000),
      turns: options.memoryTurns,
      shared,
      history,
      summarise: options.summaries === "on" ? (turns, before) => summarise(tiers, turns, before) : undefined,
      logger,
    });
  }

  function lookAtModels() {
    const seen = new Map<Tier, readonly ModelCard[]>();
    const look = () =>
      Promise.all(
        tiers.map((tier) =>
          tier.lookAtModels().then(
            (cards) => seen.set(tier, cards),
            () => undefined,
          ),
        ),
      );
    void look();
    const timer = setInterval(look, options.modelsSeconds * 1000).unref();
    return { models: () => [...seen.values()].flat(), end: () => clearInterval(timer) };
  }

  function onHistoryFailure(error: unknown, waiting: number): void {
    logger.warn({ err: error, waiting }, "history could not be written; it is tried again");
  }

  async function stop(): Promise<void> {
    leaving = true;
    // A timer of nothing would let requests in for another moment.
    if (options.leaveSeconds > 0) await sleep(options.leaveSeconds * 1000);
    draining = true;
    const giveUpAt = performance.now() + options.drainSeconds * 1000;
    while (active.size > 0 && performance.now() < giveUpAt) await sleep(20);
    for (const each of active) each.end(new RequestError(503, "This replica is stopping.", null, "draining"));
    await sleep(active.size > 0 ? 200 : 0);
    await closeServer(server);
    await close();
  }

  async function close(): Promise<void> {
    looks.end();
    await publisher?.close();
    // A database that hangs must not keep a replica from ending.
    await within(closeMs, Promise.resolve(history?.close())).catch(() => undefined);
    await Promise.all(tiers.map((tier) => tier.close()));
    cache?.disconnect();
    await within(closeMs, Promise.resolve(database?.close())).catch(() => undefined);
  }
}

/** The database, migrated where it is embedded: nobody else can use that. */
async function openDatabase(environment: Environment, dataDir?: string): Promise<RouterDatabase | undefined> {
  if (!hasDatabase(environment, dataDir)) return undefined;
  const database = await openRouterDatabase(environment, dataDir);
  try {
    if (database.engine === "embedded") await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Milliseconds that the last turns get to be written, and the database to be closed. */
const closeMs = 5_000;
/** Milliseconds that a summary may take; nobody waits for it. */
const summaryMs = 60_000;
const summaryTokens = 160;

/** Tells turns in a few sentences, by the base model of the last tier, behind everything that players wait for. */
async function summarise(tiers: readonly Tier[], turns: readonly Turn[], before: string | undefined): Promise<string> {
  const tier = tiers.at(-1)!;
  const told = turns.map(({ asked, answered }) => `Player: ${asked}\nCharacter: ${answered}`).join("\n");
  const content = `Sum up this conversation in 300 to 600 characters.${before === undefined ? "" : `\nBefore: ${before}`}\n${told}`;
  const { statusCode, body } = await request(`${tier.url}/v1/chat/completions`, {
    method: "POST",
    dispatcher: tier.agent,
    headers: { "content-type": "application/json", "x-priority": "low", "x-deadline-ms": String(summaryMs) },
    body: JSON.stringify({
      model: tier.nameOf("base"),
      max_tokens: summaryTokens,
      messages: [{ role: "user", content }],
    }),
  });
  const text = await body.text();
  // Too long for the model, as a rule.
  if (statusCode === 400 && turns.length > 1) return summarise(tiers, turns.slice(Math.ceil(turns.length / 2)), before);
  if (statusCode !== 200) throw new Error(`the tier answered ${statusCode}`);
  return textOfAnswer(text, false);
}
