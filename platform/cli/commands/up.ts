import { join, resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../../contracts/input-error";
import { attachedDatabase } from "../../local/attach";
import { modelPath } from "../../local/models/model-files";
import { parsePortBase } from "../../local/ports";
import { defaultDataDir } from "../../local/run/run-file";
import { smoke } from "../../local/smoke/smoke";
import { type UpOptions, up } from "../../local/up";
import { list } from "../options";
import { findProject } from "../project";

interface UpFlags {
  readonly local?: boolean;
  readonly stack: string;
  readonly cwd: string;
  readonly smoke?: boolean;
  readonly json?: boolean;
  readonly portBase?: number;
  readonly only?: string[];
  readonly attach?: string;
  readonly watch: boolean;
  readonly awsPace?: boolean;
  readonly dataDir?: string;
  readonly model?: string;
}

/** First port where none is chosen: below the ports that systems give out by themselves. */
const defaultPortBase = 7400;

/** Stacks that are made for the cloud alone: one refuses what this machine must leave out, the other has nothing to run. */
const cloudStacks = ["prod", "shared"];

const examples = `
Everything listens on loopback. The edge has the first port, the console the next; services and tiers follow.
With --smoke the data folder is a temporary one and the ports are free ones, unless they are chosen.

Examples:
  platform up --local                                      the dev stack on this machine, until Ctrl-C
  platform up --local --only knowledge-base                one part of it
  platform up --local --only ai-router,tiers               the router with the GPU tiers
  platform up --local --model model.gguf                   a real model speaks, as each archetype's persona
  platform up --local --port-base 9000                     other ports; 0 takes free ones
  LOCAL_DB_PASSWORD=secret platform up --local --attach 127.0.0.1:5432
  platform up --local --smoke                              a request through every endpoint, JSON, and down again
  platform down --local --purge                            stop it and remove its data
`;

/** `platform up --local`: the stack, realised on this machine. */
export function registerUp(program: Command): void {
  program
    .command("up")
    .description("Runs the platform on this machine, from the evaluated program.")
    .option("--local", "on this machine; for the cloud there is pulumi up")
    .option("-s, --stack <name>", "stack to evaluate", "dev")
    .option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it", ".")
    .option("--smoke", "bring it up, send a request through every endpoint, print JSON, take it down")
    .option("--json", "print endpoints and state as JSON once it is up")
    .option("--port-base <port>", `first port; 0 takes free ones (default: ${defaultPortBase})`, parsePortBase)
    .option(
      "--only <names>",
      "parts to run: services by name, and tiers",
      list("--only", "services by name, and tiers"),
    )
    .option("--attach <host:port>", "PostgreSQL with pgvector on loopback; LOCAL_DB_USER, LOCAL_DB_PASSWORD sign in")
    .option("--no-watch", "do not restart a program when its source changes")
    .option(
      "--aws-pace",
      "scaling waits as long as on AWS: 15 minutes to shrink, 300 s of warm-up (else a minute, 20 s)",
    )
    .option(
      "--model <file>",
      "a real model on one node for both tiers: a GGUF file, or a name of `platform model list`",
    )
    .option("--data-dir <folder>", "where data is kept (default: .platform/local of the project)")
    .addHelpText("after", examples)
    .action(async (flags: UpFlags) => {
      process.exitCode = await run(flags);
    });
}

async function run(flags: UpFlags): Promise<number> {
  requireLocal("up", flags.local, "pulumi up");
  if (cloudStacks.includes(flags.stack) || flags.stack.trim() === "") {
    throw new InputError({
      path: "stack",
      given: flags.stack,
      allowed:
        "dev, or a name of an ephemeral stack such as pr-7: what this machine runs is no stand-in for production",
      where: "--stack",
    });
  }
  const projectDir = findProject(resolve(flags.cwd));
  const dataDir =
    flags.smoke && flags.dataDir === undefined
      ? join(projectDir, ".platform", `smoke-${process.pid}`)
      : localDataDir(projectDir, flags.dataDir);
  const options: UpOptions = {
    projectDir,
    stack: flags.stack,
    dataDir,
    portBase: flags.portBase ?? (flags.smoke ? 0 : defaultPortBase),
    only: flags.only ?? [],
    database: flags.attach === undefined ? { kind: "own", dataDir } : attachedDatabase(flags.attach),
    pace: flags.awsPace ? "aws" : "quick",
    json: flags.json === true,
    watch: flags.watch,
    ...(flags.model !== undefined && { model: modelPath(flags.model, projectDir) }),
  };
  return flags.smoke ? smoke(options, flags.dataDir === undefined) : up(options);
}

/** The folder that `--data-dir` names, or the project's own. */
export const localDataDir = (projectDir: string, given: string | undefined): string =>
  given === undefined ? defaultDataDir(projectDir) : resolve(named(given));

function named(folder: string): string {
  if (folder.trim() !== "") return folder;
  throw new InputError({ path: "data-dir", given: folder, allowed: "the name of a folder", where: "--data-dir" });
}

/** @throws InputError where `--local` is left out. */
export function requireLocal(command: string, local: boolean | undefined, instead: string): void {
  if (local) return;
  throw new InputError({
    path: command,
    given: undefined,
    allowed: `--local, for this machine; for the cloud there is ${instead}`,
    where: "the command line",
  });
}
