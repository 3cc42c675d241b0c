/**
 * Measures the embedded engine at 10,000 passages: loading, index build with the longest stall of the main thread, and search
 * latency. Beside it, in the same run, the processor time of a search, all threads together, which other work on the machine disturbs
 * less, and a floor: one round trip to the engine's thread.
 * KB_EMBEDDER and KB_EMBEDDER_FILE choose the embedder, whose time for the question counts.
 * Usage: npm run bench:knowledge-base [-- passages]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { runMain } from "../../runtime/main";
import { openEmbedded } from "../../services/knowledge-base/database/embedded";
import { migrate } from "../../services/knowledge-base/database/storage";
import { canon, everything } from "../../services/knowledge-base/database/types";
import { embedderChoice } from "../../services/knowledge-base/embedders/choice";
import { described } from "../../services/knowledge-base/embedders/embedder";
import { Indexer } from "../../services/knowledge-base/index/indexer";
import { finishBulk, needsRefill, refill } from "../../services/knowledge-base/index/maintenance";
import { prepareDocument } from "../../services/knowledge-base/ingest/prepare";
import { putDocument } from "../../services/knowledge-base/items/documents";
import { rank } from "../../services/knowledge-base/search/search";

const passages = Number(process.argv[2] ?? 10_000);
const passagesOfDocument = 50;
const wordsOfPassage = 150;

/** Words by Zipf's law with topics: a passage draws half its words from one of 200 topics. Seeded. */
function writer(): { passage(): string; question(): string } {
  let state = 42;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const word = (at: number) => `w${Math.floor(at).toString(36)}x`;
  const common = () => word(20_000 ** random() - 1);
  const topical = (topic: number) => word(20_000 + topic * 100 + 100 ** random() - 1);
  const text = (count: number) => {
    const topic = Math.floor(random() * 200);
    return Array.from({ length: count }, () => (random() < 0.5 ? common() : topical(topic))).join(" ");
  };
  return { passage: () => text(wordsOfPassage), question: () => text(10) };
}

const percentile = (times: number[], share: number) =>
  ([...times].sort((a, b) => a - b)[Math.floor(share * times.length)] ?? 0).toFixed(1);

void runMain("bench:knowledge-base", async () => {
  const directory = mkdtempSync(join(tmpdir(), "kb-bench-"));
  const said = (line: string) => process.stdout.write(`${line}\n`);
  const clock = () => {
    const started = performance.now();
    return () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  };
  let took = clock();
  let database = await openEmbedded({ dataDir: directory });
  try {
    await migrate(database);
    said(`first start with migrations: ${took()}`);
    const choice = await embedderChoice(process.env);
    said(`embedder: ${described(choice.embedder)}`);
    let indexer = new Indexer(database, choice);
    // What embeds in the end does so from the start.
    if (needsRefill(indexer, await indexer.active())) await refill(indexer);
    const { passage, question } = writer();
    const documents = Array.from({ length: passages / passagesOfDocument }, (_, index) =>
      prepareDocument({
        source: "bench",
        file: `${index}.md`,
        content: Array.from({ length: passagesOfDocument }, (_unused, at) => `## Part ${at}\n\n${passage()}`).join(
          "\n\n",
        ),
      }),
    );
    took = clock();
    for (const document of documents) await putDocument(indexer, everything, document);
    said(`embedding and storing: ${took()}`);
    took = clock();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await finishBulk(indexer, await indexer.active());
    delay.disable();
    said(`HNSW build and vacuum: ${took()}; longest stall of the main thread ${(delay.max / 1e6).toFixed(0)} ms`);

    // As a service that starts on a filled memory: the engine's memory for pages follows what is stored when it is opened.
    await database.close();
    database = await openEmbedded({ dataDir: directory });
    indexer = new Indexer(database, choice);

    const times = {
      search: [] as number[],
      processor: [] as number[],
      "search, mode lexical": [] as number[],
      trip: [] as number[],
    };
    const timed = async (list: number[], work: () => Promise<unknown>) => {
      const started = performance.now();
      await work();
      list.push(performance.now() - started);
    };
    for (let index = 0; index < 20; index += 1) await rank(indexer, canon, { query: question() });
    for (let index = 0; index < 300; index += 1) {
      const query = question();
      const before = process.cpuUsage();
      await timed(times.search, () => rank(indexer, canon, { query }));
      const { user, system } = process.cpuUsage(before);
      times.processor.push((user + system) / 1000);
      await timed(times["search, mode lexical"], () => rank(indexer, canon, { query, ranking: { mode: "lexical" } }));
      await timed(times.trip, () => database.asOwner((session) => session.query("SELECT 1")));
    }
    for (const [name, list] of Object.entries(times)) {
      said(`${name}: p50 ${percentile(list, 0.5)} ms, p95 ${percentile(list, 0.95)} ms`);
    }
    return 0;
  } finally {
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
