/**
 * Measures a search on real PostgreSQL against its two legs alone (raw-legs.sql), without a filter and with each, and how many of the
 * true nearest passages its vector leg finds. Texts are by Zipf's law, vectors are points around 200 centres, and what stands in for
 * an embedder hands them out, so that nothing but the search is measured.
 * Usage: npm run bench:search-filters [-- PASSAGES WORLDS [QUESTIONS]]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { runMain } from "../../runtime/main";
import { openPostgres } from "../../services/knowledge-base/database/postgres";
import { migrate } from "../../services/knowledge-base/database/storage";
import {
  canon,
  everything,
  insideWorld,
  type Scope,
  type SqlValue,
} from "../../services/knowledge-base/database/types";
import type { Embedder } from "../../services/knowledge-base/embedders/embedder";
import type { Generation } from "../../services/knowledge-base/index/generations";
import { Indexer } from "../../services/knowledge-base/index/indexer";
import { finishBulk } from "../../services/knowledge-base/index/maintenance";
import { packTermIds, vectorText } from "../../services/knowledge-base/index/vectors";
import { createWorld } from "../../services/knowledge-base/items/worlds";
import { passageFilter, type SearchFilters } from "../../services/knowledge-base/search/filters";
import { rank } from "../../services/knowledge-base/search/search";
import { defaultSettings } from "../../services/knowledge-base/search/settings";
import { nearestStatement } from "../../services/knowledge-base/search/vector";
import { startPostgres } from "../../services/knowledge-base/testing/postgres-server";
import { terms } from "../../services/knowledge-base/text/terms";

const [passages = 10_000, worlds = 20, questions = 40] = process.argv.slice(2).map(Number);
/** Passages of one world; the rest is canon. */
const ofWorld = Math.min(100, Math.floor((passages * 0.9) / worlds));
const dimensions = 256;
const wordsOfPassage = 80;
const candidates = defaultSettings().candidates;
const day = 86_400_000;
const concept = "00000000-0000-4000-8000-000000000001";

let state = 42;
const random = () => {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647;
};
const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
const word = (at: number) => `w${Math.floor(at).toString(36)}x`;
const text = (topic: number, count: number) =>
  Array.from({ length: count }, () =>
    random() < 0.5 ? word(20_000 ** random() - 1) : word(20_000 + topic * 100 + 100 ** random() - 1),
  ).join(" ");
const centres = Array.from({ length: 200 }, () => Float32Array.from({ length: dimensions }, normal));
const near = (topic: number) => (centres[topic] as Float32Array).map((value) => value + 0.8 * normal());
const topicOf = () => Math.floor(random() * centres.length);

/** Hands out the vector that was made for a question. */
const asked = new Map<string, Float32Array>();
const embedder: Embedder = {
  name: "bench",
  version: "1",
  dimensions,
  batchSize: 32,
  costly: false,
  embed: async (texts) => texts.map((one) => asked.get(one) as Float32Array),
};

/** Fills the tables of the index directly: storing passages one by one is not what is measured. */
async function fill(client: pg.Client, generation: Generation, spaces: readonly number[]): Promise<void> {
  const numbers = new Map<string, number>();
  const found = new Map<number, number>();
  const sizes = new Map<number, { passages: number; length: number }>();
  const batch = 1_000;
  for (let from = 0; from < passages; from += batch) {
    const rows = Array.from({ length: Math.min(batch, passages - from) }, (_, at) => {
      const space = spaces[from + at] as number;
      const topic = topicOf();
      const list = terms(text(topic, wordsOfPassage)).map((term) => {
        const key = `${space} ${term}`;
        const id = numbers.get(key) ?? numbers.size + 1;
        numbers.set(key, id);
        return id;
      });
      for (const id of new Set(list)) found.set(id, (found.get(id) ?? 0) + 1);
      const size = sizes.get(space) ?? { passages: 0, length: 0 };
      sizes.set(space, { passages: size.passages + 1, length: size.length + list.length });
      return { id: from + at + 1, space, list, vector: vectorText(near(topic)) };
    });
    const column = <T>(read: (row: (typeof rows)[number]) => T) => rows.map(read);
    await client.query(
      `INSERT INTO passages (generation_id, id, space, kind, item_id, type, scope, occurred_at, concept_ids, chunk_index, chunk_total, title,
         heading, content, text_hash, term_ids, embedding)
       SELECT $1, id, space, kind, gen_random_uuid(), type, 'global', occurred_at, CASE WHEN named THEN ARRAY['${concept}'::uuid] ELSE '{}' END,
         0, 1, 'title', '', repeat('story ', 80), id::text, term_ids, embedding::vector
       FROM unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::bool[], $8::bytea[], $9::text[])
         AS made (id, space, kind, type, occurred_at, named, term_ids, embedding)`,
      [
        generation.id,
        column(({ id }) => id),
        column(({ space }) => space),
        column(() => (random() < 0.05 ? "event" : "document")),
        column(() => (random() < 0.01 ? "guide" : random() < 0.3 ? "experience" : "main")),
        column(() => new Date(Date.UTC(2026, 0, 1) + random() * 300 * day)),
        column(() => random() < 0.005),
        column(({ list }) => packTermIds(list)),
        column(({ vector }) => vector),
      ],
    );
    const postings = rows.flatMap(({ id, space, list }) => {
      const counts = new Map<number, number>();
      for (const term of list) counts.set(term, (counts.get(term) ?? 0) + 1);
      return [...counts].map(([term, count]) => ({ id, space, term, count, length: list.length }));
    });
    await client.query(
      `INSERT INTO postings (generation_id, term_id, passage_id, space, frequency, length)
       SELECT $1, * FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::int[])`,
      [
        generation.id,
        postings.map(({ term }) => term),
        postings.map(({ id }) => id),
        postings.map(({ space }) => space),
        postings.map(({ count }) => count),
        postings.map(({ length }) => length),
      ],
    );
  }
  const all = [...numbers];
  for (let from = 0; from < all.length; from += 50_000) {
    const part = all.slice(from, from + 50_000);
    await client.query(
      `INSERT INTO terms (id, generation_id, space, term, passages) OVERRIDING SYSTEM VALUE
       SELECT id, $1, space, term, passages FROM unnest($2::int[], $3::int[], $4::text[], $5::int[]) AS t (id, space, term, passages)`,
      [
        generation.id,
        part.map(([, id]) => id),
        part.map(([key]) => Number(key.split(" ")[0])),
        part.map(([key]) => key.split(" ")[1]),
        part.map(([, id]) => found.get(id)),
      ],
    );
  }
  for (const [space, { passages: count, length }] of sizes) {
    await client.query("INSERT INTO space_sizes VALUES ($1, $2, $3, $4)", [generation.id, space, count, length]);
  }
}

const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;

void runMain("bench:search-filters", async () => {
  const said = (line: string) => process.stdout.write(`${line}\n`);
  const server = await startPostgres({ shared_buffers: "1GB" });
  if (server === undefined) {
    said("notice: no PostgreSQL with pgvector here; nothing was measured");
    return 0;
  }
  const place = { host: "127.0.0.1", port: server.port, user: "postgres", database: "postgres" };
  const client = new pg.Client(place);
  const database = openPostgres({ ...place, tls: false });
  try {
    await client.connect();
    await migrate(database);
    const indexer = new Indexer(database, { embedder });
    const generation = await indexer.active();
    const made: { id: string; space: number }[] = [];
    for (let at = 0; at < worlds; at += 1) {
      const world = await database.transaction(everything, (session) =>
        createWorld(session, { playerId: `p${at}`, name: "w", type: "day" }),
      );
      const { rows } = await client.query<{ space: number }>("SELECT space FROM worlds WHERE id = $1", [world.id]);
      made.push({ id: world.id, space: (rows[0] as { space: number }).space });
    }
    // Worlds and canon alternate, as they do where players write while the canon grows.
    const spaces = Array.from({ length: passages }, (_, at) =>
      at < worlds * ofWorld ? (made[at % worlds] as (typeof made)[number]).space : 0,
    ).sort(() => random() - 0.5);
    const clock = () => {
      const started = performance.now();
      return () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
    };
    let took = clock();
    await fill(client, generation, spaces);
    said(`${passages} passages, ${worlds} worlds of ${ofWorld} and the canon: stored in ${took()}`);
    took = clock();
    await finishBulk(indexer, generation);
    await client.query("VACUUM ANALYZE");
    said(`vector indexes of large spaces: ${took()}`);
    const size = async (table: string) =>
      (
        await client.query<{ size: string }>(
          "SELECT pg_size_pretty(sum(pg_total_relation_size(t))) AS size FROM unnest($1::regclass[]) t",
          [`{${table}}`],
        )
      ).rows[0]?.size;
    said(
      `on disk: passages with indexes ${await size(`passages_${generation.id}`)}, postings with index ${await size(`postings_${generation.id}`)}`,
    );
    took = clock();
    for (const statement of readFileSync(join(__dirname, "raw-legs.sql"), "utf8").split(/;\s*$/m)) {
      if (/^\s*(CREATE|ALTER|VACUUM)/m.test(statement)) await client.query(statement);
    }
    said(`raw tables and indexes: ${took()}`);
    await client.query("SET hnsw.iterative_scan = relaxed_order; SET hnsw.ef_search = 400; SET random_page_cost = 1.1");

    const own = { world: insideWorld((made[0] as (typeof made)[number]).id), space: made[0]?.space as number };
    const recently = { since: new Date(Date.UTC(2026, 0, 1) + 285 * day).toISOString() };
    const cases: readonly [name: string, scope: Scope, spaces: readonly number[], filters: SearchFilters][] = [
      ["canon", canon, [0], {}],
      ["canon, kind (5 %)", canon, [0], { kinds: ["event"] }],
      ["canon, type (1 %)", canon, [0], { types: ["guide"] }],
      ["canon, type (70 %)", canon, [0], { types: ["main"] }],
      ["canon, time (5 %)", canon, [0], recently],
      ["canon, concept (0.5 %)", canon, [0], { conceptId: concept }],
      ["canon, knownBy", canon, [0], { knownBy: "Mira" }],
      ["a world", own.world, [0, own.space], {}],
      ["a world, kind", own.world, [0, own.space], { kinds: ["event"] }],
      ["a world, time", own.world, [0, own.space], recently],
    ];
    said(
      "| search | p50 ms | vector leg alone | words alone | ratio to both | recall@120 |\n|---|---|---|---|---|---|",
    );
    for (const [name, scope, seen, filters] of cases) {
      const times = { search: [] as number[], vector: [] as number[], words: [] as number[] };
      let right = 0;
      let wanted = 0;
      for (let at = -3; at < questions; at += 1) {
        const topic = topicOf();
        const query = text(topic, 10);
        const vector = near(topic);
        asked.set(query, vector);
        const timed = async (list: number[], work: () => Promise<unknown>) => {
          const started = performance.now();
          await work();
          if (at >= 0) list.push(performance.now() - started);
        };
        const raw = (values: SqlValue[]) => passageFilter(filters, (value) => `$${values.push(value)}`);
        const vectorValues: SqlValue[] = [vectorText(vector), seen];
        const where = (values: SqlValue[]) => ["p.space = ANY ($2)", ...raw(values)].join(" AND ");
        const leg = `SELECT p.id FROM raw_passages p WHERE ${where(vectorValues)} ORDER BY p.embedding <=> $1 LIMIT ${candidates}`;
        const wordValues: SqlValue[] = [[...new Set(terms(query))], seen];
        const wordLeg = `SELECT r.id, sum(r.weight) AS score FROM raw_postings r JOIN raw_passages p ON p.id = r.id
          WHERE r.term = ANY ($1) AND ${where(wordValues)} GROUP BY r.id ORDER BY score DESC LIMIT ${candidates}`;
        await timed(times.vector, () => client.query({ name: `v ${name}`, text: leg, values: vectorValues }));
        await timed(times.words, () => client.query({ name: `w ${name}`, text: wordLeg, values: wordValues }));
        await timed(times.search, () => rank(indexer, scope, { query, filters }));

        const true120 = await client.query<{ id: number }>(
          leg.replace("p.embedding <=> $1", "(p.embedding <=> $1) + 0"),
          vectorValues,
        );
        const found = await database.transaction(scope, async (session) => {
          const { rows: visible } = await session.query<{ space: number; passages: number }>(
            "SELECT space, passages FROM space_sizes WHERE generation_id = $1",
            [generation.id],
          );
          const values: SqlValue[] = [vectorText(vector)];
          const statement = nearestStatement(
            generation,
            "$1",
            visible,
            defaultSettings(),
            filters,
            (value) => `$${values.push(value)}`,
          );
          const { rows } = await session.query<{ id: number }>(
            `WITH hidden AS (SELECT 0 AS id WHERE false), nearest AS (${statement}) SELECT id FROM nearest`,
            values,
          );
          return new Set(rows.map(({ id }) => id));
        });
        right += true120.rows.filter(({ id }) => found.has(id)).length;
        wanted += true120.rows.length;
      }
      const [search, vector, words] = [median(times.search), median(times.vector), median(times.words)];
      const cells = [search, vector, words, search / (vector + words)].map((value) => value.toFixed(2));
      said(`| ${[name, ...cells, (right / wanted).toFixed(3)].join(" | ")} |`);
    }
    return 0;
  } finally {
    await client.end();
    await database.close();
    await server.stop();
  }
});
