import { Command } from "commander";
import { runCommandLine, wholeNumber } from "../../../runtime/command-line";
import { exitCodes } from "../../../runtime/main";
import { migrationTarget, openDatabase } from "../database/open";
import { migrate } from "../schema/migrate";
import { addDataCommands } from "./data-commands";
import { addFactCommands } from "./fact-commands";
import { addGenerationCommands } from "./generation-commands";
import { addKeyCommands } from "./key-commands";
import { print } from "./output";
import { serve } from "./serve";

/** Runs `kb`. @returns The exit code */
export async function runKb(args: readonly string[]): Promise<number> {
  const program = new Command("kb");
  program
    .description("Story memory: ingest narrative documents, search them, serve the API.")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      "after",
      `
Examples:
  kb ingest docs/narrative --data-dir ./memory
  kb search "who guards the northern gate" --data-dir ./memory
  kb keys create game --permissions read,write --data-dir ./memory
  kb serve --data-dir ./memory`,
    );
  let code: number = exitCodes.fine;
  const done = (value: number) => {
    code = value;
  };

  program
    .command("serve")
    .description("Serve the HTTP API until SIGTERM.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--host <address>", "address to listen on, as HOST (default 127.0.0.1)")
    .option("--port <number>", "port to listen on, as PORT", wholeNumber("--port", 0, 65_535))
    .action((options: { dataDir?: string; host?: string; port?: number }) => serve(process.env, options));

  program
    .command("migrate")
    .description("Bring the database's schema up to date, as DB_OWNER where it is set.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--json", "print JSON", false)
    .action(async ({ dataDir, json }: { dataDir?: string; json: boolean }) => {
      const database = await openDatabase(migrationTarget(process.env, dataDir));
      try {
        const ran = await migrate(database);
        print(json, { ran }, () => (ran.length === 0 ? ["nothing to do"] : ran.map((name) => `ran ${name}`)));
      } finally {
        await database.close();
      }
    });

  addDataCommands(program, done);
  addFactCommands(program);
  addKeyCommands(program);
  addGenerationCommands(program);

  await runCommandLine(program, args);
  return code;
}
