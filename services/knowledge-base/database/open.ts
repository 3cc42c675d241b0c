import * as target from "../../../runtime/database/open";
import { embedded, rules } from "./rules";
import type { Database } from "./types";
import { refusingUnknownWorlds } from "./unknown-world";

type Environment = Readonly<Record<string, string | undefined>>;

const defaults = { database: "knowledge_base", user: "kb_app", directoryVariable: "KB_DATA_DIR" };

/** Reads which database the service works in. @throws InputError */
export function databaseTarget(environment: Environment, dataDir?: string): target.DatabaseTarget {
  return target.databaseTarget(environment, defaults, dataDir);
}

/** The same, signed in as the owner of the schema. @throws InputError */
export function migrationTarget(environment: Environment, dataDir?: string): target.DatabaseTarget {
  return target.migrationTarget(environment, defaults, dataDir);
}

/** Opens the story memory. */
export async function openDatabase(where: target.DatabaseTarget): Promise<Database> {
  return refusingUnknownWorlds(await target.openDatabase(where, rules, embedded));
}
