import { z } from "zod";
import { type GpuTier, gpuTiers } from "../../contracts/archetypes";
import { InputError } from "../../contracts/input-error";
import { answerSeconds } from "../../contracts/requests";
import type { aiRouter } from "../../contracts/services/ai-router";
import type { Environment, Kit } from "../../runtime/service";
import { count, type SettingValues, setting } from "../../runtime/settings";

/** Settings of the router beside those of every service: an option (`--hedge-ms 80`) and a variable (`AI_ROUTER_HEDGE_MS=80`). */
export const settings = {
  maxBodyBytes: setting(count(1_024, 64 * 1_048_576), 1_048_576, "bytes of a request body"),
  requestSeconds: setting(count(1, 3_600), answerSeconds, "seconds that a request may take"),
  firstByteSeconds: setting(
    count(1, 600).optional(),
    undefined,
    "seconds until the first byte of a tier's stream, after which another one is asked; of the catalogue's speeds when missing",
  ),
  idleSeconds: setting(
    count(1, 600).optional(),
    undefined,
    "seconds between two bytes of an answer, after which it is given up; of the catalogue's speeds when missing",
  ),
  slowness: setting(count(1, 1_000), 1, "how many times slower than the catalogue says the tiers' nodes are"),
  stallSeconds: setting(count(1, 3_600), 30, "seconds that a client may stop reading"),
  drainSeconds: setting(count(0, 115), 110, "seconds after SIGTERM that requests get to end"),
  breakerFailures: setting(count(1, 1_000), 5, "failures in a row that open a tier's circuit breaker"),
  breakerSeconds: setting(count(1, 3_600), 15, "seconds that an open breaker waits before it lets one probe through"),
  hedgeMs: setting(
    count(0, 60_000),
    0,
    "milliseconds without a byte after which the other tier is asked too; 0: never",
  ),
  wakeSeconds: setting(count(0, 300), 0, "seconds that a request waits for a tier without a node; 0: 503 at once"),
  retryAfterSeconds: setting(count(1, 3_600), 30, "Retry-After while a tier wakes; a boot takes minutes"),
  modelsSeconds: setting(count(1, 3_600), 30, "seconds between two looks at the models that a tier holds"),
  metricsSeconds: setting(
    z.coerce.number("10 or 60").pipe(z.literal([10, 60], "10 or 60")),
    10,
    "seconds of a CloudWatch window, 10 or 60",
  ),
  memoryTurns: setting(count(0, 100), 20, "last turns of a character kept in process; 0: no conversation memory"),
  memoryNpcs: setting(count(1, 100_000), 500, "characters remembered in process"),
  memoryMinutes: setting(count(1, 1_440), 30, "minutes that an idle character is remembered in process"),
  cacheMemory: setting(onOff(), "on", "turns and summaries in the cache, where REDIS_HOST is set: on or off"),
  summaries: setting(onOff(), "on", "a summary of a character's older turns, made by the model: on or off"),
  history: setting(onOff(), "on", "every turn to the database, where there is one: on or off"),
} as const;

export type RouterSettings = SettingValues<typeof settings>;
export type RouterKit = Kit<typeof aiRouter, RouterSettings>;

/** Where a tier answers. */
export interface TierAddress {
  readonly tier: GpuTier;
  readonly url: string;
  /** Auto Scaling group whose metrics the router publishes; none are published without. */
  readonly group: string | undefined;
}

/**
 * Reads the tiers from GOLD_URL, SILVER_URL and GOLD_GROUP, SILVER_GROUP.
 * @throws InputError that names the variable
 */
export function readTiers(environment: Environment): TierAddress[] {
  const tiers = gpuTiers.flatMap((tier) => tierAddress(tier, environment));
  if (tiers.length > 0) return tiers;
  throw new InputError({
    path: "tiers",
    given: undefined,
    allowed: "the address of one tier at least, http://HOST:PORT",
    where: "GOLD_URL or SILVER_URL",
  });
}

function tierAddress(tier: GpuTier, environment: Environment): TierAddress[] {
  const variable = `${tier.toUpperCase()}_URL`;
  const given = environment[variable];
  if (!given) return [];
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new InputError({ path: variable, given, allowed: "an address such as http://HOST:PORT", where: variable });
  }
  return [{ tier, url: url.origin, group: environment[`${tier.toUpperCase()}_GROUP`] || undefined }];
}

function onOff() {
  return z.enum(["on", "off"], "on or off");
}
