import { existsSync } from "node:fs";
import { runner } from "node-pg-migrate";
import type { ClientBase } from "pg";
import { InputError } from "../../contracts/input-error";
import type { Database, OwnerSession, SqlValue } from "./types";

export interface MigrationsFolder {
  readonly dir: string;
  /** The variable that names it. */
  readonly where: string;
  /** Table that notes what ran. @default "schema_migrations" */
  readonly table?: string;
}

/**
 * Brings the schema up to date; running it again changes nothing. On PostgreSQL a second migration at the same time waits on
 * an advisory lock; on the embedded engine the lock of the data directory keeps others out.
 * @returns Names of the migrations that ran
 */
export async function migrate<Scope>(
  database: Database<Scope>,
  { dir, where, table = "schema_migrations" }: MigrationsFolder,
): Promise<string[]> {
  if (!existsSync(dir)) {
    throw new InputError({ path: "migrations", given: dir, allowed: "a folder of .sql files", where });
  }
  const ran = await database.asOwner((session) =>
    runner({
      dbClient: migrationClient(session),
      dir,
      direction: "up",
      migrationsTable: table,
      noLock: database.engine === "embedded",
      advisoryLockMode: "wait",
      log: () => undefined,
    }),
  );
  return ran.map(({ name }) => name);
}

/** What node-pg-migrate uses of a `pg` client, over either engine. */
function migrationClient(session: OwnerSession): ClientBase {
  const client = {
    async query(statement: string | { text: string; values?: SqlValue[] }, values?: SqlValue[]) {
      const text = typeof statement === "string" ? statement : statement.text;
      const given = values ?? (typeof statement === "string" ? undefined : statement.values) ?? [];
      const returnsRows = /^\s*(select|with|show)\b/i.test(text);
      if (given.length > 0 || returnsRows) {
        const { rows, count } = await session.query(text, given);
        return { rows, rowCount: count };
      }
      await session.script(text);
      return { rows: [], rowCount: 0 };
    },
  };
  return client as unknown as ClientBase;
}
