import type { Command } from "commander";
import { addDataCommands } from "./data-commands";
import { addEmbedderCommands } from "./embedder-commands";
import { addEvalCommand } from "./eval-command";
import { addFactCommands } from "./fact-commands";
import { addGenerationCommands } from "./generation-commands";

/** What `kb` can do beside the commands of every service. */
export function addCommands(program: Command): void {
  program.addHelpText(
    "after",
    `
Examples:
  kb ingest docs/narrative --data-dir ./memory
  kb search "who guards the northern gate" --data-dir ./memory
  kb keys create game --permissions read,write --data-dir ./memory
  kb serve --data-dir ./memory`,
  );
  addDataCommands(program, (code) => {
    process.exitCode = code;
  });
  addFactCommands(program);
  addGenerationCommands(program);
  addEvalCommand(program);
  addEmbedderCommands(program);
}
