import type { Command } from "commander";
import { InputError } from "../../../contracts/input-error";
import { wholeNumber } from "../../../runtime/command-line";
import { createKey, listKeys, type Permission, permissions, revokeKey } from "../keys/keys";
import { checkWorld, withLibrary, withStoredLibrary } from "./library";
import { print } from "./output";

interface CreateFlags {
  dataDir?: string;
  permissions: string;
  world?: string;
  rate: number;
  expires?: string;
  json: boolean;
}

/** keys create, list, revoke. */
export function addKeyCommands(program: Command): void {
  const keys = program.command("keys").description("API keys: create, list, revoke.");

  keys
    .command("create <name>")
    .description("Make a key; it is shown once.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--permissions <list>", `any of ${permissions.join(", ")}`, "read")
    .option("--world <id>", "the one world that the key reaches beside the canon")
    .option("--rate <number>", "requests per minute", wholeNumber("--rate", 1), 300)
    .option("--expires <time>", "ISO 8601 time after which the key is no longer valid")
    .option("--json", "print JSON", false)
    .action(async (name: string, flags: CreateFlags) => {
      if (flags.expires !== undefined && Number.isNaN(Date.parse(flags.expires))) {
        throw new InputError({
          path: "expires",
          given: flags.expires,
          allowed: "an ISO 8601 time",
          where: "--expires",
        });
      }
      const made = await withLibrary(flags.dataDir, async ({ database }) => {
        await checkWorld(database, flags.world);
        return createKey(database, {
          name,
          permissions: readPermissions(flags.permissions),
          worldId: flags.world,
          requestsPerMinute: flags.rate,
          expiresAt: flags.expires,
        });
      });
      print(flags.json, made, () => [made.key]);
    });

  keys
    .command("list")
    .description("List keys without the keys themselves.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--json", "print JSON", false)
    .action(async ({ dataDir, json }: { dataDir?: string; json: boolean }) => {
      const list = await withStoredLibrary(dataDir, ({ database }) => listKeys(database));
      print(json, { keys: list }, () =>
        list.length === 0
          ? ["no keys: the API is closed"]
          : list.map(
              (key) =>
                `${key.name}: ${key.permissions.join(", ")}; ${key.worldId === null ? "every world" : `world ${key.worldId}`}; ${key.requestsPerMinute}/min${key.revokedAt === null ? "" : "; revoked"}`,
            ),
      );
    });

  keys
    .command("revoke <name>")
    .description("End a key at once.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--json", "print JSON", false)
    .action(async (name: string, { dataDir, json }: { dataDir?: string; json: boolean }) => {
      await withStoredLibrary(dataDir, ({ database }) => revokeKey(database, name));
      print(json, { revoked: name }, () => [`revoked ${name}`]);
    });
}

function readPermissions(text: string): Permission[] {
  return text.split(",").map((item) => {
    const found = permissions.find((permission) => permission === item.trim());
    if (found === undefined) {
      throw new InputError({
        path: "permissions",
        given: item,
        allowed: permissions.join(", "),
        where: "--permissions",
      });
    }
    return found;
  });
}
