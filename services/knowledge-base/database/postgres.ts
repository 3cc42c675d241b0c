import * as engine from "../../../runtime/database/postgres";
import { rules } from "./rules";
import type { Database } from "./types";

/** Opens the story memory on PostgreSQL. */
export function openPostgres(options: engine.PostgresOptions): Database {
  return engine.openPostgres(options, rules);
}
