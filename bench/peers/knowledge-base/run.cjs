// Full-text search of MiniSearch and LanceDB, and LangChain's PGVectorStore, on a judged collection (docs.jsonl, queries.jsonl,
// qrels.tsv), for comparison with `npm run kb -- eval FOLDER`. PGVectorStore searches vectors alone; it gets this project's
// static embedder and the PostgreSQL of `npm run test:postgres`, and is skipped where that cannot be had.
// Usage: npm ci && node run.cjs FOLDER
require("tsx/cjs");
const { mkdtempSync, readFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const lancedb = require("@lancedb/lancedb");
const { Embeddings } = require("@langchain/core/embeddings");
const { PGVectorStore } = require("@langchain/community/vectorstores/pgvector");
const MiniSearch = require("minisearch");
const { staticEmbedder } = require("../../../services/knowledge-base/embedders/static");
const { startPostgres } = require("../../../services/knowledge-base/testing/postgres-server");

const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: node run.cjs FOLDER");
  process.exit(2);
}
const lines = (file) => readFileSync(join(folder, file), "utf8").split("\n").filter(Boolean);
const documents = lines("docs.jsonl").map((line) => JSON.parse(line));
const judged = new Map();
for (const [query, doc, grade] of lines("qrels.tsv").map((line) => line.split("\t"))) {
  if (Number(grade) > 0) judged.set(query, (judged.get(query) ?? new Map()).set(doc, Number(grade)));
}
const questions = lines("queries.jsonl")
  .map((line) => JSON.parse(line))
  .filter(({ id }) => judged.has(id));

const gain = (grades) => grades.slice(0, 10).reduce((sum, grade, rank) => sum + grade / Math.log2(rank + 2), 0);
const percentile = (times, share) => times.sort((a, b) => a - b)[Math.floor(share * times.length)].toFixed(1);

async function judge(name, search) {
  let ndcg = 0;
  const times = [];
  for (const { id, text } of questions) {
    const started = performance.now();
    const ranked = await search(text);
    times.push(performance.now() - started);
    const grades = judged.get(id);
    ndcg += gain(ranked.map((doc) => grades.get(doc) ?? 0)) / gain([...grades.values()].sort((a, b) => b - a));
  }
  console.log(`${name}: nDCG@10 ${(ndcg / questions.length).toFixed(3)}, p50 ${percentile(times, 0.5)} ms, p95 ${percentile(times, 0.95)} ms`);
}

class StaticEmbeddings extends Embeddings {
  async embedDocuments(texts) {
    return (await staticEmbedder().embed(texts, "passage")).map((vector) => Array.from(vector));
  }
  async embedQuery(text) {
    return (await this.embedDocuments([text]))[0];
  }
}

async function judgePgVectorStore() {
  const name = "LangChain PGVectorStore";
  const server = await startPostgres();
  if (server === undefined) {
    console.log(`${name}: skipped, no PostgreSQL with pgvector here`);
    return;
  }
  try {
    const pages = documents
      .map(({ id, title, text }) => ({ pageContent: `${title} ${text}`, metadata: { id } }))
      // A text without a word has a zero vector, which has no cosine.
      .filter(({ pageContent }) => /[\p{L}\p{N}]/u.test(pageContent));
    const store = await PGVectorStore.initialize(new StaticEmbeddings({}), {
      postgresConnectionOptions: { host: "127.0.0.1", port: server.port, user: "postgres", database: "postgres" },
      tableName: "documents",
      dimensions: staticEmbedder().dimensions,
      distanceStrategy: "cosine",
    });
    await store.addDocuments(pages);
    await store.createHnswIndex({ dimensions: staticEmbedder().dimensions });
    await judge(name, async (text) => (await store.similaritySearch(text, 100)).map(({ metadata }) => metadata.id));
    await store.end();
  } finally {
    await server.stop();
  }
}

(async () => {
  const mini = new MiniSearch({ fields: ["title", "text"], storeFields: ["id"] });
  mini.addAll(documents);
  await judge("MiniSearch", async (text) => mini.search(text).slice(0, 100).map(({ id }) => id));

  const place = mkdtempSync(join(tmpdir(), "kb-lance-"));
  const database = await lancedb.connect(place);
  const table = await database.createTable("documents", documents.map(({ id, title, text }) => ({ id, text: `${title} ${text}` })));
  await table.createIndex("text", { config: lancedb.Index.fts({ stem: true, removeStopWords: true }) });
  await judge("LanceDB full text", async (text) => {
    const rows = await table.query().fullTextSearch(text, { columns: "text" }).limit(100).select(["id", "_score"]).toArray();
    return rows.map(({ id }) => id);
  });
  rmSync(place, { recursive: true, force: true });
  await judgePgVectorStore();
})();
