import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../../../contracts/input-error";
import { makeFolder } from "../../make-folder";
import { engineHome } from "./engine";
import { initArguments, serverArguments } from "./settings";
import { giveTo, type Runner, runnerFor } from "./unprivileged";

/** Where a server answers, and who may do everything on it. */
export interface ServerAddress {
  /** Always 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  /** Administrator, as RDS's master user. */
  readonly user: string;
  readonly password: string;
}

/** A process to start. */
export interface ServerCommand {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly identity: Runner["identity"];
}

/** The name of the administrator, the same as in the cloud. */
export const administrator = "platform_admin";

/** Milliseconds between two looks at a server that starts or ends. */
const lookMs = 20;
/** Milliseconds that a server of before may take to end in order. */
const endMs = 30_000;

/** Characters that `initdb`, which runs programs by a shell, does not stand in a path. */
const unfit = /["$`\\\n]/;

/** The files of one PostgreSQL server, and how to run it: `data`, the administrator's password, and perhaps `engine`. */
export class Cluster {
  private constructor(
    readonly folder: string,
    private readonly home: string,
    private readonly runner: Runner,
    readonly password: string,
  ) {}

  /**
   * Prepares a folder: makes the database files where they are missing, and ends a server that a killed process has left running on
   * them. The caller makes sure that nobody else uses the folder.
   * @throws InputError for a path that PostgreSQL cannot use, or a system without its programs; Error with one line
   */
  static async prepare(folder: string): Promise<Cluster> {
    refuseUnfit(folder, "the data folder");
    makeFolder(folder, 0o700);
    const home = engineHome(folder);
    refuseUnfit(home, "the project's own folder");
    const runner = runnerFor(join(home, "bin", "postgres"), folder);
    const data = join(folder, "data");
    const passwordFile = join(folder, "password");
    if (!existsSync(data)) await makeCluster(folder, home, runner, passwordFile);
    await endOrphan(data);
    giveTo(data, runner.owner);
    return new Cluster(folder, home, runner, readFileSync(passwordFile, "utf8").trim());
  }

  get data(): string {
    return join(this.folder, "data");
  }

  /** The server's process; SIGINT ends it in order. @param durable Whether what is committed outlives a power cut */
  server(port: number, durable: boolean): ServerCommand {
    return command(this.home, this.runner, "postgres", serverArguments(this.data, port, durable));
  }

  address(port: number): ServerAddress {
    return { host: "127.0.0.1", port, user: administrator, password: this.password };
  }

  /** Whether the server of a process takes connections. */
  isReady(pid: number | undefined): boolean {
    const [first, , , , , , , status] = lockLines(this.data);
    return Number(first) === pid && status?.trim() === "ready";
  }
}

function refuseUnfit(path: string, where: string): void {
  if (!unfit.test(path)) return;
  const allowed = 'a path without ", $, `, \\ and line breaks: PostgreSQL cannot be set up in one';
  throw new InputError({ path: "database", given: path, allowed, where });
}

/** Made beside its place and renamed, so that one that was cut off is not taken for whole. */
async function makeCluster(folder: string, home: string, runner: Runner, passwordFile: string): Promise<void> {
  const draft = join(folder, "data.unfinished");
  rmSync(draft, { recursive: true, force: true });
  writeFileSync(passwordFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  giveTo(passwordFile, runner.owner);
  const init = command(home, runner, "initdb", initArguments(draft, administrator, passwordFile));
  const [program, ...args] = init.command;
  await new Promise<void>((resolve, reject) => {
    execFile(program!, args, { env: init.env, ...init.identity, cwd: "/" }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`PostgreSQL's initdb failed: ${lastLine(`${stdout}\n${stderr}`) ?? error.message}`));
    });
  });
  renameSync(draft, join(folder, "data"));
}

function command(home: string, runner: Runner, program: string, args: readonly string[]): ServerCommand {
  const { PATH, TMPDIR } = process.env;
  return {
    command: [...runner.prefix, join(home, "bin", program), ...args],
    env: { PATH, TMPDIR, LC_ALL: "C", TZ: "UTC" },
    identity: runner.identity,
  };
}

/** Lines of `postmaster.pid`: process, folder, start, port, socket, address, shared memory, status. */
function lockLines(data: string): string[] {
  try {
    return readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}

/** Ends a server that runs on these files still. PostgreSQL itself sees to a lock file whose process is gone. */
async function endOrphan(data: string): Promise<void> {
  const pid = Number(lockLines(data)[0]);
  if (!(pid > 1) || !(await isServer(pid))) return;
  const giveUpAt = Date.now() + endMs;
  process.kill(pid, "SIGINT");
  while (await isServer(pid)) {
    if (Date.now() > giveUpAt) process.kill(pid, "SIGKILL");
    await sleep(lookMs);
  }
}

/** Whether a process is a PostgreSQL server, and not one that got its number later. */
function isServer(pid: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ps = spawn("ps", ["-o", "stat=,args=", "-p", String(pid)], { stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    ps.stdout.on("data", (chunk) => {
      output += chunk;
    });
    ps.once("error", () => resolve(false));
    ps.once("close", () => resolve(/postgres.* -D /.test(output) && !output.trimStart().startsWith("Z")));
  });
}

/** The last line that says why: PostgreSQL writes FATAL and error lines, and hints after them. */
export function lastLine(output: string): string | undefined {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return lines.findLast((line) => /FATAL|error|cannot|could not/i.test(line)) ?? lines.at(-1);
}
