import { type Command, Option } from "commander";
import { everything } from "../database/types";
import { type Generation, listGenerations, rollBack } from "../index/generations";
import { refill } from "../index/maintenance";
import { withStoredLibrary } from "./library";
import { print, progressBar } from "./output";

interface Flags {
  dataDir?: string;
  json: boolean;
}

/** generations list, fill, rollback. */
export function addGenerationCommands(program: Command): void {
  const generations = program.command("generations").description("Embedding generations: list, fill, rollback.");
  const line = (one: Generation) =>
    `${one.id} ${one.state}: ${one.embedder} ${one.embedderVersion}, ${one.chunkerVersion}`;

  generations
    .command("list")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--json", "print JSON", false)
    .action(async ({ dataDir, json }: Flags) => {
      const list = await withStoredLibrary(dataDir, ({ database }) =>
        database.transaction(everything, listGenerations),
      );
      print(json, { generations: list }, () => (list.length === 0 ? ["none yet"] : list.map(line)));
    });

  generations
    .command("fill")
    .description("Fill a generation for the configured embedder and chunker while the old one answers, then switch.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--anew", "also when nothing differs", false)
    .addOption(new Option("--retrain", "the same, as earlier releases called it").default(false).hideHelp())
    .option("--json", "print JSON", false)
    .action(async ({ dataDir, json, anew, retrain }: Flags & { anew: boolean; retrain: boolean }) => {
      const bar = progressBar();
      const active = await withStoredLibrary(dataDir, ({ indexer }) =>
        refill(indexer, { anew: anew || retrain, progress: bar.progress }),
      ).finally(bar.stop);
      print(json, { active }, () => [`now answering: ${line(active)}`]);
    });

  generations
    .command("rollback")
    .description("Let the generation before answer again.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--json", "print JSON", false)
    .action(async ({ dataDir, json }: Flags) => {
      const active = await withStoredLibrary(dataDir, ({ database }) => database.transaction(everything, rollBack));
      print(json, { active }, () => [`now answering: ${line(active)}`]);
    });
}
