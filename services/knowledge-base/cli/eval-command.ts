import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../../contracts/input-error";
import { decimalNumber } from "../../../runtime/command-line";
import { readCollection } from "../evaluation/collection";
import { type Evaluation, evaluate, loadCollection } from "../evaluation/evaluate";
import { needsRefill, refill } from "../index/maintenance";
import type { RankingSettings } from "../search/settings";
import { withLibrary } from "./library";
import { print, progressBar } from "./output";

interface Flags {
  dataDir?: string;
  mode: string;
  pairWeight?: number;
  vectorWeight?: number;
  json: boolean;
}

/** A collection judged twice in one run: by the search, and by plain BM25. */
interface Judged {
  readonly collection: string;
  readonly embedder: string;
  readonly search: Evaluation;
  readonly bm25: Evaluation;
}

const plainBm25 = { mode: "lexical", pairWeight: 0 } as const;

/** eval. */
export function addEvalCommand(program: Command): void {
  program
    .command("eval <folder>")
    .description(
      "Judge the search beside BM25 on a collection (docs.jsonl, queries.jsonl, qrels.tsv) or a folder of them.",
    )
    .option("--data-dir <folder>", "keep the loaded collection there; one only (default: a temporary folder)")
    .option("--mode <mode>", "hybrid, lexical or vector", "hybrid")
    .option("--pair-weight <weight>", "weight of neighbouring words", decimalNumber("--pair-weight", 0))
    .option("--vector-weight <weight>", "weight of the vectors", decimalNumber("--vector-weight", 0, 1))
    .option("--json", "print JSON", false)
    .action(async (folder: string, flags: Flags) => {
      const { mode, pairWeight, vectorWeight } = flags;
      if (mode !== "hybrid" && mode !== "lexical" && mode !== "vector") {
        throw new InputError({ path: "mode", given: mode, allowed: "hybrid, lexical or vector", where: "--mode" });
      }
      const collections = collectionsOf(folder);
      if (flags.dataDir !== undefined && collections.length > 1) {
        throw new InputError({
          path: "data-dir",
          given: flags.dataDir,
          allowed: "one collection for one data folder",
          where: "--data-dir",
        });
      }
      const judged: Judged[] = [];
      for (const place of collections)
        judged.push(await judge(place, flags.dataDir, { mode, pairWeight, vectorWeight }));
      const mean = (read: (one: Judged) => number) => judged.reduce((sum, one) => sum + read(one), 0) / judged.length;
      const means = { search: mean(({ search }) => search.ndcg10), bm25: mean(({ bm25 }) => bm25.ndcg10) };
      print(flags.json, { collections: judged, mean: means }, () => table(judged, means));
    });
}

/** The folder itself, or those in it that are collections. @throws InputError where there is none */
function collectionsOf(folder: string): string[] {
  const isOne = (place: string) => existsSync(join(place, "docs.jsonl"));
  if (isOne(folder) || !existsSync(folder)) return [folder];
  const found = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter(isOne);
  if (found.length > 0) return found;
  throw new InputError({
    path: "folder",
    given: folder,
    allowed: "a collection (docs.jsonl, queries.jsonl, qrels.tsv) or a folder of them",
    where: "the folder that kb eval is given",
  });
}

async function judge(place: string, dataDir: string | undefined, ranking: Partial<RankingSettings>): Promise<Judged> {
  const collection = readCollection(place);
  const temporary = dataDir === undefined ? mkdtempSync(join(tmpdir(), "kb-eval-")) : undefined;
  const bar = progressBar();
  try {
    return await withLibrary(dataDir ?? temporary, async ({ indexer }) => {
      // Nothing is stored yet: what embeds in the end does so from the start.
      if (needsRefill(indexer, await indexer.active())) await refill(indexer);
      const worlds = await loadCollection(indexer, collection, bar.progress);
      bar.stop();
      const bm25 = await evaluate(indexer, collection, worlds, plainBm25);
      const search = await evaluate(indexer, collection, worlds, ranking);
      return { collection: basename(place), embedder: indexer.wanted.name, search, bm25 };
    });
  } finally {
    bar.stop();
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

function table(judged: readonly Judged[], means: { search: number; bm25: number }): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  // Where BM25 finds nothing, no ratio says how much better the rest is.
  const ratio = (search: number, bm25: number) => (bm25 === 0 ? "-" : (search / bm25).toFixed(3));
  const heads = [
    "collection",
    "documents, questions",
    "BM25",
    "search",
    "ratio",
    "hit@5",
    "recall@100",
    "MRR@10",
    "p50, p95 ms",
  ];
  return [
    `nDCG@10 by the ${judged[0]?.embedder} embedder`,
    row(heads),
    row(heads.map(() => "---")),
    ...judged.map(({ collection, search, bm25 }) =>
      row([
        collection,
        `${search.documents}, ${search.questions}`,
        bm25.ndcg10.toFixed(4),
        search.ndcg10.toFixed(4),
        ratio(search.ndcg10, bm25.ndcg10),
        search.hit5.toFixed(3),
        search.recall100.toFixed(3),
        search.mrr10.toFixed(3),
        `${search.latency.p50.toFixed(1)}, ${search.latency.p95.toFixed(1)}`,
      ]),
    ),
    ...(judged.length < 2
      ? []
      : [
          row([
            "mean",
            "",
            means.bm25.toFixed(4),
            means.search.toFixed(4),
            ratio(means.search, means.bm25),
            "",
            "",
            "",
            "",
          ]),
        ]),
  ];
}
