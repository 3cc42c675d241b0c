import { databaseTarget, migrationTarget, openDatabase } from "../../runtime/database/open";
import type { Database, DatabaseRules, Session } from "../../runtime/database/types";
import { startDatabaseWorker } from "./workers";

/** The router's own database: keys, counts, history. It belongs to the router alone, so a transaction has no scope. */
export type RouterDatabase = Database<undefined>;

type Environment = Readonly<Record<string, string | undefined>>;

const defaults = { database: "ai_router", user: "ai_router", directoryVariable: "AI_ROUTER_DATA_DIR" };
const rules: DatabaseRules<undefined> = { applicationName: "ai-router", opening: () => "BEGIN" };

/** True when the environment or a directory names a database. */
export function hasDatabase(environment: Environment, dataDir?: string): boolean {
  return Boolean(dataDir || environment.DB_HOST || environment[defaults.directoryVariable]);
}

/**
 * Opens the database that the environment or a directory names.
 * @param as `owner` signs in as DB_OWNER, for migrations
 * @throws InputError for a wrong setting or a locked directory
 */
export function openRouterDatabase(
  environment: Environment,
  dataDir?: string,
  as: "service" | "owner" = "service",
): Promise<RouterDatabase> {
  const target = (as === "owner" ? migrationTarget : databaseTarget)(environment, defaults, dataDir);
  return openDatabase(target, rules, { startWorker: startDatabaseWorker });
}

/** Runs work in a transaction. */
export function inTransaction<T>(database: RouterDatabase, work: (session: Session) => Promise<T>): Promise<T> {
  return database.transaction(undefined, work);
}
