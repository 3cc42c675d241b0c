/** A value as both engines take it: vectors as their text, JSON as its text, bytes as a Buffer. */
export type SqlValue =
  | string
  | number
  | boolean
  | null
  | Date
  | Uint8Array
  | readonly (string | number | boolean | null)[];

export interface QueryResult<Row> {
  readonly rows: Row[];
  /** Rows that a write touched, or rows returned. */
  readonly count: number;
}

/** What a piece of work sees of the database: statements with `$1` parameters inside its own transaction. */
export interface Session {
  query<Row = Record<string, unknown>>(text: string, values?: readonly SqlValue[]): Promise<QueryResult<Row>>;
}

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

/** One database, whichever engine runs it. */
export interface Database {
  readonly engine: "postgres" | "embedded";
  /**
   * Runs work in a transaction as the application's role with the scope set; commits when it returns, rolls back when it throws.
   * @throws DatabaseUnavailable when no connection can be had
   */
  transaction<T>(scope: Scope, work: (session: Session) => Promise<T>): Promise<T>;
  /** Runs statements as the connection's own role outside a transaction: migrations and checks. */
  asOwner<T>(work: (session: OwnerSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface OwnerSession extends Session {
  /** Several statements without parameters. */
  script(text: string): Promise<void>;
}

/** The database cannot be reached now; the request may be tried again. */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";
}

/** The SQLSTATE of an error of either engine. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

export const sqlStates = {
  uniqueViolation: "23505",
  foreignKeyViolation: "23503",
  checkViolation: "23514",
  insufficientPrivilege: "42501",
  deadlock: "40P01",
  serializationFailure: "40001",
} as const;
