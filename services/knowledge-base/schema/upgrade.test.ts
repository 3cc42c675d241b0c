import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as migrations from "../../../runtime/database/migrate";
import { openEmbedded } from "../database/embedded";
import { storage } from "../database/storage";
import { canon, type Database, everything, insideWorld, type Session } from "../database/types";
import { loadModel, statisticalEmbedder } from "../embedders/statistical";
import type { StatisticalModel } from "../embedders/statistical-model";
import { createGeneration, listGenerations } from "../index/generations";
import { catchUp, needsRefill, refill } from "../index/maintenance";
import { packTermIds, vectorText } from "../index/vectors";
import { openLibrary } from "../library";
import { rank } from "../search/search";
import { startApi, type TestApi } from "../testing/api";

const tables = [
  ["worlds", "id"],
  ["narrative_documents", "id"],
  ["narrative_concepts", "id"],
  ["concept_versions", "id"],
  ["story_events", "id"],
  ["concept_relationships", "id"],
  ["api_keys", "id"],
  ["ingest_jobs", "id"],
] as const;
type Row = Readonly<Record<string, unknown>>;

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** Everything that people wrote, and what the search of that release kept of the document: it ran two words into one. */
async function fillOld(session: Session): Promise<number> {
  await session.query("SELECT set_config('kb.sees', 'all', false)");
  const insert = async (table: string, row: Row) => {
    const names = Object.keys(row);
    await session.query(
      `INSERT INTO ${table} (${names.join(", ")}) SELECT ${names.join(", ")} FROM jsonb_populate_record(NULL::${table}, $1::jsonb)`,
      [JSON.stringify(row)],
    );
  };
  const content = "# Wolves\n\nThe grey wolf  \nhowls at the frozen moon.";
  const hash = { content_hash: "as it was" };
  await insert("worlds", { id: uuid(1), player_id: "ann", name: "north", type: "day", state: { day: 3 } });
  const document = {
    source: "tales",
    source_file: "wolf.md",
    type: "main",
    title: "Wolves",
    media_type: "text/markdown",
  };
  await insert("narrative_documents", { id: uuid(2), ...document, content, simhash: 1, ...hash });
  const told = { type: "person", description: "Guards the northern gate.", ...hash };
  await insert("narrative_concepts", { id: uuid(3), name: "Orsolya", scope: "global", ...told });
  await insert("narrative_concepts", { id: uuid(4), name: "Northern Gate", scope: "global", ...told });
  await insert("concept_versions", { id: uuid(5), concept_id: uuid(3), version: 1, name: "Orsolya", ...told });
  const anew = { ...told, description: "Fell in battle.", content_hash: "another" };
  await insert("concept_versions", {
    id: uuid(6),
    concept_id: uuid(3),
    world_id: uuid(1),
    version: 1,
    name: "Orsolya",
    ...anew,
  });
  const event = { type: "duel", summary: "Kestrel won the duel.", npcs: ["Mira"], impact: 0.5 };
  await insert("story_events", { id: uuid(7), world_id: uuid(1), ...event, ...hash });
  const related = { concept_a: uuid(3), concept_b: uuid(4), type: "guards", strength: 0.9 };
  await insert("concept_relationships", { id: uuid(8), ...related });
  await insert("api_keys", {
    id: uuid(9),
    name: "game",
    key_hash: "h",
    permissions: ["read"],
    requests_per_minute: 300,
  });
  await insert("ingest_jobs", { id: uuid(10), source: "tales", state: "done" });

  const text = "grey wolfhowls frozen moon";
  // The model of a memory that had told little: no term has a direction yet.
  const header = Buffer.from(JSON.stringify({ version: "of that release", trainedOn: 1, rank: 0, terms: [] }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  await session.query("INSERT INTO embedder_models (version, trained_on, data) VALUES ($1, 1, $2)", [
    "of that release",
    Buffer.concat([length, header]),
  ]);
  const model = (await loadModel(session, "of that release")) as StatisticalModel;
  const embedder = statisticalEmbedder(model);
  const { id: generation } = await createGeneration(session, {
    embedder: embedder.name,
    embedderVersion: embedder.version,
    chunkerVersion: "of an earlier release",
    dimensions: embedder.dimensions,
    state: "active",
  });
  const ids: number[] = [];
  for (const term of text.split(" ")) {
    const { rows } = await session.query<{ id: number }>(
      "INSERT INTO terms (generation_id, space, term, passages) VALUES ($1, 0, $2, 1) RETURNING id",
      [generation, term],
    );
    ids.push((rows[0] as { id: number }).id);
  }
  const [vector] = await embedder.embed([text], "passage");
  const { rows } = await session.query<{ id: number }>(
    `INSERT INTO passages (generation_id, space, kind, item_id, type, scope, occurred_at, chunk_index, chunk_total, title, heading,
       content, text_hash, term_ids, embedding)
     VALUES ($1, 0, 'document', $2, 'main', 'global', now(), 0, 1, 'Wolves', '', $3, 'h', $4, $5::vector) RETURNING id`,
    [generation, uuid(2), text, packTermIds(ids), vectorText(vector as Float32Array)],
  );
  await session.query(
    `INSERT INTO postings (generation_id, term_id, passage_id, space, frequency, length)
     SELECT $1, term, $2, 0, 1, $3 FROM unnest($4::integer[]) AS term`,
    [generation, rows[0]?.id as number, ids.length, ids],
  );
  await session.query("INSERT INTO space_sizes VALUES ($1, 0, 1, $2)", [generation, ids.length]);
  await session.query("INSERT INTO indexed_items VALUES ($1, 'document', $2, 0, $3)", [
    generation,
    uuid(2),
    hash.content_hash,
  ]);
  return generation;
}

async function everyRow(session: Session): Promise<Map<string, Row[]>> {
  const found = new Map<string, Row[]>();
  await session.query("SELECT set_config('kb.sees', 'all', false)");
  for (const [table, order] of tables) {
    const { rows } = await session.query<{ row: Row }>(`SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY ${order}`);
    found.set(
      table,
      rows.map(({ row }) => row),
    );
  }
  return found;
}

describe("a memory of an earlier release", () => {
  let folder: string;
  let old: number;
  let written: Map<string, Row[]>;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kb-upgrade-"));
    const dir = join(folder, "migrations");
    for (const name of readdirSync(storage.migrations).filter((one) => one < "0005"))
      cpSync(join(storage.migrations, name), join(dir, name));
    const database: Database = await openEmbedded({ dataDir: join(folder, "data") });
    try {
      await migrations.migrate(database, { dir, where: "the test" });
      old = await database.asOwner(fillOld);
      written = await database.asOwner(everyRow);
    } finally {
      await database.close();
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("loses nothing, and answers from its old index until a new one is filled", async () => {
    const { database, indexer } = await openLibrary({}, join(folder, "data"));
    try {
      const now = await database.asOwner(everyRow);
      for (const [table, rows] of written) {
        assert.ok(rows.length > 0, table);
        assert.equal(now.get(table)?.length, rows.length, table);
        for (const [at, row] of rows.entries())
          assert.deepEqual({ ...now.get(table)?.[at], ...row }, now.get(table)?.[at]);
      }
      const [event] = now.get("story_events") ?? [];
      assert.deepEqual(event?.known_by, ["Mira"], "who took part knows of it");

      const ask = (query: string) => rank(indexer, canon, { query });
      const first = await ask("wolfhowls");
      assert.equal(first.generation.id, old);
      assert.deepEqual(
        first.hits.map(({ candidate }) => candidate.itemId),
        [uuid(2)],
      );
      const active = await indexer.active();
      assert.equal(needsRefill(indexer, active), true);
      await catchUp(indexer, active);
      let meanwhile: ReturnType<typeof ask> | undefined;
      const next = await refill(indexer, {
        progress: () => {
          meanwhile ??= ask("wolfhowls");
        },
      });
      assert.equal((await meanwhile)?.generation.id, old, "the old index answers while the new one is filled");
      assert.notEqual(next.id, old);
      const answer = await ask("wolf howls");
      assert.equal(answer.generation.id, next.id);
      assert.equal(answer.hits[0]?.candidate.itemId, uuid(2));
      assert.equal(
        (await rank(indexer, insideWorld(uuid(1)), { query: "Kestrel duel" })).hits[0]?.candidate.itemId,
        uuid(7),
      );
      assert.equal(needsRefill(indexer, await indexer.active()), false);
      const generations = await database.transaction(everything, listGenerations);
      assert.deepEqual(
        generations.map(({ id, state }) => [id, state]),
        [
          [old, "previous"],
          [next.id, "active"],
        ],
      );
    } finally {
      await database.close();
    }
  });
});

/** Keys of the release before the kit of services, with their hashes as its table had them. */
const keys = {
  game: "kb_1FW1gVxRvnPqLCWzWvTqsS2oyZbPNDvwXqkXW7Jm3cA",
  north: "kb_Zb8pVQx0L2c5sT9uYk3mN7rW1eH4jD6gA-fCqBvXoIs",
};
const keyRows = [
  [uuid(1), "game", "eebe787c176f0b0959cb4223bc7198f29dad935edbcb232aa194504ff785c67b", "{read,write}", null],
  [uuid(2), "north", "721d21adc87e6728cd07f1ad9e34ff1887a82fbbc5838ea1c0a5595bff2f7059", "{read}", uuid(9)],
] as const;

describe("a memory of the release before the kit of services", () => {
  let folder: string;
  let api: TestApi;
  let database: Database;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kb-keys-"));
    const dir = join(folder, "migrations");
    for (const name of readdirSync(storage.migrations).filter((one) => one < "0008"))
      cpSync(join(storage.migrations, name), join(dir, name));
    const before = await openEmbedded({ dataDir: join(folder, "data") });
    try {
      await migrations.migrate(before, { dir, where: "the test" });
      await before.transaction(everything, async (session) => {
        await session.query("INSERT INTO worlds (id, player_id, name, type) VALUES ($1, 'ann', 'north', 'day')", [
          uuid(9),
        ]);
        for (const row of keyRows)
          await session.query(
            `INSERT INTO api_keys (id, name, key_hash, permissions, world_id, requests_per_minute)
             VALUES ($1, $2, $3, $4, $5, 300)`,
            row,
          );
        await session.query(
          "INSERT INTO idempotency_keys (caller, key, world_id, fingerprint, answer) VALUES ($1, 'theft-1', $2, 'f', '{}')",
          [uuid(1), uuid(9)],
        );
      });
    } finally {
      await before.close();
    }
    ({ database } = await openLibrary({}, join(folder, "data")));
    api = await startApi({ database });
  });
  after(async () => {
    await api.close();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("lets its keys in as before, each to its world", async () => {
    const ask = async (key: string, world: string) => (await api.call("GET", `/worlds/${world}`, key)).status;
    assert.equal(await ask(keys.game, uuid(9)), 200);
    assert.equal(await ask(keys.north, uuid(9)), 200);
    assert.equal(await ask(keys.north, uuid(8)), 403);
    const concept = { name: "Gate", type: "place", description: "d", scope: "day_world" };
    assert.equal((await api.call("POST", "/concepts/create", keys.north, concept)).status, 403);
  });

  it("does nothing twice that was asked for before", async () => {
    const event = { worldId: uuid(9), type: "theft", summary: "The bell was stolen." };
    const send = (key: string) => api.call("POST", "/events/record", keys.game, event, { "idempotency-key": key });
    assert.equal((await send("theft-1")).status, 409);
    assert.equal((await send("theft-2")).status, 201);
  });
});
