import { existsSync, renameSync } from "node:fs";
import type { Client } from "pg";
import { escapeIdentifier } from "pg";
import { openEmbedded } from "../../../runtime/database/embedded";
import { holdsDatabase } from "../../../runtime/database/folder";
import type { ServerAddress } from "../../../runtime/database/server/cluster";
import { asAdministrator } from "../../../runtime/database/server/databases";
import type { OwnerSession } from "../../../runtime/database/types";
import { databaseFolder } from "../realise/database-environment";
import { startEmbeddedThread } from "./embedded-thread";

/** Rows that go over in one statement. */
const batchRows = 500;

/** What a folder is called once its rows are in the server. */
const takenFolder = (folder: string): string => `${folder}.taken-along`;

/**
 * Takes the rows of a service's embedded database of before, where there is one, into its database on the server, whose schema is up to
 * date. All or nothing; the folder is kept under another name, and a second call finds nothing to take.
 * @param database The service's database on the server
 * @returns One line that says what was done; undefined where there was nothing to take
 */
export async function takeAlong(
  dataDir: string,
  service: string,
  server: ServerAddress,
  database: string,
): Promise<string | undefined> {
  const folder = databaseFolder(dataDir, service);
  if (!holdsDatabase(folder)) return undefined;
  const before = await openEmbedded<undefined>(
    { dataDir: folder, startWorker: startEmbeddedThread },
    { applicationName: "take-along", opening: () => "BEGIN" },
  );
  let copied: number;
  try {
    copied = await before.asOwner((from) => asAdministrator(server, (to) => copyRows(from, to), database));
  } finally {
    await before.close();
  }
  const kept = freeName(takenFolder(folder));
  renameSync(folder, kept);
  const rows = copied === 1 ? "1 row" : `${copied} rows`;
  return `${service}: took along ${rows} of its embedded database of before; its files are kept at ${kept}`;
}

/** A column that both databases have, and whether the server counts it up by itself. */
interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Migrations are noted by who ran them. */
const tables = `SELECT c.table_name AS name, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS columns
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
    AND c.table_name NOT LIKE '%migrations' GROUP BY c.table_name ORDER BY c.table_name`;

async function copyRows(from: OwnerSession, to: Client): Promise<number> {
  const { rows: old } = await from.query<Table>(tables);
  const { rows: here } = await to.query<Table>(tables);
  let copied = 0;
  await to.query("BEGIN");
  // Rows come table by table, so a row may come before the one that it refers to.
  await to.query("SET LOCAL session_replication_role = replica");
  for (const { name, columns } of here) {
    const known = old.find((table) => table.name === name)?.columns ?? [];
    const shared = columns.filter((column) => known.includes(column));
    if (shared.length > 0) copied += await copyTable(from, to, { name, columns: shared });
  }
  await to.query("COMMIT");
  return copied;
}

/** Reads by pages of the row's own place, which does not change: nobody else has the embedded database open. */
async function copyTable(from: OwnerSession, to: Client, { name, columns }: Table): Promise<number> {
  const table = escapeIdentifier(name);
  const list = columns.map(escapeIdentifier).join(", ");
  let copied = 0;
  let after = "(0,0)";
  for (;;) {
    const { rows } = await from.query<{ place: string; row: string }>(
      `SELECT ctid::text AS place, row_to_json(t)::text AS row FROM (SELECT ctid, ${list} FROM ${table} WHERE ctid > $1::tid ORDER BY ctid LIMIT ${batchRows}) t`,
      [after],
    );
    if (rows.length === 0) break;
    const { rowCount } = await to.query(
      `INSERT INTO ${table} (${list}) OVERRIDING SYSTEM VALUE
       SELECT ${list} FROM json_populate_recordset(NULL::${table}, $1::json) ON CONFLICT DO NOTHING`,
      [`[${rows.map(({ row }) => row).join(",")}]`],
    );
    copied += rowCount ?? 0;
    after = rows.at(-1)!.place;
  }
  for (const column of columns) await countOn(to, table, column);
  return copied;
}

/** Has the sequence of a column, where it has one, go on after the highest value that came along. */
async function countOn(to: Client, table: string, column: string): Promise<void> {
  const { rows } = await to.query<{ sequence: string | null }>("SELECT pg_get_serial_sequence($1, $2) AS sequence", [
    table,
    column,
  ]);
  const sequence = rows[0]?.sequence;
  if (sequence == null) return;
  const quoted = escapeIdentifier(column);
  await to.query(`SELECT setval($1, (SELECT max(${quoted}) FROM ${table})) WHERE EXISTS (SELECT FROM ${table})`, [
    sequence,
  ]);
}

function freeName(wanted: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!existsSync(name)) return name;
  }
}
