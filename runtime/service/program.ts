import { Command } from "commander";
import { runCommandLine } from "../command-line";
import { createLogger } from "../logger";
import { endAnyway, exitCodes, runMain } from "../main";
import { optionName } from "../settings";
import { heedStopSignals } from "../stop-signal";
import { migrateService, openServiceDatabase } from "./database";
import type { Service } from "./definition";
import { handToHost } from "./hosted";
import { addKeyCommands } from "./key-commands";
import { runBodyThread } from "./large-bodies";
import { openApiDocument } from "./openapi";
import { settingsOf } from "./settings";
import { startService } from "./start";

/**
 * Runs a service as a program: `serve`, `migrate`, `keys`, `openapi`, and what it adds; the process ends with it. In a process that
 * several services share, the host decides when it starts and ends.
 */
export async function runService(service: Service, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  if (runBodyThread() || handToHost(service)) return;
  return runMain(programName(service), () => runServiceCommand(service, args)).then(endAnyway);
}

const programName = ({ contract, definition }: Service): string => definition.program ?? contract.name;

/** Runs one command of a service. @returns The exit code @throws InputError for wrong use */
export async function runServiceCommand(service: Service, args: readonly string[]): Promise<number> {
  const { contract, definition } = service;
  const name = programName(service);
  const program = new Command(name).description(contract.description).configureHelp({ showGlobalOptions: true });
  const serve = program
    .command("serve", { isDefault: true })
    .description("Serve the API until SIGTERM.")
    .option(...dataDirOption)
    .action(({ dataDir, ...given }: Readonly<Record<string, unknown>> & { dataDir?: string }) =>
      serveUntilAsked(service, given, dataDir),
    );
  for (const [setting, { fallback, text }] of Object.entries(settingsOf(service))) {
    const shown = fallback === undefined || fallback === "" ? "" : ` (default ${fallback})`;
    serve.option(`${optionName(setting)} <value>`, `${text}${shown}`);
  }
  if (contract.database) {
    program
      .command("migrate")
      .description("Bring the database's schema up to date, as DB_OWNER where it is set.")
      .option(...dataDirOption)
      .option("--json", "print JSON", false)
      .action(({ dataDir, json }: { dataDir?: string; json: boolean }) => migrate(service, dataDir, json));
    addKeyCommands(program, service);
  }
  program
    .command("openapi")
    .description("Print the OpenAPI document of the API.")
    .action(() => {
      const document = definition.openapi?.() ?? openApiDocument(contract);
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    });
  definition.commands?.(program);
  await runCommandLine(program, args);
  return typeof process.exitCode === "number" ? process.exitCode : exitCodes.fine;
}

export const dataDirOption = [
  "--data-dir <folder>",
  "folder of what the service keeps on this machine (DATA_DIR)",
] as const;

async function serveUntilAsked(
  service: Service,
  given: Readonly<Record<string, unknown>>,
  dataDir: string | undefined,
): Promise<void> {
  const logger = createLogger(service.contract.name);
  const stop = heedStopSignals(logger);
  const running = await startService(service, { given, dataDir, logger });
  stop.serving();
  await stop.wanted;
  await running.stop();
}

async function migrate(service: Service, dataDir: string | undefined, json: boolean): Promise<void> {
  const database = (await openServiceDatabase(service, process.env, dataDir, "owner"))!;
  try {
    const ran = await migrateService(service, database, process.env);
    const lines = ran.length === 0 ? ["nothing to do"] : ran.map((each) => `ran ${each}`);
    process.stdout.write(json ? `${JSON.stringify({ ran })}\n` : `${lines.join("\n")}\n`);
  } finally {
    await database.close();
  }
}
