import { exitCodes } from "../../runtime/main";
import { endpoints } from "./endpoints";
import { startLocalPlatform } from "./platform";
import { createPorts } from "./ports";
import type { LocalDatabase } from "./realise/database-environment";
import type { LocalPlatform } from "./run/local-platform";
import { dataDirError, takeDataDir } from "./run/run-file";
import { createSteps } from "./terminal/steps";
import { summaryLines } from "./terminal/summary";
import type { ScalingPace } from "./tiers/group";

/** What `platform up --local` was asked for. */
export interface UpOptions {
  readonly projectDir: string;
  readonly stack: string;
  readonly dataDir: string;
  readonly portBase: number;
  readonly only: readonly string[];
  readonly database: LocalDatabase;
  readonly pace: ScalingPace;
  readonly json: boolean;
  readonly watch: boolean;
  /** GGUF file that the nodes serve. @default the toy */
  readonly model?: string;
}

/** Longest that stopping may take before everything is cut off, in milliseconds. */
const stopMs = 10_000;

/** Runs the platform until SIGINT or SIGTERM. A second one ends it at once. @returns The exit code. */
export async function up(options: UpOptions): Promise<number> {
  const stream = options.json ? process.stderr : process.stdout;
  const steps = createSteps(stream, stream.isTTY === true);
  const ending = endSignal();
  const folder = takeDataDir(options.dataDir, options.stack);
  ending.addEventListener("abort", () => {
    steps.end();
    stream.write("\nStopping: answers under way may end first ...\n");
  });
  try {
    const platform = await startLocalPlatform({ ...options, ports: createPorts(options.portBase), steps }, ending);
    steps.end();
    folder.publish({ console: platform.console?.url, events: platform.parts.events.url });
    announce(platform, options);
    const watching = options.watch ? platform.watch(options.projectDir, (line) => steps.say(line)) : undefined;
    await ended(ending);
    watching?.close();
    await within(stopMs, platform.stop());
  } catch (error) {
    steps.end();
    // Asked to stop half-way: what had started is down again.
    if (error !== ending.reason) {
      throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? dataDirError(options.dataDir, error) : error;
    }
  } finally {
    folder.release();
  }
  stream.write("Stopped; nothing is left running.\n");
  return exitCodes.fine;
}

function announce(platform: LocalPlatform, { json }: UpOptions): void {
  const list = endpoints(platform);
  const text = json
    ? JSON.stringify({ endpoints: list, state: platform.state() })
    : summaryLines(platform, list).join("\n");
  process.stdout.write(`${text}\n`);
}

/** Aborts at the first SIGINT, SIGTERM or SIGHUP; the second one ends the process, and with it all that it started. */
export function endSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCodes.findings);
      controller.abort(new Error(`${signal} ended it on its way up`));
    });
  }
  return controller.signal;
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Gives up after the time; what is left then ends with this process. */
async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
