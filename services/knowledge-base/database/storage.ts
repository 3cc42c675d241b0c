import { join } from "node:path";
import { knowledgeBase } from "../../../contracts/services/knowledge-base";
import { holdsDatabase } from "../../../runtime/database/folder";
import type { Database as AnyDatabase } from "../../../runtime/database/types";
import type { OwnDatabase, Service } from "../../../runtime/service";
import { kitMigrations, migrateService } from "../../../runtime/service/database";
import { databaseTarget, migrationTarget, openDatabase } from "./open";
import { applicationRole } from "./scope";
import { type Database, everything, type Scope } from "./types";

type Environment = Readonly<Record<string, string | undefined>>;

const ownDatabase: OwnDatabase = {
  // The kit's own work, on keys and counts, sees everything.
  async open(environment, dataDir, as) {
    return forKit(await openStored(environment, dataDir, as));
  },
  holds: holdsDatabase,
  role: applicationRole,
  // Each request says which world it sees.
  transactions: false,
};

/** Where the story memory is kept, as the kit of services takes it. */
export const storage = {
  program: "kb",
  prefix: "KB",
  migrations: join(__dirname, "..", "schema", "migrations"),
  ownDatabase,
} as const;

/** Its tables, then those of the kit. */
export const migrationFolders = [storage.migrations, kitMigrations] as const;

/** The service as far as its database is concerned. */
export const stored: Service = { contract: knowledgeBase, definition: storage };

/**
 * Opens the memory that the environment or a data directory names. The embedded engine is migrated at once, since nobody else can
 * use it; PostgreSQL is migrated by `migrate` alone.
 * @throws InputError for a wrong setting or a locked directory
 */
export async function openStored(
  environment: Environment,
  dataDir: string | undefined,
  as: "service" | "owner" = "service",
): Promise<Database> {
  const target = (as === "owner" ? migrationTarget : databaseTarget)(environment, dataDir);
  const database = await openDatabase(target);
  if (target.engine === "postgres") return database;
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Brings the schema up to date. @returns Names of the migrations that ran */
export const migrate = (database: Database): Promise<string[]> => migrateService(stored, forKit(database), process.env);

/** The memory for the kit, whose transactions name no scope. */
export function forKit(database: Database): AnyDatabase<Scope | undefined> {
  return { ...database, transaction: (scope, work) => database.transaction(scope ?? everything, work) };
}
