import * as engine from "../../../runtime/database/postgres";
import { rules } from "./rules";
import type { Database } from "./types";
import { refusingUnknownWorlds } from "./unknown-world";

/** Opens the story memory on PostgreSQL. */
export function openPostgres(options: engine.PostgresOptions): Database {
  return refusingUnknownWorlds(engine.openPostgres(options, rules));
}
