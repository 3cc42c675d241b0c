import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { describeEnd } from "../../../runtime/last-words";
import { LineBuffer } from "../../../runtime/line-buffer";
import { guardGroup, releaseGroup } from "../../../runtime/reaper";
import type { ProcessStatus } from "../state";
import { familyKib } from "./memory";

/** A program that runs here and is looked after. */
export interface ProcessSpec {
  /** Stands in front of every message about it. */
  readonly name: string;
  readonly command: readonly string[];
  /** The whole environment of the process; nothing is added. */
  readonly env: NodeJS.ProcessEnv;
  /** @default the folder of this process */
  readonly cwd?: string;
  /** Healthy while the URL answers 2xx, or the check says so. @default healthy as soon as it runs; `intervalMs` 2000 */
  readonly health?: ({ readonly url: string } | { readonly check: (pid: number) => boolean }) & {
    readonly intervalMs?: number;
  };
  /** User and group of the process. @default those of this one */
  readonly identity?: { readonly uid?: number; readonly gid?: number };
  /** Asks it to end. @default SIGTERM */
  readonly stopSignal?: "SIGINT" | "SIGTERM";
  /** Seconds between the stop signal and SIGKILL. */
  readonly stopSeconds: number;
  /** Whether it is started again when it ends by itself after it has been healthy once. */
  readonly restart: boolean;
  /** Starts it elsewhere than in a process of its own; its memory is that of its host. */
  readonly launch?: (spec: ProcessSpec) => LaunchedProcess;
}

/** What runs, as far as it is looked after: a process, or a program in a shared one. */
export interface LaunchedProcess extends Pick<NodeJS.EventEmitter, "once"> {
  readonly pid?: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Sends a signal to it and what belongs to it. */
  signal(signal: NodeJS.Signals): void;
}

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** One line: name, code or signal, and the last line that it wrote. */
  readonly line: string;
  /** False where it ended by itself. */
  readonly asked: boolean;
  /** Whether it is started again. */
  readonly again: boolean;
}

const startPollMs = 100;
const defaultIntervalMs = 2000;
const healthTimeoutMs = 4000;
/** Failed checks in a row that make a healthy process unhealthy, as ECS counts. */
const missesAllowed = 3;
const firstBackoffMs = 250;
const longestBackoffMs = 10_000;
/** A process that lived this long starts again without delay. */
const steadyMs = 30_000;
/** Reading a process's memory takes a millisecond or two. */
const memoryMs = 2_000;

/**
 * A child process in a group of its own, with health, logs and restart with backoff. The group ends with this process, even when
 * this one is killed.
 */
export class ManagedProcess {
  readonly #lines = new LineBuffer(500);
  readonly #exitListeners = new Set<(exit: ProcessExit) => void>();
  #status: ProcessStatus = "stopped";
  #child: LaunchedProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;
  #startedAt = 0;
  #restarts = 0;
  #backoffMs = firstBackoffMs;
  #again: NodeJS.Timeout | undefined;
  #memory: { readonly at: number; readonly pid?: number; readonly mib?: number } = { at: 0 };

  /** @param onChange Called after each change of status. */
  constructor(
    readonly spec: ProcessSpec,
    private readonly onChange: () => void,
  ) {}

  get status(): ProcessStatus {
    return this.#status;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Times that it was started again after it had ended by itself. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Memory in MiB, of its children too, at most two seconds old; undefined where it does not run or the system does not say. */
  memoryMiB(): number | undefined {
    if (this.pid === undefined || this.spec.launch !== undefined) return undefined;
    const now = Date.now();
    if (now - this.#memory.at >= memoryMs || this.#memory.pid !== this.pid) {
      const kib = familyKib(this.pid);
      this.#memory = { at: now, pid: this.pid, mib: kib === undefined ? undefined : Math.round(kib / 1024) };
    }
    return this.#memory.mib;
  }

  /** The last 500 lines of its output, oldest first. */
  logs(): readonly string[] {
    return this.#lines.lines();
  }

  /** Hears of every end of the process. Returns a function that ends it. */
  onExit(listener: (exit: ProcessExit) => void): () => void {
    this.#exitListeners.add(listener);
    return () => this.#exitListeners.delete(listener);
  }

  /**
   * Starts the process and resolves when it is healthy for the first time.
   * @throws Error with one line when it ends before that.
   */
  start(): Promise<void> {
    this.#stopping = false;
    return this.#launch("starting", false);
  }

  /** The stop signal to the whole group, SIGKILL after `stopSeconds`. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#again);
    if (this.#child === undefined) return this.#become("stopped");
    const child = this.#child;
    this.#become("stopping");
    child.signal(this.spec.stopSignal ?? "SIGTERM");
    const kill = setTimeout(() => child.signal("SIGKILL"), this.spec.stopSeconds * 1000);
    await this.#ended;
    clearTimeout(kill);
  }

  #launch(status: ProcessStatus, provedBefore: boolean): Promise<void> {
    const child = (this.spec.launch ?? startGroup)(this.spec);
    this.#child = child;
    this.#startedAt = Date.now();
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#lines.add(line));
    }
    let proved = provedBefore;
    const watching = new AbortController();
    const healthy = new Promise<void>((resolve, reject) => {
      this.#ended = ended(child).then(({ code, signal, failure }) => {
        watching.abort();
        const line = this.#describe(code, signal, failure);
        reject(new Error(line));
        const again = this.spec.restart && proved && !this.#stopping;
        this.#afterEnd({ code, signal, line, asked: this.#stopping, again });
      });
      child.once("spawn", () => {
        void this.#watch(watching.signal, () => {
          proved = true;
          resolve();
        });
      });
    });
    this.#become(status);
    return healthy;
  }

  #describe(code: number | null, signal: string | null, failure: Error | undefined): string {
    const { name, command } = this.spec;
    if (failure !== undefined) return `${name}: ${command[0]} could not run: ${failure.message}`;
    return describeEnd(name, signal ?? `code ${code}`, this.#lines.lines());
  }

  #afterEnd(exit: ProcessExit): void {
    if (this.#child?.pid !== undefined && this.spec.launch === undefined) releaseGroup(this.#child.pid);
    this.#child = undefined;
    if (exit.again) {
      if (Date.now() - this.#startedAt > steadyMs) this.#backoffMs = firstBackoffMs;
      this.#again = setTimeout(() => {
        this.#restarts += 1;
        this.#launch("restarting", true).catch(() => undefined);
      }, this.#backoffMs);
      this.#backoffMs = Math.min(this.#backoffMs * 2, longestBackoffMs);
    }
    this.#become(exit.again ? "restarting" : "stopped");
    for (const listener of this.#exitListeners) listener(exit);
  }

  /** Asks for its health until it has ended: often while it starts, then at the interval of the spec. */
  async #watch(signal: AbortSignal, onFirst: () => void): Promise<void> {
    const { health } = this.spec;
    if (health === undefined) {
      onFirst();
      return this.#become("healthy");
    }
    let proved = false;
    let misses = 0;
    while (!signal.aborted) {
      const answered = "url" in health ? await answers(health.url, signal) : health.check(this.pid!);
      if (signal.aborted || this.#stopping) return;
      misses = answered ? 0 : misses + 1;
      if (answered) {
        if (!proved) onFirst();
        proved = true;
        this.#become("healthy");
      } else if (proved && misses >= missesAllowed) this.#become("unhealthy");
      await delay(proved ? (health.intervalMs ?? defaultIntervalMs) : startPollMs, undefined, { signal }).catch(
        () => undefined,
      );
    }
  }

  #become(status: ProcessStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.onChange();
  }
}

/** Starts a process in a group of its own, which ends with this one. */
function startGroup({ command, env, cwd, identity, stopSignal }: ProcessSpec): LaunchedProcess {
  const child = spawn(command[0]!, command.slice(1), {
    ...{ env, cwd, ...identity },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  if (child.pid !== undefined) guardGroup(child.pid, stopSignal === "SIGINT" ? "INT" : "TERM");
  return Object.assign(child, { signal: (signal: NodeJS.Signals) => signalGroup(child.pid, signal) });
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly failure?: Error;
}

/** Resolves when the process has ended and its output is read; what it left behind in its group is killed then. */
function ended(child: LaunchedProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once("error", (failure) => resolve({ code: null, signal: null, failure }));
    child.once("exit", () => {
      child.signal("SIGKILL");
      void closeOnceRead([child.stdout, child.stderr]);
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

/**
 * Closes what an ended process wrote to once all of it has been read, since a grandchild that has left the group may hold it open.
 * What is in a pipe is read in the next turn of the event loop: a turn without any has read everything, however slow the machine.
 */
async function closeOnceRead(streams: readonly (Readable | null)[]): Promise<void> {
  let read = true;
  for (const stream of streams) {
    stream?.on("data", () => {
      read = true;
    });
  }
  for (let quietTurns = 0; quietTurns < 2; quietTurns = read ? 0 : quietTurns + 1) {
    read = false;
    await nextTurn();
  }
  for (const stream of streams) stream?.destroy();
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(healthTimeoutMs)]) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
