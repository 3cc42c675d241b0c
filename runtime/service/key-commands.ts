import type { Command } from "commander";
import { wholeNumber } from "../command-line";
import { openServiceDatabase, requireStored } from "./database";
import type { Service } from "./definition";
import { type ApiKey, type KeyKind, KeyStore, readExpiry } from "./keys";
import { dataDirOption } from "./program";
import { realSurroundings } from "./surroundings";

interface CreateFlags {
  readonly dataDir?: string;
  readonly rate: number;
  readonly expires?: string;
  readonly json: boolean;
  readonly [own: string]: unknown;
}

/** The database counts in 32 bits. */
const mostCounted = 2 ** 31 - 1;

/** keys create, list, revoke. */
export function addKeyCommands(program: Command, service: Service): void {
  const kind: KeyKind = { ...service.contract.keys, ...service.definition.keys };
  const scopesName = kind.scopesOption ?? "scopes";
  const keys = program.command("keys").description("API keys: create, list, revoke.");
  const defaults = (kind.defaultScopes ?? kind.scopes).join(",");

  const create = keys
    .command("create <name>")
    .description("Make a key; it is shown once.")
    .option(...dataDirOption)
    .option(`--${scopesName} <list>`, `any of ${kind.scopes.join(", ")}`, defaults)
    .option("--rate <number>", "requests per minute, over all replicas", wholeNumber("--rate", 1, mostCounted), 300)
    .option("--expires <time>", "ISO 8601 time after which the key is no longer valid")
    .option("--json", "print JSON", false)
    .action(async (name: string, flags: CreateFlags) => {
      // Wrong flags are told before a database is opened.
      const expiresAt = flags.expires === undefined ? null : readExpiry(flags.expires, Date.now());
      const own = Object.entries(kind.properties ?? {}).flatMap(([property, { option, parse }]) => {
        const given = flags[flagOf(option)] as string | undefined;
        return given === undefined ? [] : [[property, parse === undefined ? given : parse(given)] as const];
      });
      const made = await withKeys(service, kind, flags.dataDir, (store) =>
        store.create({
          name,
          scopes: [...new Set((flags[flagOf(`--${scopesName}`)] as string).split(",").map((scope) => scope.trim()))],
          requestsPerMinute: flags.rate,
          expiresAt,
          properties: Object.fromEntries(own),
        }),
      );
      process.stdout.write(flags.json ? `${JSON.stringify(printable(made, scopesName))}\n` : `${made.key}\n`);
    });
  for (const { option, text } of Object.values(kind.properties ?? {})) create.option(option, text);

  keys
    .command("list")
    .description("List keys without the keys themselves.")
    .option(...dataDirOption)
    .option("--json", "print JSON", false)
    .action(async ({ dataDir, json }: { dataDir?: string; json: boolean }) => {
      requireStored(service, process.env, dataDir);
      const list = await withKeys(service, kind, dataDir, (store) => store.list());
      const lines = list.map((key) => describe(key, kind));
      if (lines.length === 0) lines.push("no keys: only the environment's own services get in");
      const value = { keys: list.map((key) => printable(key, scopesName)) };
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines.join("\n")}\n`);
    });

  keys
    .command("revoke <name>")
    .description("End a key; running replicas forget it within half a minute.")
    .option(...dataDirOption)
    .option("--json", "print JSON", false)
    .action(async (name: string, { dataDir, json }: { dataDir?: string; json: boolean }) => {
      requireStored(service, process.env, dataDir);
      await withKeys(service, kind, dataDir, (store) => store.revoke(name));
      process.stdout.write(json ? `${JSON.stringify({ revoked: name })}\n` : `revoked ${name}\n`);
    });
}

async function withKeys<T>(
  service: Service,
  kind: KeyKind,
  dataDir: string | undefined,
  work: (store: KeyStore) => Promise<T>,
): Promise<T> {
  const database = (await openServiceDatabase(service, process.env, dataDir, "service"))!;
  try {
    return await work(new KeyStore(kind, (inside) => database.transaction(undefined, inside), realSurroundings));
  } finally {
    await database.close();
  }
}

/** One line of the list. */
function describe(key: ApiKey, kind: KeyKind): string {
  const own = Object.entries(kind.properties ?? {}).map(([name, { show }]) => show(key.properties[name] ?? null));
  return [`${key.name}: ${key.scopes.join(", ")}`, ...own, `${key.requestsPerMinute}/min${endOf(key)}`].join("; ");
}

/** How a key ends or has ended. */
function endOf({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt !== null) return "; revoked";
  if (expiresAt === null) return "";
  return `; ${expiresAt.getTime() <= Date.now() ? "expired" : "expires"} ${expiresAt.toISOString()}`;
}

/** The service's own properties beside the others, and scopes under the name that the service has for them. */
function printable<Key extends ApiKey>({ properties, scopes, ...rest }: Key, scopesName: string) {
  return { ...rest, [scopesName]: scopes, ...properties };
}

/** `--tokens-per-day <number>` is the flag tokensPerDay. */
function flagOf(option: string): string {
  const long = /--([\w-]+)/.exec(option)![1]!;
  return long.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
