import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describeEnd } from "../../../runtime/last-words";
import { LineBuffer } from "../../../runtime/line-buffer";
import type { Logger } from "../../../runtime/logger";

/** Lines among which the reason of an end is looked for. */
const linesKept = 50;

export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A child process in a group of its own, so that its workers go with it. Its output becomes debug lines of the log. */
export class ManagedProcess {
  readonly #child: ChildProcess;
  /** Resolves with a sentence when the process has ended or could not start. */
  readonly ended: Promise<string>;

  constructor(spec: ProcessSpec, logger: Logger) {
    this.#child = spawn(spec.command, [...spec.args], {
      env: { ...process.env, ...spec.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const said = new LineBuffer(linesKept);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        said.add(line);
        logger.debug({ engine: this.pid }, line);
      });
    }
    // A host that ends without stopping it, as a second SIGTERM asks, leaves no engine behind.
    const end = () => this.killGroup();
    process.once("exit", end);
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(`${spec.command} could not run: ${error.message}`));
      this.#child.once("exit", (code, signal) => {
        // What it wrote last is read in the next turn of the event loop.
        setImmediate(() => resolve(describeEnd(spec.command, signal ?? `code ${code}`, said.lines())));
      });
    });
    void this.ended.then(() => process.off("exit", end));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGTERM, and SIGKILL to the whole group when it takes longer than the grace. */
  async stop(graceMs: number): Promise<void> {
    if (!this.running) return;
    this.#child.kill("SIGTERM");
    const kill = setTimeout(() => this.killGroup(), graceMs);
    await this.ended;
    clearTimeout(kill);
  }

  /** SIGKILL to the process and its workers, at once. */
  killGroup(): void {
    try {
      if (this.pid !== undefined) process.kill(-this.pid, "SIGKILL");
    } catch {
      this.#child.kill("SIGKILL");
    }
  }
}
