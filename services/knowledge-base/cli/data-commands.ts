import type { Command } from "commander";
import { InputError } from "../../../contracts/input-error";
import { longestQuery } from "../../../contracts/story";
import { decimalNumber, wholeNumber } from "../../../runtime/command-line";
import { exitCodes } from "../../../runtime/main";
import { realSurroundings } from "../../../runtime/service/surroundings";
import { canon, everything, insideWorld } from "../database/types";
import { generationIn } from "../index/generations";
import { databaseTarget } from "../ingest/database-target";
import { ingest } from "../ingest/ingest";
import { serviceTarget } from "../ingest/service-target";
import { openSource } from "../ingest/source";
import { NotFound } from "../items/errors";
import { readStats } from "../items/stats";
import { readPassages } from "../search/candidates";
import { highlight } from "../search/highlight";
import { rank } from "../search/search";
import { checkUuid, checkWorld, unknownWorld, withLibrary, withStoredLibrary } from "./library";
import { print, progressBar } from "./output";

interface IngestFlags {
  dataDir?: string;
  url?: string;
  source?: string;
  world?: string;
  dryRun: boolean;
  maxVanished: number;
  json: boolean;
}

/** ingest, search, stats. */
export function addDataCommands(program: Command, done: (code: number) => void): void {
  program
    .command("ingest <place>")
    .description("Bring the memory level with a folder or s3://bucket/prefix of Markdown, text and HTML.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--url <url>", "a running service to ingest through; its key in KB_API_KEY")
    .option("--source <name>", "name of the source; sweeps stay inside it (default: the folder's name)")
    .option("--world <id>", "world that the documents belong to (default: the canon)")
    .option("--dry-run", "only say what would change", false)
    .option(
      "--max-vanished <share>",
      "share of the documents that may vanish in one go",
      decimalNumber("--max-vanished", 0, 1),
      0.2,
    )
    .option("--json", "print JSON", false)
    .action(async (place: string, flags: IngestFlags) => {
      if (flags.world !== undefined) checkUuid(flags.world, "--world");
      const bar = progressBar();
      const common = {
        source: openSource(place, flags.source),
        worldId: flags.world ?? null,
        dryRun: flags.dryRun,
        maxVanished: flags.maxVanished,
        progress: bar.progress,
      };
      const report =
        flags.url === undefined
          ? await withLibrary(flags.dataDir, async ({ database, indexer }) => {
              await checkWorld(database, flags.world);
              return ingest({ ...common, target: databaseTarget(indexer, bar.progress) });
            }).finally(bar.stop)
          : await ingest({
              ...common,
              target: serviceTarget({ url: flags.url, key: apiKey(), around: realSurroundings }),
            })
              .catch((error: unknown) => {
                throw error instanceof NotFound && flags.world !== undefined ? unknownWorld(flags.world) : error;
              })
              .finally(bar.stop);
      print(flags.json, report, () => [
        `${report.dryRun ? "would be " : ""}added ${report.added.length}, updated ${report.updated.length}, deleted ${report.deleted.length}, unchanged ${report.unchanged}; ${report.passages} passages`,
        ...report.failed.map(({ file, error }) => `failed ${file}: ${error}`),
        ...(report.nearDuplicates as { file: string; like: string; bits: number }[]).map(
          ({ file, like, bits }) => `${bits === 0 ? "the same words" : "nearly the same"}: ${file}, ${like}`,
        ),
        ...(report.kept.length === 0
          ? []
          : [
              `kept ${report.kept.length} documents whose files are gone: more than --max-vanished ${flags.maxVanished} allows`,
            ]),
      ]);
      done(report.failed.length > 0 || report.kept.length > 0 ? exitCodes.findings : exitCodes.fine);
    });

  program
    .command("search <query>")
    .description("Search as the API does.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--world <id>", "world to search in beside the canon")
    .option("--limit <number>", "hits shown", wholeNumber("--limit", 1), 10)
    .option("--explain", "show why each hit ranks where it does", false)
    .option("--json", "print JSON", false)
    .action(
      async (
        query: string,
        flags: { dataDir?: string; world?: string; limit: number; explain: boolean; json: boolean },
      ) => {
        if (query.trim() === "" || query.length > longestQuery) {
          throw new InputError({
            path: "query",
            given: query,
            allowed: `1 to ${longestQuery} characters, with a word among them`,
            where: "the first argument of kb search",
          });
        }
        const scope = flags.world === undefined ? canon : insideWorld(flags.world);
        const hits = await withStoredLibrary(flags.dataDir, async ({ database, indexer }) => {
          await checkWorld(database, flags.world);
          const ranking = await rank(indexer, scope, { query });
          const shown = ranking.hits.slice(0, flags.limit);
          const passages = await indexer.database.transaction(scope, (session) =>
            readPassages(
              session,
              ranking.generation.id,
              shown.map(({ candidate }) => candidate.id),
            ),
          );
          return shown.flatMap(({ candidate, score, match, explanation }) => {
            const passage = passages.get(candidate.id);
            if (passage === undefined) return [];
            const found = { score, match, ...passage, highlight: highlight(passage.content, ranking.terms) };
            return [flags.explain ? { ...found, explanation } : { ...found, explanation: undefined }];
          });
        });
        print(flags.json, { hits }, () =>
          hits.length === 0
            ? ["no hits"]
            : hits.flatMap(({ score, match, title, heading, file, highlight: shown, explanation }, index) => [
                `${index + 1}. ${title}${heading === "" || heading === title ? "" : ` > ${heading}`}${file === null ? "" : ` (${file})`}  score ${score.toFixed(3)}, match ${match.toFixed(2)}`,
                `   ${shown.text.replace(/\s+/g, " ")}`,
                ...(explanation === undefined
                  ? []
                  : [
                      `   words ${explanation.lexical.toFixed(2)} (place ${explanation.lexicalRank ?? "-"}), cosine ${explanation.cosine?.toFixed(3) ?? "-"} (place ${explanation.vectorRank ?? "-"}), feedback ${explanation.feedback?.toFixed(3) ?? "-"}; ${explanation.terms
                        .filter((term) => term.score > 0)
                        .map((term) => `${term.term} ${term.score.toFixed(2)}`)
                        .join(", ")}`,
                    ]),
              ]),
        );
        done(hits.length === 0 ? exitCodes.findings : exitCodes.fine);
      },
    );

  program
    .command("stats")
    .description("Count what is stored.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--json", "print JSON", false)
    .action(async ({ dataDir, json }: { dataDir?: string; json: boolean }) => {
      const stats = await withStoredLibrary(dataDir, ({ database }) =>
        database.transaction(everything, async (session) => readStats(session, await generationIn(session, "active"))),
      );
      print(json, stats, () => [
        `documents ${stats.documents}, concepts ${stats.concepts}, events ${stats.events}, passages ${stats.passages}`,
        stats.generation === null
          ? "no generation yet"
          : `generation ${stats.generation.id}: ${stats.generation.embedder} ${stats.generation.embedderVersion}`,
      ]);
    });
}

function apiKey(): string {
  const key = process.env.KB_API_KEY;
  if (!key)
    throw new InputError({
      path: "KB_API_KEY",
      given: undefined,
      allowed: "a key that permits write",
      where: "KB_API_KEY",
    });
  return key;
}
