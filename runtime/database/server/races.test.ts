import assert from "node:assert/strict";
import { createTestDatabase, type TestDatabase } from "../../testing/database";
import { openPostgres } from "../postgres";
import type { Database, Session } from "../types";

describe("two read-modify-writes at once", () => {
  let place: TestDatabase;
  let database: Database<undefined>;
  before(async () => {
    place = await createTestDatabase();
    const { DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD } = place.environment;
    database = openPostgres(
      {
        host: DB_HOST!,
        port: Number(DB_PORT),
        database: DB_NAME!,
        user: DB_USER!,
        password: DB_PASSWORD!,
        tls: false,
        poolSize: 2,
      },
      { applicationName: "races", opening: () => "BEGIN" },
    );
  });
  after(async () => {
    await database.close();
    await place.drop();
  });
  beforeEach(() =>
    database.asOwner(async ({ script }) => {
      await script("DROP TABLE IF EXISTS purse");
      await script("CREATE TABLE purse AS SELECT 1 AS id, 0 AS gold, 1 AS version");
    }),
  );

  interface Purse {
    readonly gold: number;
    readonly version: number;
  }

  /** Reads, waits until the other one has read too, and writes what it has worked out. */
  async function addOne(both: () => Promise<void>, write: (session: Session, purse: Purse) => Promise<number>) {
    return database.transaction(undefined, async (session) => {
      const { rows } = await session.query<Purse>("SELECT gold, version FROM purse WHERE id = 1");
      await both();
      return write(session, rows[0]!);
    });
  }

  function meeting(size: number): () => Promise<void> {
    let arrived = 0;
    let open: () => void;
    const everybody = new Promise<void>((resolve) => {
      open = resolve;
    });
    return () => {
      arrived += 1;
      if (arrived === size) open();
      return everybody;
    };
  }

  const gold = async () =>
    (await database.asOwner(({ query }) => query<Purse>("SELECT gold, version FROM purse"))).rows[0]!.gold;

  it("lose one of them unless they are guarded: this engine really runs them at once", async () => {
    const both = meeting(2);
    const unguarded = async ({ query }: Session, purse: Purse) =>
      (await query("UPDATE purse SET gold = $1 WHERE id = 1", [purse.gold + 1])).count;
    const changed = await Promise.all([addOne(both, unguarded), addOne(both, unguarded)]);
    assert.deepEqual(changed, [1, 1]);
    assert.equal(await gold(), 1);
  });

  it("lose none where the write names the version that was read: one of them is told, and does it again", async () => {
    const guarded = async ({ query }: Session, { gold, version }: Purse) => {
      const text = "UPDATE purse SET gold = $1, version = version + 1 WHERE id = 1 AND version = $2";
      return (await query(text, [gold + 1, version])).count;
    };
    const both = meeting(2);
    const changed = await Promise.all([addOne(both, guarded), addOne(both, guarded)]);
    assert.deepEqual(changed.sort(), [0, 1]);
    assert.equal(await addOne(async () => undefined, guarded), 1);
    assert.equal(await gold(), 2);
  });
});
