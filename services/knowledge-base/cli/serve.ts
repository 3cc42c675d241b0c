import { isIP } from "node:net";
import { InputError } from "../../../contracts/input-error";
import { ports } from "../../../contracts/ports";
import { addressProblem } from "../../../runtime/listen";
import { createLogger } from "../../../runtime/logger";
import { listenSettings, readSettings, whereSet } from "../../../runtime/settings";
import { heedStopSignals } from "../../../runtime/stop-signal";
import { buildServer } from "../api/server";
import { everything } from "../database/types";
import { catchUp, needsRefill, refill } from "../index/maintenance";
import { forgetAnswers } from "../items/once";
import { openLibrary } from "../library";

type Environment = Readonly<Record<string, string | undefined>>;

/** Quiet time after the last write before the statistical embedder's drift is looked at, in milliseconds. */
const settleMs = 30_000;

/** Serves the API until SIGTERM or SIGINT; then requests in flight are finished, new ones refused. */
export async function serve(
  environment: Environment,
  options: { dataDir?: string; host?: string; port?: number },
): Promise<void> {
  const logger = createLogger("knowledge-base");
  const given = serverSettings(environment, options);
  const stop = heedStopSignals(logger);
  const { database, indexer, vector } = await openLibrary(environment, options.dataDir);
  if (vector?.advice !== undefined) logger.warn(vector.advice);

  let timer: NodeJS.Timeout | undefined;
  let upkeep: Promise<unknown> = Promise.resolve();
  const keepUp = async () => {
    const active = await indexer.active();
    await catchUp(indexer, active);
    await database.transaction(everything, forgetAnswers);
    if (await needsRefill(indexer, active)) {
      logger.info({ generation: active.id }, "indexing everything anew; the present index answers meanwhile");
      const next = await refill(indexer, { retrain: false });
      logger.info({ generation: next.id }, "the new index answers");
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      upkeep = keepUp().catch((error: unknown) =>
        logger.error({ err: error }, "upkeep failed; it is tried again after the next write"),
      );
    }, settleMs);
  };

  const app = await buildServer({ ...given, indexer, logger, wrote: soon });
  await app.listen({ host: given.host, port: given.port }).catch(async (error: NodeJS.ErrnoException) => {
    await database.close();
    throw addressProblem(error, given, {
      host: { path: "host", where: whereSet(prefix, "host", settings.host) },
      port: { path: "port", where: whereSet(prefix, "port", settings.port) },
    });
  });
  stop.serving();
  logger.info({ address: app.addresses()[0], engine: database.engine, embedder: indexer.choice.kind }, "listening");
  soon();

  await stop.wanted;
  clearTimeout(timer);
  await app.close();
  await upkeep;
  await database.close();
}

/** Where the API listens. */
const settings = listenSettings(ports.knowledgeBase);
const prefix = "KB";

/** Reads `settings`, KB_TRUSTED_PROXIES, KB_CORS_ORIGINS, KB_CURSOR_SECRET. @throws InputError */
export function serverSettings(environment: Environment, given: { host?: string; port?: number } = {}) {
  const list = (name: string) =>
    (environment[name] ?? "")
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  const trustedProxies = list("KB_TRUSTED_PROXIES");
  for (const network of trustedProxies) {
    const [address = "", bits, ...more] = network.split("/");
    const most = isIP(address) === 4 ? 32 : 128;
    const narrow = bits === undefined || (/^\d+$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most);
    if (isIP(address) === 0 || !narrow || more.length > 0) {
      throw new InputError({
        path: "KB_TRUSTED_PROXIES",
        given: network,
        allowed: "networks such as 10.0.0.0/24, between commas",
        where: "KB_TRUSTED_PROXIES",
      });
    }
  }
  const corsOrigins = list("KB_CORS_ORIGINS");
  for (const origin of corsOrigins) {
    if (!/^https?:\/\/[^/*\s]+$/.test(origin)) {
      throw new InputError({
        path: "KB_CORS_ORIGINS",
        given: origin,
        allowed: "origins such as https://example.com, between commas; no wildcard",
        where: "KB_CORS_ORIGINS",
      });
    }
  }
  return {
    ...readSettings(settings, prefix, given, environment),
    trustedProxies,
    corsOrigins,
    cursorSecret: environment.KB_CURSOR_SECRET || undefined,
  };
}
