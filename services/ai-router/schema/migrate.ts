import { join } from "node:path";
import * as migrations from "../../../runtime/database/migrate";
import type { RouterDatabase } from "../database";

const where = "AI_ROUTER_MIGRATIONS_DIR";

/** Brings the schema up to date; the migrations stand beside this file, or beside the bundle in the image. */
export function migrate(database: RouterDatabase): Promise<string[]> {
  return migrations.migrate(database, { dir: process.env[where] ?? join(__dirname, "migrations"), where });
}
