import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { guardGroup, releaseGroup } from "../../../runtime/reaper";
import type { LaunchedProcess, ProcessSpec } from "./managed-process";

/** What the host says of one of its programs. */
type Said = { readonly id: string } & ({ readonly line: string } | { readonly exit: number });

/**
 * One process for small programs. Their bundles leave their packages outside, so that the process loads each package once: 20 services on
 * the kit take 86 MiB there, 2.5 for each further one, and 372 with packages inside (docs/services.md). Output, health, restart and end of each are its own. An error that nobody catches ends the process, and all of its programs come back in another one. Started with the first
 * program.
 */
export class SharedHost {
  #child: ChildProcess | undefined;
  readonly #hosted = new Map<string, HostedProcess>();
  #count = 0;

  /** Process id of the host; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts a program in the host: for `ProcessSpec.launch`. Its command is `node FILE serve`. */
  launch = ({ name, command, env }: ProcessSpec): LaunchedProcess => {
    const host = this.#running(env);
    this.#count += 1;
    const id = `${name} ${this.#count}`;
    const hosted = new HostedProcess(
      name,
      host.pid,
      (signal) => host.connected && host.send({ signal: id, name: signal }),
    );
    this.#hosted.set(id, hosted);
    host.send({ start: id, file: command[1], env });
    // Listeners are added after this returns.
    setImmediate(() => hosted.emit("spawn"));
    return hosted;
  };

  /** Ends the host with what still runs in it. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    await gone;
  }

  /** @param env That of the first program: the SDK's clients read AWS_* of the process, which are the same for all. */
  #running(env: NodeJS.ProcessEnv): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const child = spawn(process.execPath, [join(__dirname, "service-host.cjs")], {
      env: Object.fromEntries(Object.entries(env).filter(([name]) => /^(?:AWS_|PATH$|NODE_COMPILE_CACHE$)/.test(name))),
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#child = child;
    if (child.pid !== undefined) guardGroup(child.pid);
    child.on("message", (said: Said) => this.#hear(said));
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on("line", (line) => this.#route(line));
    }
    child.once("error", () => this.#lost(child));
    child.once("exit", () => this.#lost(child));
    return child;
  }

  #hear(said: Said): void {
    const hosted = this.#hosted.get(said.id);
    if (hosted === undefined) return;
    if ("line" in said) {
      hosted.stdout.write(`${said.line}\n`);
      return;
    }
    this.#hosted.delete(said.id);
    hosted.end(said.exit, null);
  }

  /** Log lines name their program; what names none may be anyone's. */
  #route(line: string): void {
    const [, name] = /"name":"([^"]+)"/.exec(line) ?? [];
    for (const hosted of this.#hosted.values()) {
      if (name === undefined || hosted.name === name) hosted.stderr.write(`${line}\n`);
    }
  }

  #lost(child: ChildProcess): void {
    if (child.pid !== undefined) releaseGroup(child.pid);
    if (this.#child === child) this.#child = undefined;
    const hosted = [...this.#hosted.values()];
    this.#hosted.clear();
    for (const each of hosted) each.end(null, "SIGKILL");
  }
}

/** A program in the host, as a process looks to who watches it. */
class HostedProcess extends EventEmitter implements LaunchedProcess {
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();

  constructor(
    readonly name: string,
    readonly pid: number | undefined,
    readonly signal: (signal: NodeJS.Signals) => void,
  ) {
    super();
  }

  end(code: number | null, signal: NodeJS.Signals | null): void {
    this.emit("exit", code, signal);
    this.stdout.end();
    this.stderr.end();
    this.emit("close", code, signal);
  }
}
