import { join } from "node:path";
import * as migrations from "../../../runtime/database/migrate";
import type { Database } from "../database/types";

const where = "KB_MIGRATIONS_DIR";

/** Where the migrations stand: beside this file, or beside the bundle in the image. */
export function migrationsFolder(): string {
  return process.env[where] ?? join(__dirname, "migrations");
}

/** Brings the schema up to date. @returns Names of the migrations that ran */
export function migrate(database: Database): Promise<string[]> {
  return migrations.migrate(database, { dir: migrationsFolder(), where });
}
