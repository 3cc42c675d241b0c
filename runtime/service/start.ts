import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Server } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { InputError } from "../../contracts/input-error";
import { variableStem } from "../../contracts/services/addresses";
import { closeServer, patientIdleMs } from "../close-server";
import { DatabaseUnavailable } from "../database/types";
import { listen } from "../listen";
import { createLogger, type Logger } from "../logger";
import { whereSet } from "../settings";
import { within } from "../within";
import { Callers } from "./callers";
import { clientOf } from "./client";
import { cursorCodec } from "./cursors";
import { namesDatabase, openServiceDatabase, requireMigrated } from "./database";
import type { Environment, Kit, Service, ServiceDatabase } from "./definition";
import { startEvents } from "./events";
import { forgetOldAnswers } from "./idempotency";
import { KeyStore, type Transaction } from "./keys";
import { type Counters, databaseCounters, Limits, localCounters } from "./limits";
import { createMetrics } from "./metrics";
import { openApiDocument } from "./openapi";
import { writeEvent } from "./outbox";
import { issuerSettings, playerTokens } from "./players";
import { problem } from "./problems";
import { buildServer } from "./server";
import { type KitSettings, ownKeyOf, prefixOf, readServiceSettings, settingsOf, variableOf } from "./settings";
import { every, realSurroundings, type Surroundings } from "./surroundings";
import { tracerOf } from "./tracing";

export interface StartOptions {
  /** Settings from the command line, by name. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** @default that of the process */
  readonly environment?: Environment;
  readonly dataDir?: string;
  readonly logger?: Logger;
  /** @default the real ones */
  readonly around?: Surroundings;
  /** Whether the process is the service's alone. @default true */
  readonly ownProcess?: boolean;
}

/** A service that answers. */
export interface RunningService {
  readonly port: number;
  readonly url: string;
  readonly kit: Kit;
  readonly state: unknown;
  /** Not ready, leave, drain, close in reverse order of opening. Called again, it waits for the same end. */
  stop(): Promise<void>;
}

/** Milliseconds that one thing gets to be closed: what hangs must not keep a replica from ending. */
const closeMs = 5_000;
/** Readiness asks the database at most this often, and waits for it no longer than this, in milliseconds. */
const readyForMs = 1_000;
const readyMs = 2_000;
const forgetMs = 600_000;

/**
 * Starts a service; resolves when it listens.
 * @throws InputError for settings that cannot work, a taken port, or where nobody could ever be let in; Error in one line for a database
 * that is away or behind
 */
export async function startService(service: Service, options: StartOptions = {}): Promise<RunningService> {
  const { contract, definition } = service;
  const { environment = process.env, given = {}, around = realSurroundings } = options;
  const settings = readServiceSettings(service, given, environment);
  const logger = options.logger ?? createLogger(contract.name);
  const closers: (() => Promise<void> | void)[] = [];
  const stopped = new AbortController();
  // Every request under way may listen.
  setMaxListeners(0, stopped.signal);
  let leaving = false;
  let draining = false;
  let serving = false;
  let wrote: () => void = () => undefined;
  let checked: { at: number; answer: Promise<string | undefined> } | undefined;
  let readyState: unknown;
  let readyGauge: Kit["metrics"]["ready"] | undefined;
  const begin: (() => void)[] = [];

  const close = async () => {
    for (const each of closers.splice(0).reverse()) {
      await within(closeMs, Promise.resolve().then(each)).catch((error: unknown) =>
        logger.warn({ err: error }, "something was not closed in time"),
      );
    }
  };
  try {
    return await start();
  } catch (error) {
    // What is open keeps the process alive.
    await close();
    throw error;
  }

  async function start(): Promise<RunningService> {
    const database = await openDatabase();
    const kit = makeKit(database);
    const state = await definition.open?.(kit as never);
    const { server, end } = await makeServer(kit, state);
    const open = trackOpen(server);
    const prefix = prefixOf(service);
    const all = settingsOf(service);
    const port = await listen(server, settings, {
      host: { path: "host", where: whereSet(prefix, "host", all.host!) },
      port: { path: "port", where: whereSet(prefix, "port", all.port!) },
    });
    serving = true;
    for (const each of begin.splice(0)) each();
    const events = startEvents({ service, kit, state });
    kit.onClose(events.stop);
    wrote = events.wake;
    if (database !== undefined) {
      kit.every("old answers", forgetMs, () => forgetOldAnswers((work) => database.transaction(undefined, work)));
    }
    const { host } = settings;
    logger.info({ port, host, database: database?.engine ?? "none" }, "listening");
    let ended: Promise<void> | undefined;
    const url = `http://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;
    return { port, url, kit, state, stop: () => (ended ??= stop(server, open, events.stopHearing, end)) };
  }

  async function openDatabase(): Promise<ServiceDatabase | undefined> {
    if (definition.databaseOptional && !namesDatabase(service, environment, options.dataDir)) return undefined;
    const database = await openServiceDatabase(service, environment, options.dataDir, "service");
    if (database === undefined) return undefined;
    closers.push(() => database.close());
    await requireMigrated(service, database, environment);
    return database;
  }

  function makeKit(database: ServiceDatabase | undefined): Kit {
    const missing = () => Promise.reject(new Error(`${contract.name} has no database`));
    const ownKey = ownKeyOf(environment);
    const issuer = issuerSettings(environment);
    if (database === undefined && ownKey === undefined && issuer === undefined && needsCallers(service)) {
      throw new InputError({
        path: "keys",
        given: undefined,
        allowed: "the key that callers send, an issuer of tokens, or a database of keys; without one nobody gets in",
        where: contract.database ? "API_KEY, PLAYER_ISSUER, DB_HOST or --data-dir" : "API_KEY or PLAYER_ISSUER",
      });
    }
    const transaction: Transaction = (work) =>
      database === undefined ? missing() : database.transaction(undefined, work);
    const keys = new KeyStore({ ...contract.keys, ...definition.keys }, transaction, around);
    const metrics = createMetrics(options.ownProcess ?? true);
    const kit: Kit = {
      contract,
      environment,
      settings,
      logger,
      around,
      clients: makeClients(),
      database: database ?? {
        engine: "postgres",
        transaction: missing,
        asOwner: missing,
        close: async () => undefined,
      },
      hasDatabase: database !== undefined,
      keys,
      callers: new Callers({
        keys: database === undefined ? undefined : keys,
        ownKey,
        scopes: contract.keys.scopes,
        players: issuer && playerTokens(issuer, around),
        now: around.clock.now,
      }),
      limits: undefined as unknown as Limits,
      counters: undefined as unknown as Counters,
      metrics,
      cursors: cursorCodec(variableOf(service, environment, "CURSOR_SECRET") ?? ownKey ?? randomUUID()),
      traced: tracerOf(contract.name),
      notReady: () => notReady(database),
      get draining() {
        return draining;
      },
      stopped: stopped.signal,
      onClose: (work) => void closers.push(work),
      every: (name, milliseconds, work) => repeat(name, milliseconds, work),
      emit: (session, event) => writeEvent(session, contract.name, around, event),
    };
    const counters =
      definition.counters?.(kit) ?? (database === undefined ? localCounters() : databaseCounters(transaction));
    const onUnreachable = (error: unknown) =>
      logger.warn({ err: error }, "a limit could not be counted; the request is let through");
    return Object.assign(kit, { counters, limits: new Limits(counters, onUnreachable, around.clock) });
  }

  function repeat(name: string, milliseconds: number, work: () => Promise<void>): void {
    const run = () => {
      const cancel = every(around, milliseconds, () =>
        work().catch((error: unknown) =>
          logger.error({ err: error, work: name }, "work failed; it is done again later"),
        ),
      );
      closers.push(cancel);
    };
    if (serving) run();
    else begin.push(run);
  }

  function makeClients(): Readonly<Record<string, unknown>> {
    const entries = Object.entries((definition.calls ?? {}) as Readonly<Record<string, Service["contract"]>>);
    return Object.fromEntries(
      entries.map(([name, callee]) => {
        const variable = `${variableStem(callee.name)}_URL`;
        const url = environment[variable] ?? "";
        if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
          const allowed = `the address of ${callee.name}, such as http://HOST:PORT`;
          throw new InputError({ path: variable, given: environment[variable], allowed, where: variable });
        }
        const key = environment[`${variableStem(callee.name)}_API_KEY`] || undefined;
        return [name, clientOf(callee, { url, key, around })];
      }),
    );
  }

  async function notReady(database: ServiceDatabase | undefined): Promise<string | undefined> {
    if (leaving) return "draining";
    const now = around.clock.monotonic();
    if (checked === undefined || now - checked.at >= readyForMs) {
      const ask = async () => {
        if (database !== undefined && !definition.databaseOptional)
          await database.transaction(undefined, (session) => session.query("SELECT 1"));
        return definition.notReady?.(readyState) as Promise<string | undefined>;
      };
      const answer = within(readyMs, ask()).catch((error: unknown) =>
        error instanceof DatabaseUnavailable ? "the database cannot be reached" : "the database is not answering",
      );
      checked = { at: now, answer };
    }
    const reason = await checked.answer;
    readyGauge?.set(reason === undefined ? 1 : 0);
    return reason;
  }

  async function makeServer(kit: Kit, state: unknown): Promise<{ server: Server; end: () => Promise<void> }> {
    readyState = state;
    readyGauge = kit.metrics.ready;
    const own = definition.server?.(state, kit as never);
    if (own !== undefined) return { server: own, end: async () => undefined };
    const document = definition.openapi ?? (() => openApiDocument(contract));
    const app = await buildServer({
      service,
      kit,
      state,
      settings: settings as KitSettings,
      environment,
      document,
      wrote: () => wrote(),
    });
    return { server: app.server, end: () => app.close() };
  }

  async function stop(
    server: Server,
    open: { readonly count: number },
    stopHearing: () => Promise<void>,
    end: () => Promise<void>,
  ): Promise<void> {
    leaving = true;
    // A timer of nothing would let requests in for another moment.
    if (settings.leaveSeconds > 0) await wait(settings.leaveSeconds * 1000);
    draining = true;
    const heard = stopHearing();
    const giveUpAt = performance.now() + settings.drainSeconds * 1000;
    while (open.count > 0 && performance.now() < giveUpAt) await wait(20);
    stopped.abort(problem("draining", "this replica is stopping"));
    if (open.count > 0) await wait(200);
    await within(closeMs, heard).catch(() => undefined);
    await closeServer(server, options.ownProcess === false ? undefined : patientIdleMs);
    await end();
    await close();
  }
}

/** Counts answers that are under way. */
function trackOpen(server: Server): { readonly count: number } {
  const open = { count: 0 };
  server.on("request", (_request, response) => {
    open.count += 1;
    response.once("close", () => {
      open.count -= 1;
    });
  });
  return open;
}

/** False where every route is open to anyone. */
function needsCallers({ contract }: Service): boolean {
  return Object.values(contract.routes).some(({ who }) => !who.includes("anyone"));
}
