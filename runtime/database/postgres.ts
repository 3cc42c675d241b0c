import { createHash } from "node:crypto";
import pg from "pg";
import {
  type Database,
  type DatabaseRules,
  DatabaseUnavailable,
  type OwnerSession,
  type QueryResult,
  type Session,
} from "./types";

export interface PostgresOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** A password, or a function that signs a fresh token for each connection. */
  readonly password?: string | (() => Promise<string>);
  /** TLS is verified against the system's and the given authorities; `false` only for a socket or the loopback interface. */
  readonly tls: false | { readonly ca?: string };
  /** Connections at most. @default 10 */
  readonly poolSize?: number;
  /** A statement is cancelled after this many milliseconds. @default that of the rules */
  readonly statementTimeoutMs?: number;
}

/** Milliseconds beyond a statement's own limit after which its server counts as lost: as long again, and this at most. */
const lostMs = 5_000;

/** PostgreSQL by `pg`, one pool. */
export function openPostgres<Scope>(options: PostgresOptions, rules: DatabaseRules<Scope>): Database<Scope> {
  const statementMs = options.statementTimeoutMs ?? rules.statementMs ?? 30_000;
  // A server that is gone without a word, as in a failover, cancels nothing.
  const graceMs = Math.min(statementMs, lostMs);
  const giveUpMs = statementMs + graceMs;
  const limited = (text: string, ms = giveUpMs): TimedQuery => ({ text, query_timeout: ms });
  const pool = new pg.Pool({
    host: options.host,
    port: options.port,
    database: options.database,
    user: options.user,
    password: options.password,
    ssl: options.tls === false ? false : { rejectUnauthorized: true, ca: options.tls.ca },
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: 60_000,
    application_name: rules.applicationName,
  });
  // An idle connection that the server closes is replaced by the pool at its next use.
  pool.on("error", () => undefined);

  const connect = () =>
    pool.connect().catch((error: unknown) => {
      throw new DatabaseUnavailable(
        `no connection to ${options.host}:${options.port}/${options.database}: ${reason(error)}`,
      );
    });

  return {
    engine: "postgres",
    async transaction(scope, work) {
      const client = await connect();
      let broken: Error | undefined;
      try {
        await client.query(limited(rules.opening(scope)));
        const result = await work(sessionOn(client, giveUpMs));
        await client.query(limited("COMMIT"));
        return result;
      } catch (error) {
        await client.query(limited("ROLLBACK", graceMs)).catch((failed: Error) => {
          broken = failed;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    async asOwner(work) {
      const client = await connect();
      try {
        await client.query("SET statement_timeout = 0");
        return await work(ownerSession(client));
      } finally {
        // Session settings of the owner never reach a request.
        client.release(true);
      }
    },
    close: () => pool.end(),
  };
}

function ownerSession(client: pg.PoolClient): OwnerSession {
  return {
    ...sessionOn(client),
    async script(text) {
      await client.query(text);
    },
  };
}

/** A query that is given up after `query_timeout` milliseconds, which `pg` knows and its types do not. */
interface TimedQuery extends pg.QueryConfig {
  readonly query_timeout?: number;
}

/** @param giveUpMs Milliseconds after which a query is given up. @default never */
function sessionOn(client: pg.PoolClient, giveUpMs?: number): Session {
  const run = async <Row>(query: pg.QueryConfig): Promise<QueryResult<Row>> => {
    const timed: TimedQuery = { ...query, query_timeout: giveUpMs };
    const { rows, rowCount } = await client.query(timed);
    return { rows: rows as Row[], count: rowCount ?? rows.length };
  };
  return {
    query: (text, values = []) => run({ text, values: [...values] }),
    prepared: (text, values) => run({ name: nameOf(text), text, values: [...values] }),
  };
}

/** A prepared statement's name, which PostgreSQL cuts after 63 bytes. */
function nameOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** A refused connection to a name with several addresses has no message of its own. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join("; ");
  return error instanceof Error ? error.message : String(error);
}
