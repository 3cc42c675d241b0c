/**
 * A value as both engines take it: JSON as its text; bytes for a bytea, and for any other type in the binary format that the type's
 * receive function reads.
 */
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
  /**
   * As `query`, for a statement that is asked again and again: each connection parses it once and keeps it for good, so its text
   * must be one of few.
   */
  prepared<Row = Record<string, unknown>>(text: string, values: readonly SqlValue[]): Promise<QueryResult<Row>>;
}

/** What a service's database differs in, whichever engine runs it. */
export interface DatabaseRules<Scope> {
  /** Name that the server lists its connections under. */
  readonly applicationName: string;
  /** Statements that open a transaction of a scope, `BEGIN` first, in one round trip. */
  readonly opening: (scope: Scope) => string;
  /** Milliseconds after which a statement is cancelled on a server. @default 30000 */
  readonly statementMs?: number;
  /** True for a scope whose statements may take as long as they need. @default never */
  readonly unbounded?: (scope: Scope) => boolean;
}

/** One database, whichever engine runs it. */
export interface Database<Scope> {
  readonly engine: "postgres" | "embedded";
  /**
   * Runs work in a transaction with the scope set; commits when it returns, rolls back when it throws.
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
