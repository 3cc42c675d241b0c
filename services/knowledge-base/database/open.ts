import * as target from "../../../runtime/database/open";
import { embedded, rules } from "./rules";
import { applicationRole } from "./scope";
import type { Database } from "./types";
import { refusingUnknownWorlds } from "./unknown-world";

type Environment = Readonly<Record<string, string | undefined>>;

/** KB_DATA_DIR comes before what all services share. */
const defaultsIn = (environment: Environment) => ({
  database: "knowledge_base",
  user: applicationRole,
  directoryVariable: environment.KB_DATA_DIR ? "KB_DATA_DIR" : "DATA_DIR",
});

/** Reads which database the service works in. @throws InputError */
export function databaseTarget(environment: Environment, dataDir?: string): target.DatabaseTarget {
  return target.databaseTarget(environment, defaultsIn(environment), dataDir);
}

/** The same, signed in as the owner of the schema. @throws InputError */
export function migrationTarget(environment: Environment, dataDir?: string): target.DatabaseTarget {
  return target.migrationTarget(environment, defaultsIn(environment), dataDir);
}

/** Opens the story memory. */
export async function openDatabase(where: target.DatabaseTarget): Promise<Database> {
  return refusingUnknownWorlds(await target.openDatabase(where, rules, embedded));
}
