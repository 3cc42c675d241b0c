import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes } from "../../../runtime/main";
import { type DownReport, down } from "../../local/down";
import { findProject } from "../project";
import { localDataDir, requireLocal } from "./up";

interface DownFlags {
  readonly local?: boolean;
  readonly cwd: string;
  readonly purge?: boolean;
  readonly json?: boolean;
  readonly dataDir?: string;
}

/** `platform down --local`: ends what `platform up --local` started. */
export function registerDown(program: Command): void {
  program
    .command("down")
    .description("Stops the platform on this machine.")
    .option("--local", "on this machine; for the cloud there is pulumi destroy")
    .option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it", ".")
    .option("--purge", "remove its data and its built programs as well")
    .option("--json", "print what was done as JSON")
    .option("--data-dir <folder>", "where data is kept (default: .platform/local of the project)")
    .addHelpText(
      "after",
      `
Examples:
  platform down --local            stop it; its data stays
  platform down --local --purge    leave no trace of it`,
    )
    .action(async (flags: DownFlags) => {
      requireLocal("down", flags.local, "pulumi destroy");
      const projectDir = findProject(resolve(flags.cwd));
      const report = await down(projectDir, localDataDir(projectDir, flags.dataDir), flags.purge === true);
      process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : `${describe(report)}\n`);
      process.exitCode = exitCodes.fine;
    });
}

function describe({ stopped, purged, kept }: DownReport): string {
  const first = stopped === undefined ? "Nothing was running." : `Stopped process ${stopped} and all that it started.`;
  const left = kept.map((folder) => `Left ${folder}: it holds what is not the platform's, or another one runs on it`);
  return [first, ...purged.map((folder) => `Removed ${folder}`), ...left].join("\n");
}
