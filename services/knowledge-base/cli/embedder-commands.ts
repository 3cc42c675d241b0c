import type { Command } from "commander";
import { embedderChoice } from "../embedders/choice";
import { described } from "../embedders/embedder";
import { sentenceName } from "../embedders/sentence";
import { fetchWeights } from "../embedders/weights";
import { print, progressBar } from "./output";

/** embedder show, fetch. */
export function addEmbedderCommands(program: Command): void {
  const embedder = program.command("embedder").description("What texts are embedded with: show, fetch.");

  embedder
    .command("show")
    .description("Say which embedder this machine and KB_EMBEDDER choose.")
    .option("--json", "print JSON", false)
    .action(async ({ json }: { json: boolean }) => {
      const { embedder: chosen, fetch } = await embedderChoice(process.env);
      const { name, version, dimensions } = chosen;
      const missing = fetch !== undefined;
      print(json, { name, version, dimensions, missing: missing ? sentenceName : null }, () => [
        `${described(chosen)}${missing ? `, until the weights of ${sentenceName} are here: kb embedder fetch` : ""}`,
      ]);
    });

  embedder
    .command("fetch")
    .description("Download the sentence embedder's weights to KB_MODELS_DIR, from the public hub or KB_EMBEDDER_URL.")
    .option("--json", "print JSON", false)
    .action(async ({ json }: { json: boolean }) => {
      const bar = progressBar();
      const kib = (bytes: number) => Math.ceil(bytes / 1024);
      const weights = await fetchWeights(process.env, (done, total) =>
        bar.progress("weights, KiB", kib(done), kib(total ?? done)),
      ).finally(bar.stop);
      print(json, weights, () => [`${weights.file}, SHA-256 ${weights.sha256}`]);
    });
}
