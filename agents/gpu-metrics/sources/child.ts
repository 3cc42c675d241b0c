import { type ChildProcess, spawn } from "node:child_process";

export interface ChildEvents {
  /** A complete line of standard output or standard error, without its line feed. */
  line(text: string, stream: "stdout" | "stderr"): void;
  /** The child has ended, could not be started, or was silent for too long. Called once. */
  ended(reason: string): void;
}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Milliseconds of silence after which the child counts as hanging. */
  readonly silenceMs: number;
  /** Milliseconds between SIGTERM and SIGKILL. @default 1000 */
  readonly killMs?: number;
}

/** Longest line that is kept; a child that writes no line feed must not fill the memory. */
const longestLine = 16_384;
/** Milliseconds after SIGKILL after which a child counts as stuck in the kernel. */
const stuckMs = 2000;

/** One long-lived child that writes lines, watched for silence. Text after the last line feed is no line and is dropped. */
export class LineChild {
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private silence: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(
    private readonly options: ChildOptions,
    private readonly events: ChildEvents,
  ) {
    this.child = spawn(options.command, options.args, { stdio: ["ignore", "pipe", "pipe"], env: childEnvironment() });
    this.exited = new Promise((resolve) => {
      this.child.once("error", (error) => {
        this.end(`cannot run ${options.command}: ${error.message}`);
        resolve();
      });
      this.child.once("exit", () => resolve());
      // After `close` no output can follow, so that the last lines come before the end.
      this.child.once("close", (code, signal) => {
        this.end(`${options.command} ended with ${signal === null ? `exit code ${code}` : signal}`);
      });
    });
    this.read("stdout");
    this.read("stderr");
    this.watch();
  }

  /** True until the process is gone; a process in uninterruptible sleep stays even after SIGKILL. */
  isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends the child: SIGTERM, then SIGKILL, then gives up. No event follows. */
  async stop(): Promise<void> {
    this.ended = true;
    clearTimeout(this.silence);
    if (!this.isRunning()) return;
    this.child.kill("SIGTERM");
    const timers = [setTimeout(() => this.child.kill("SIGKILL"), this.options.killMs ?? 1000)];
    await Promise.race([
      this.exited,
      new Promise<void>((resolve) => {
        timers.push(setTimeout(resolve, (this.options.killMs ?? 1000) + stuckMs));
      }),
    ]);
    for (const timer of timers) clearTimeout(timer);
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
    if (this.isRunning()) this.child.unref();
  }

  private read(name: "stdout" | "stderr"): void {
    const stream = this.child[name];
    if (stream === null) return;
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("error", () => undefined);
    stream.on("data", (chunk: string) => {
      if (this.ended) return;
      if (name === "stdout") this.watch();
      const lines = (rest + chunk).split("\n");
      rest = (lines.pop() ?? "").slice(-longestLine);
      for (const line of lines) if (!this.ended) this.events.line(line.slice(0, longestLine), name);
    });
  }

  private watch(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(
      () => this.end(`${this.options.command} wrote nothing for ${this.options.silenceMs} ms`),
      this.options.silenceMs,
    );
    this.silence.unref();
  }

  private end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.silence);
    this.events.ended(reason);
  }
}

/** Numbers and messages must come out as the parsers know them. */
function childEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: "C", LANG: "C" };
}
