import { canon, everything, insideWorld, type Scope } from "../database/types";
import type { Indexer } from "../index/indexer";
import { finishBulk, type Progress } from "../index/maintenance";
import { prepareDocument } from "../ingest/prepare";
import { putDocument } from "../items/documents";
import { createWorld } from "../items/worlds";
import { rank } from "../search/search";
import type { RankingSettings } from "../search/settings";
import type { Collection } from "./collection";
import { ndcg, recall, reciprocalRank } from "./metrics";

export interface Evaluation {
  readonly documents: number;
  readonly questions: number;
  readonly ndcg10: number;
  readonly recall100: number;
  readonly mrr10: number;
  /** Share of the questions with a relevant document among the first five. */
  readonly hit5: number;
  /** Milliseconds of a search, question embedded and passages ranked. */
  readonly latency: { readonly p50: number; readonly p95: number };
}

const source = "evaluation";

/** Puts a collection into an empty memory, each document by the path that every document takes. */
export async function loadCollection(
  indexer: Indexer,
  collection: Collection,
  progress: Progress,
): Promise<Map<string, string>> {
  const worlds = await makeWorlds(indexer, collection);
  const inputs = collection.documents.map(({ id, title, text, world }) =>
    prepareDocument({
      source,
      file: id,
      title,
      content: text,
      mediaType: "text/plain",
      type: "main",
      worldId: world === undefined ? null : (worlds.get(world) ?? null),
    }),
  );
  for (const [index, input] of inputs.entries()) {
    await putDocument(indexer, everything, input);
    progress("documents", index + 1, inputs.length);
  }
  await finishBulk(indexer, await indexer.active());
  return worlds;
}

async function makeWorlds(indexer: Indexer, { documents, questions }: Collection): Promise<Map<string, string>> {
  const names = new Set([...documents, ...questions].flatMap(({ world }) => (world === undefined ? [] : [world])));
  const worlds = new Map<string, string>();
  for (const name of names) {
    const world = await indexer.database.transaction(everything, (session) =>
      createWorld(session, { playerId: "evaluation", name, type: "day" }),
    );
    worlds.set(name, world.id);
  }
  return worlds;
}

/** Asks every question by the path that the API takes, and judges the rankings. */
export async function evaluate(
  indexer: Indexer,
  collection: Collection,
  worlds: ReadonlyMap<string, string>,
  ranking: Partial<RankingSettings>,
): Promise<Evaluation> {
  const files = await fileNames(indexer);
  const sums = { ndcg: 0, recall: 0, mrr: 0, hit: 0 };
  const times: number[] = [];
  for (const { id, text, world } of collection.questions) {
    const scope: Scope = world === undefined ? canon : insideWorld(worlds.get(world) as string);
    const started = performance.now();
    const { hits } = await rank(indexer, scope, { query: text, ranking });
    times.push(performance.now() - started);
    const ranked = hits.map(({ candidate }) => files.get(candidate.itemId) ?? candidate.itemId);
    const judged = collection.judgements.get(id) ?? new Map<string, number>();
    sums.ndcg += ndcg(ranked, judged, 10);
    sums.recall += recall(ranked, judged, 100);
    sums.mrr += reciprocalRank(ranked, judged, 10);
    sums.hit += reciprocalRank(ranked, judged, 5) > 0 ? 1 : 0;
  }
  const count = Math.max(1, collection.questions.length);
  times.sort((a, b) => a - b);
  const percentile = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return {
    documents: collection.documents.length,
    questions: collection.questions.length,
    ndcg10: sums.ndcg / count,
    recall100: sums.recall / count,
    mrr10: sums.mrr / count,
    hit5: sums.hit / count,
    latency: { p50: percentile(0.5), p95: percentile(0.95) },
  };
}

async function fileNames(indexer: Indexer): Promise<Map<string, string>> {
  const { rows } = await indexer.database.transaction(everything, (session) =>
    session.query<{ id: string; file: string }>(
      "SELECT id, source_file AS file FROM narrative_documents WHERE source = $1",
      [source],
    ),
  );
  return new Map(rows.map(({ id, file }) => [id, file]));
}
