import { InputError } from "../../../contracts/input-error";
import { requireStored } from "../../../runtime/service";
import type { KeyProperty } from "../../../runtime/service/keys";
import { stored } from "../database/storage";
import { type Database, insideWorld } from "../database/types";
import { NotFound } from "../items/errors";
import { getWorld } from "../items/worlds";
import { type Library, openLibrary } from "../library";

/**
 * Opens the memory for a command that only works on what is stored, and closes it after.
 * @throws InputError for a data folder that has none: the command must not make one.
 */
export async function withStoredLibrary<T>(
  dataDir: string | undefined,
  work: (library: Library) => Promise<T>,
): Promise<T> {
  requireStored(stored, process.env, dataDir);
  return withLibrary(dataDir, work);
}

/** Opens the memory for one command, making it where there is none, and closes it after. */
export async function withLibrary<T>(dataDir: string | undefined, work: (library: Library) => Promise<T>): Promise<T> {
  const library = await openLibrary(process.env, dataDir);
  try {
    return await work(library);
  } finally {
    await library.indexer.close();
    await library.database.close();
  }
}

/** @throws InputError for a text that is no id */
export function checkUuid(given: string, path: string): void {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(given)) return;
  throw new InputError({ path, given, allowed: "an id such as 0b0f4c3e-8a1d-4c57-9a53-3f2f6f1a7c10", where: path });
}

const someWorld = "the id of a world of this memory";

/** The world of a key. */
export const worldOption: KeyProperty = {
  column: "world_id",
  option: "--world <id>",
  text: "the one world that the key reaches beside the canon",
  parse(text) {
    checkUuid(text, "--world");
    return text;
  },
  show: (world) => (world === null ? "every world" : `world ${world}`),
  known: someWorld,
};

/** The refusal of a world that is not there. */
export const unknownWorld = (given: string) =>
  new InputError({ path: "world", given, allowed: someWorld, where: "--world" });

/** @throws InputError where `--world` names no world of this memory */
export async function checkWorld(database: Database, world: string | undefined): Promise<void> {
  if (world === undefined) return;
  checkUuid(world, "--world");
  await database
    .transaction(insideWorld(world), (session) => getWorld(session, world))
    .catch((error: unknown) => {
      throw error instanceof NotFound ? unknownWorld(world) : error;
    });
}
