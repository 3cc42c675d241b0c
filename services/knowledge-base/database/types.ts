import type { Database as AnyDatabase } from "../../../runtime/database/types";

export {
  DatabaseUnavailable,
  type OwnerSession,
  type QueryResult,
  type Session,
  type SqlValue,
  sqlState,
  sqlStates,
} from "../../../runtime/database/types";

/**
 * Whose rows a transaction sees. `world`: the global canon and that world; `canon`: the global canon only; `all`: every row,
 * for ingestion and keys that may administer. Row-level security enforces it in the database.
 */
export type Scope =
  | { readonly sees: "canon" }
  | { readonly sees: "world"; readonly worldId: string }
  | { readonly sees: "all" };

export const canon: Scope = { sees: "canon" };
export const everything: Scope = { sees: "all" };
export const insideWorld = (worldId: string): Scope => ({ sees: "world", worldId });

/** The story memory, whichever engine runs it. */
export type Database = AnyDatabase<Scope>;
