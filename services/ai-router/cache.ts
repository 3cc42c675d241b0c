import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { SignatureV4 } from "@smithy/signature-v4";
import { Redis } from "ioredis";
import { InputError } from "../../contracts/input-error";
import { ports } from "../../contracts/ports";
import type { Logger } from "../../runtime/logger";
import { Sha256 } from "../../runtime/sha256";

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds that a command may take: the cache helps, and must never be waited for. */
const commandMs = 50;
/** ElastiCache takes a token for 15 minutes; a new one is signed before. */
const tokenSeconds = 900;
const renewMs = 600_000;

/**
 * Connects to the cache that REDIS_HOST names; undefined without one. REDIS_USERNAME with REDIS_CACHE_NAME signs in with an IAM
 * token, REDIS_PASSWORD with a password. It connects in the background and again after each loss; commands fail meanwhile.
 * @throws InputError for a wrong REDIS_PORT or REDIS_TLS
 */
export async function openCache(environment: Environment, logger: Logger): Promise<Redis | undefined> {
  const host = environment.REDIS_HOST;
  if (!host) return undefined;
  const port = Number(environment.REDIS_PORT || ports.valkey);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw wrong("REDIS_PORT", environment, "1 to 65535");
  const tls = environment.REDIS_TLS || "off";
  if (tls !== "on" && tls !== "off") throw wrong("REDIS_TLS", environment, "on or off");
  const username = environment.REDIS_USERNAME || undefined;
  const cacheName = environment.REDIS_CACHE_NAME || undefined;
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  const password = environment.REDIS_PASSWORD || undefined;
  const sign =
    password === undefined && username !== undefined && cacheName !== undefined && region !== undefined
      ? iamToken({ cacheName, username, region })
      : undefined;
  const redis = new Redis({
    host,
    port,
    username,
    password: password ?? (await sign?.()),
    ...(tls === "on" ? { tls: { servername: host } } : {}),
    keyPrefix: environment.REDIS_KEY_PREFIX ?? "",
    lazyConnect: true,
    enableOfflineQueue: false,
    // It asks with INFO, which the platform's users of the cache may not.
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandMs,
    connectTimeout: 2_000,
    retryStrategy: (tries) => Math.min(200 * 2 ** tries, 10_000),
  });
  let lost = false;
  redis.on("error", (error: Error) => {
    if (!lost) logger.warn({ err: error }, "the cache cannot be reached; going on without it");
    lost = true;
  });
  redis.on("ready", () => {
    if (lost) logger.info("the cache is there again");
    lost = false;
  });
  if (sign !== undefined) {
    const timer = setInterval(() => {
      sign().then(
        (token) => {
          redis.options.password = token;
        },
        (error: unknown) => logger.warn({ err: error }, "no token for the cache could be signed"),
      );
    }, renewMs).unref();
    redis.once("end", () => clearInterval(timer));
  }
  redis.connect().catch(() => undefined);
  return redis;
}

/** Signs what ElastiCache takes as a password: a presigned `connect` request without its scheme. Source: ElastiCache user guide, IAM. */
function iamToken(options: { cacheName: string; username: string; region: string }): () => Promise<string> {
  const signer = new SignatureV4({
    service: "elasticache",
    region: options.region,
    credentials: defaultProvider(),
    sha256: Sha256,
  });
  return async () => {
    const { query = {} } = await signer.presign(
      {
        method: "GET",
        protocol: "http:",
        hostname: options.cacheName,
        path: "/",
        headers: { host: options.cacheName },
        query: { Action: "connect", User: options.username },
      },
      { expiresIn: tokenSeconds },
    );
    return `${options.cacheName}/?${new URLSearchParams(query as Record<string, string>)}`;
  };
}

function wrong(name: string, environment: Environment, allowed: string): InputError {
  return new InputError({ path: name, given: environment[name], allowed, where: name });
}
