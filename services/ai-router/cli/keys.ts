import type { Command } from "commander";
import { InputError } from "../../../contracts/input-error";
import { wholeNumber } from "../../../runtime/command-line";
import { openRouterDatabase, type RouterDatabase } from "../database";
import { type ApiKey, createKey, listKeys, revokeKey, type Scope, scopes } from "../keys/keys";
import { migrate } from "../schema/migrate";

interface CreateFlags {
  readonly dataDir?: string;
  readonly scopes: string;
  readonly rate: number;
  readonly tokensPerDay?: number;
  readonly expires?: string;
  readonly json: boolean;
}

/** The database counts in 32 bits. */
const mostCounted = 2 ** 31 - 1;

/** keys create, list, revoke. */
export function addKeyCommands(program: Command): void {
  const keys = program.command("keys").description("API keys: create, list, revoke.");
  const dataDir = ["--data-dir <folder>", "folder of the embedded database"] as const;

  keys
    .command("create <name>")
    .description("Make a key; it is shown once.")
    .option(...dataDir)
    .option("--scopes <list>", `any of ${scopes.join(", ")}`, scopes.join(","))
    .option("--rate <number>", "requests per minute, over all replicas", wholeNumber("--rate", 1, mostCounted), 300)
    .option(
      "--tokens-per-day <number>",
      "prompt and answer together, per UTC day (default: no budget)",
      wholeNumber("--tokens-per-day", 1, mostCounted),
    )
    .option("--expires <time>", "ISO 8601 time after which the key is no longer valid")
    .option("--json", "print JSON", false)
    .action(async (name: string, flags: CreateFlags) => {
      if (!/^[^\p{Cc}]{1,100}$/u.test(name)) {
        throw wrong("name", name, "1 to 100 characters, none of them a control character", "keys create");
      }
      const wanted = {
        name,
        scopes: readScopes(flags.scopes),
        requestsPerMinute: flags.rate,
        tokensPerDay: flags.tokensPerDay ?? null,
        expiresAt: flags.expires === undefined ? null : readTime(flags.expires),
      };
      const made = await withDatabase(flags.dataDir, (database) => createKey(database, wanted));
      process.stdout.write(flags.json ? `${JSON.stringify(made)}\n` : `${made.key}\n`);
    });

  keys
    .command("list")
    .description("List keys without the keys themselves.")
    .option(...dataDir)
    .option("--json", "print JSON", false)
    .action(async (flags: { dataDir?: string; json: boolean }) => {
      const list = await withDatabase(flags.dataDir, listKeys);
      const lines = list.map((key) => {
        const { name, scopes: allowed, requestsPerMinute, tokensPerDay } = key;
        const budget = tokensPerDay === null ? "no token budget" : `${tokensPerDay} tokens/day`;
        return `${name}: ${allowed.join(", ")}; ${requestsPerMinute}/min; ${budget}${endOf(key)}`;
      });
      if (lines.length === 0) lines.push("no keys: only the environment's own services get in");
      process.stdout.write(flags.json ? `${JSON.stringify({ keys: list })}\n` : `${lines.join("\n")}\n`);
    });

  keys
    .command("revoke <name>")
    .description("End a key; running replicas forget it within half a minute.")
    .option(...dataDir)
    .action(async (name: string, flags: { dataDir?: string }) => {
      await withDatabase(flags.dataDir, (database) => revokeKey(database, name));
      process.stdout.write(`revoked ${name}\n`);
    });
}

async function withDatabase<T>(
  dataDir: string | undefined,
  work: (database: RouterDatabase) => Promise<T>,
): Promise<T> {
  const database = await openRouterDatabase(process.env, dataDir);
  try {
    if (database.engine === "embedded") await migrate(database);
    return await work(database);
  } finally {
    await database.close();
  }
}

/** How a key ends or has ended, for the list. */
function endOf({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt !== null) return "; revoked";
  if (expiresAt === null) return "";
  return `; ${expiresAt.getTime() <= Date.now() ? "expired" : "expires"} ${expiresAt.toISOString()}`;
}

function readTime(text: string): string {
  const shaped = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const at = shaped ? Date.parse(text) : Number.NaN;
  if (at > Date.now()) return new Date(at).toISOString();
  throw wrong("expires", text, "a time to come, such as 2027-01-31 or 2027-01-31T12:00:00Z", "--expires");
}

function readScopes(text: string): Scope[] {
  const read = text.split(",").map((item) => {
    const found = scopes.find((scope) => scope === item.trim());
    if (found === undefined) throw wrong("scopes", item, scopes.join(", "), "--scopes");
    return found;
  });
  return [...new Set(read)];
}

function wrong(path: string, given: unknown, allowed: string, where: string): InputError {
  return new InputError({ path, given, allowed, where });
}
