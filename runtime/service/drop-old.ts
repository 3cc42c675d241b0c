import type { Transaction } from "./keys";

/** Rows that one statement drops: it must end within the time of a statement, however many there are. */
const atOnce = 5_000;

/** Drops rows of a table by a condition in SQL, a few thousand in each transaction. */
export async function dropOld(transaction: Transaction, table: string, condition: string): Promise<void> {
  const drop = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${atOnce}))`;
  for (let count = atOnce; count === atOnce; ) {
    ({ count } = await transaction((session) => session.query(drop)));
  }
}
