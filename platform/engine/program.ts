import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Duplex, Readable } from "node:stream";
import { EvaluationError } from "./errors";
import type { Project } from "./project";
import type { StackConfig } from "./stack-config";

/** Written `--require=...`: a bare `--require` would make the runner believe that the user brought a loader. */
const preload = join(__dirname, "program-preload.cjs");

/** MiB for young objects: room from the start saves collections, and more would cost several times that in memory. */
const nursery = ["--min-semi-space-size=8", "--max-semi-space-size=8"];

export interface ProgramOptions {
  readonly project: Project;
  readonly stack: string;
  readonly organization: string;
  readonly config: StackConfig;
  /** `host:port` of the engine. */
  readonly address: string;
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What the program's process says about a call of `process.exit`. */
export interface ExitReport {
  readonly code: number;
  readonly stack: string;
}

const deadlySignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The user's program, run by the runner of its own Pulumi SDK in a process group of its own. */
export class Program {
  private readonly ended: Promise<ProgramEnd>;
  private report = "";
  /** Our own end must not leave the program behind. */
  private readonly onExit = (): void => this.kill();
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    this.stop();
    // Others that listen have said what the signal means; where nobody does it ends this process, as if we had not listened.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  private constructor(private readonly child: ChildProcess) {
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", () => this.kill());
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    (child.stdio[3] as Readable | null)?.setEncoding("utf8").on("data", (text: string) => {
      this.report += text;
    });
    process.once("exit", this.onExit);
    for (const signal of deadlySignals) process.once(signal, this.onSignal);
  }

  /** Starts the program with the arguments and environment that Pulumi's language host gives it. */
  static start(options: ProgramOptions): Program {
    const { project } = options;
    const runner = findRunner(project);
    const given = [...nursery, ...project.nodeArgs, `--require=${preload}`, runner, ...runnerArguments(options)];
    const child = spawn(process.execPath, given, {
      cwd: project.pwd,
      env: environment(options, runner),
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of ["stdout", "stderr"] as const) {
      const input = child[stream];
      if (input !== null) createInterface({ input }).on("line", (line) => options.onLine(stream, line));
    }
    return new Program(child);
  }

  /** The program's calls come and are answered here. */
  get pipe(): Duplex {
    return this.child.stdio[4] as Duplex;
  }

  /** Waits for the end of the process and of its output; kills it when `timeoutMs` have passed. */
  async wait(timeoutMs: number): Promise<{ end: ProgramEnd; timedOut: boolean }> {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      this.kill();
    }, timeoutMs);
    try {
      return { end: await this.ended, timedOut };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Who called `process.exit`, when the program ended that way. */
  get exitReport(): ExitReport | undefined {
    if (this.report === "") return undefined;
    const { exit, stack }: { exit: number; stack: string } = JSON.parse(this.report);
    return { code: exit, stack };
  }

  /** Ends the program and everything it started, and lets go of our own exit handlers. */
  stop(): void {
    process.off("exit", this.onExit);
    for (const signal of deadlySignals) process.off(signal, this.onSignal);
    this.kill();
  }

  private kill(): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The group is gone already.
    }
  }
}

function findRunner(project: Project): string {
  try {
    return createRequire(join(project.pwd, "package.json")).resolve("@pulumi/pulumi/cmd/run/index.js");
  } catch {
    throw new EvaluationError(
      "project",
      `${project.pwd}: @pulumi/pulumi is not installed here or above; run npm install first`,
    );
  }
}

function runnerArguments({ project, stack, organization, address }: ProgramOptions): string[] {
  return [
    `--monitor=${address}`,
    `--engine=${address}`,
    `--organization=${organization}`,
    `--project=${project.name}`,
    `--root-directory=${project.root}`,
    `--stack=${stack}`,
    `--pwd=${project.pwd}`,
    "--dry-run",
    "--parallel=16",
    project.entryPoint,
  ];
}

function environment({ project, config }: ProgramOptions, runner: string): NodeJS.ProcessEnv {
  const { TRACEPARENT: _traced, ...inherited } = process.env;
  return {
    ...inherited,
    PULUMI_CONFIG: JSON.stringify(config.values),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys),
    ...(project.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
    ...(project.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: project.tsconfig }),
    PLATFORM_ENGINE_RUNNER: runner,
    // grpc-js would send even loopback traffic through a proxy that the environment names.
    no_grpc_proxy: "127.0.0.1",
  };
}
