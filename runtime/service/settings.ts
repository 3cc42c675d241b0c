import { isIP } from "node:net";
import { z } from "zod";
import { InputError } from "../../contracts/input-error";
import { variableStem } from "../../contracts/services/addresses";
import type { ServiceContract } from "../../contracts/services/define";
import { count, listenSettings, readSettings, type Setting, type SettingValues, setting } from "../settings";
import type { Environment, Service } from "./definition";

/** A setting that has the same variable in every service: `maxBodyBytes` is MAX_BODY_BYTES, after the service's own variable. */
function shared<Schema extends z.ZodType>(variable: string, made: Setting<Schema>) {
  return { ...made, shared: variable } as const;
}

/** Settings that every service has. */
export function kitSettings({ address }: Pick<ServiceContract, "address">) {
  return {
    ...listenSettings(address.port),
    maxBodyBytes: shared(
      "MAX_BODY_BYTES",
      setting(count(1_024, 64 * 1_048_576), 262_144, "bytes of a request body, where the route does not say"),
    ),
    addressRequestsPerMinute: shared(
      "ADDRESS_REQUESTS_PER_MINUTE",
      setting(count(1), 1_200, "requests per minute of one client address on one replica"),
    ),
    playerRequestsPerMinute: shared(
      "PLAYER_REQUESTS_PER_MINUTE",
      setting(count(1), 600, "requests per minute of one player, over all replicas"),
    ),
    trustedProxies: shared(
      "TRUSTED_PROXIES",
      setting(
        networks(),
        "",
        "networks whose X-Forwarded-For is believed, between commas: the load balancer's subnets",
      ),
    ),
    corsOrigins: shared("CORS_ORIGINS", setting(origins(), "", "origins that browsers may call from, between commas")),
    leaveSeconds: shared(
      "LEAVE_SECONDS",
      setting(
        count(0, 30),
        0,
        "seconds after SIGTERM in which requests are still taken, until load balancers send none",
      ),
    ),
    drainSeconds: shared("DRAIN_SECONDS", setting(count(0, 600), 20, "seconds that requests then get to end")),
    answerChecks: shared(
      "ANSWER_CHECKS",
      setting(
        z.enum(["strict", "log"], "strict or log"),
        process.env.NODE_ENV === "production" ? "log" : "strict",
        "an answer against the contract: strict makes it a 500, log logs it",
      ),
    ),
  } as const;
}

export type KitSettings = SettingValues<ReturnType<typeof kitSettings>>;

/** Prefix of a service's own variables. */
export const prefixOf = ({ contract, definition }: Service): string => definition.prefix ?? variableStem(contract.name);

/**
 * A variable of a service that is no setting: its own (`SERVICE_NAME_DATA_DIR`) comes before the one that all services share (`DATA_DIR`).
 * An empty one counts as left out.
 */
export function variableOf(service: Service, environment: Environment, name: string): string | undefined {
  return environment[`${prefixOf(service)}_${name}`] || environment[name] || undefined;
}

/** Every setting of a service: its own and those of the kit, which it may state anew with another default. */
export function settingsOf({ contract, definition }: Service): Readonly<Record<string, Setting>> {
  const all: Readonly<Record<string, Setting>> = kitSettings(contract);
  // A server of its own has limits per address and answers of its own.
  const kits = definition.server === undefined ? all : pick(all, ownServerSettings);
  const own = Object.entries((definition.settings ?? {}) as Readonly<Record<string, Setting>>);
  return { ...kits, ...Object.fromEntries(own.map(([name, made]) => [name, { shared: all[name]?.shared, ...made }])) };
}

const ownServerSettings = ["host", "port", "maxBodyBytes", "leaveSeconds", "drainSeconds"];

const pick = <Value>(from: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> =>
  Object.fromEntries(names.map((name) => [name, from[name]!]));

/** Reads settings from options, then variables, then defaults. @throws InputError that names the option or variable */
export function readServiceSettings(
  service: Service,
  given: Readonly<Record<string, unknown>>,
  environment: Environment,
): KitSettings & Readonly<Record<string, unknown>> {
  return readSettings(settingsOf(service), prefixOf(service), given, environment) as KitSettings &
    Readonly<Record<string, unknown>>;
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function networks() {
  const words = "networks such as 10.0.0.0/24, between commas";
  return z
    .string()
    .transform(list)
    .refine((items) => items.every(isNetwork), words);
}

/** A block that leaves at least one bit open would let every client say who it is. */
function isNetwork(network: string): boolean {
  const [address = "", bits, ...more] = network.split("/");
  const most = isIP(address) === 4 ? 32 : 128;
  const narrow = bits === undefined || (/^\d+$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most);
  return isIP(address) !== 0 && narrow && more.length === 0;
}

function origins() {
  const words = "origins such as https://play.example.com, between commas";
  const isOrigin = (item: string) => URL.canParse(item) && new URL(item).origin === item;
  return z
    .string()
    .transform(list)
    .refine((items) => items.every(isOrigin), words);
}

/** The key that callers of the environment send: API_KEY. @throws InputError for one that is too short to be a secret */
export function ownKeyOf(environment: Environment): string | undefined {
  const key = environment.API_KEY || undefined;
  if (key === undefined || key.length >= 6) return key;
  throw new InputError({ path: "API_KEY", given: "(not shown)", allowed: "6 characters at least", where: "API_KEY" });
}
