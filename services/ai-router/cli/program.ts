import { Command } from "commander";
import { runCommandLine } from "../../../runtime/command-line";
import { createLogger } from "../../../runtime/logger";
import { exitCodes } from "../../../runtime/main";
import { optionName } from "../../../runtime/settings";
import { heedStopSignals } from "../../../runtime/stop-signal";
import { openRouterDatabase } from "../database";
import { readOptions, settings } from "../options";
import { startRouter } from "../router";
import { migrate } from "../schema/migrate";
import { addKeyCommands } from "./keys";

const examples = `
Tiers are named by GOLD_URL and SILVER_URL (and GOLD_GROUP, SILVER_GROUP for their metrics), the database by DB_HOST or --data-dir,
the cache by REDIS_HOST, the services' own key by API_KEY.

Examples:
  GOLD_URL=http://127.0.0.1:8000 API_KEY=secret ai-router serve
  ai-router keys create game --rate 600 --tokens-per-day 2000000 --data-dir ./router
  GOLD_URL=http://127.0.0.1:8000 ai-router serve --data-dir ./router --hedge-ms 80`;

/** Runs `ai-router`. @returns The exit code */
export async function runRouterCommand(args: readonly string[]): Promise<number> {
  const program = new Command("ai-router")
    .description("One address for all GPU tiers: picks one by latency budget and streams its answer.")
    .addHelpText("after", examples);
  const serveCommand = program
    .command("serve", { isDefault: true })
    .description("Serve the API until SIGTERM.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .action((given: Record<string, unknown> & { dataDir?: string }) => serve(given));
  for (const [name, { fallback, text }] of Object.entries(settings)) {
    serveCommand.option(`${optionName(name)} <value>`, `${text} (default ${fallback})`);
  }
  program
    .command("migrate")
    .description("Bring the database's schema up to date, as DB_OWNER where it is set.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .action(async ({ dataDir }: { dataDir?: string }) => {
      const database = await openRouterDatabase(process.env, dataDir, "owner");
      try {
        const ran = await migrate(database);
        process.stdout.write(ran.length === 0 ? "nothing to do\n" : ran.map((name) => `ran ${name}\n`).join(""));
      } finally {
        await database.close();
      }
    });
  addKeyCommands(program);
  await runCommandLine(program, args);
  return exitCodes.fine;
}

async function serve({ dataDir, ...given }: Readonly<Record<string, unknown>> & { dataDir?: string }): Promise<void> {
  const logger = createLogger("ai-router");
  const stop = heedStopSignals(logger);
  const router = await startRouter(readOptions(given, process.env), process.env, logger, dataDir);
  stop.serving();
  await stop.wanted;
  await router.stop();
}
