import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "../../../runtime/database/embedded";
import { migrate } from "../../../runtime/database/migrate";
import { openDatabase } from "../../../runtime/database/open";
import type { Database } from "../../../runtime/database/types";
import { createTestDatabase, type TestDatabase } from "../../../runtime/testing/database";
import { databaseFolder } from "../realise/database-environment";
import { startEmbeddedThread } from "./embedded-thread";
import { takeAlong } from "./take-along";

/** The schema of ai-router when its database was embedded. */
const migrations = {
  dir: join(__dirname, "..", "..", "..", "services", "ai-router", "schema", "migrations"),
  where: "this test",
};
const rules = { applicationName: "test", opening: () => "BEGIN" };

describe("the embedded database of the version before", () => {
  let dataDir: string;
  let place: TestDatabase;
  let database: Database<undefined>;

  before(async () => {
    place = await createTestDatabase();
    const { DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD } = place.environment;
    database = await openDatabase(
      {
        engine: "postgres",
        ...{ host: DB_HOST!, port: Number(DB_PORT), database: DB_NAME!, user: DB_USER!, password: DB_PASSWORD! },
        ...{ tls: false, poolSize: 1 },
      },
      rules,
      { startWorker: startEmbeddedThread },
    );
    await migrate(database, migrations);
  });
  after(async () => {
    await database.close();
    await place.drop();
  });
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "take-along-"));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it("is taken along once: keys and conversations as they were, and the next turn has the next number", async () => {
    const folder = databaseFolder(dataDir, "ai-router");
    mkdirSync(folder, { recursive: true });
    const old = await openEmbedded<undefined>({ dataDir: folder, startWorker: startEmbeddedThread }, rules);
    await migrate(old, migrations);
    await old.asOwner(async ({ script }) => {
      await script(`INSERT INTO api_keys (name, key_hash, scopes, requests_per_minute, tokens_per_day, expires_at)
        VALUES ('game', 'hash of the key', ARRAY['generate'], 60, 9007199254740993, '2031-01-31T12:00:00.123Z'),
               ('o''neill', 'another', ARRAY['embed', 'generate'], 1, NULL, NULL)`);
      await script(`INSERT INTO counts VALUES ('game', 'day', 20500, 1234)`);
      await script(`INSERT INTO npc_turns (tenant, npc_id, archetype, asked, answered, tier, at)
        SELECT 'game', 'npc ' || n % 7, 'vampire', 'Who are you, "' || n || '"?', E'A line\\nand ünïcode \\\\ ' || n, 'gold', now()
        FROM generate_series(1, 1234) n`);
    });
    const told = (from: Database<undefined>) =>
      from.asOwner(async ({ query }) => ({
        keys: (await query("SELECT * FROM api_keys ORDER BY name")).rows,
        counts: (await query("SELECT * FROM counts")).rows,
        turns: (await query("SELECT * FROM npc_turns ORDER BY id")).rows,
      }));
    const written = await told(old);
    await old.close();

    const line = await takeAlong(dataDir, "ai-router", place.server, place.name);
    assert.match(
      line!,
      /^ai-router: took along 1237 rows of its embedded database of before; .*ai-router\.taken-along$/,
    );
    // One engine gives large integers as numbers, the other as text.
    assert.equal(JSON.stringify(await told(database), asText), JSON.stringify(written, asText));
    const { rows } = await database.asOwner(({ query }) =>
      query<{ id: string }>(`INSERT INTO npc_turns (tenant, npc_id, archetype, asked, answered, tier, at)
        VALUES ('game', 'npc 1', 'vampire', 'And now?', 'Now.', 'gold', now()) RETURNING id`),
    );
    assert.equal(Number(rows[0]!.id), 1235);
    assert.equal(existsSync(folder), false);
    assert.equal(await takeAlong(dataDir, "ai-router", place.server, place.name), undefined);
    assert.deepEqual(readdirSync(join(dataDir, "databases")), ["ai-router.taken-along"]);
  });
});

const asText = (_: string, value: unknown): unknown =>
  typeof value === "number" || typeof value === "bigint" ? String(value) : value;
