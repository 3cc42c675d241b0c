import { rmSync } from "node:fs";
import { exitCodes } from "../../../runtime/main";
import { startLocalPlatform } from "../platform";
import { createPorts } from "../ports";
import type { LocalPlatform } from "../run/local-platform";
import { takeDataDir } from "../run/run-file";
import { createSteps } from "../terminal/steps";
import { endSignal, type UpOptions } from "../up";
import { type Check, checksOf, skippedChecks } from "./checks";
import { descendants, MemoryWatch } from "./process-tree";

/** Bars of the whole, after installation, on two cores. */
const bars = { seconds: 60, memoryMiB: 1536, stopSeconds: 10 } as const;

interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly note: string;
}

/** What the smoke test prints. */
export interface SmokeReport {
  readonly passed: number;
  readonly failed: number;
  /** Checks that this system does not allow, and why. */
  readonly skipped: ReturnType<typeof skippedChecks>;
  /** Seconds from the start of the command. */
  readonly seconds: { readonly ready: number; readonly stop: number; readonly total: number };
  /** Largest sum of memory over all processes, MiB. */
  readonly peakMiB: number;
  readonly bars: typeof bars & { readonly met: boolean };
  readonly checks: readonly CheckResult[];
}

/**
 * Brings the platform up, sends a request through every endpoint, takes it down, prints the report as JSON.
 * @param temporary Whether the data folder goes afterwards.
 * @returns 0 where everything answered as it should, else 1. The bars are reported, not judged: a machine may be busy.
 */
export async function smoke(options: UpOptions, temporary: boolean): Promise<number> {
  const started = performance.now();
  const since = (from: number): number => Math.round((performance.now() - from) / 100) / 10;
  const memory = new MemoryWatch();
  const ending = endSignal();
  const steps = createSteps(process.stderr, process.stderr.isTTY === true);
  ending.addEventListener("abort", () => steps.end());
  const folder = takeDataDir(options.dataDir, options.stack);
  try {
    const platform = await startLocalPlatform({ ...options, ports: createPorts(options.portBase), steps }, ending);
    const ready = since(started);
    const checks = await runAll(checksOf(platform));
    const stopping = performance.now();
    checks.push(await timed({ name: "everything ends", run: () => stopAll(platform) }));
    const stop = since(stopping);
    steps.end();
    const failed = checks.filter(({ ok }) => !ok).length;
    const skipped = skippedChecks();
    const total = since(started);
    const peakMiB = memory.peakMiB();
    const met = total <= bars.seconds && peakMiB <= bars.memoryMiB && stop <= bars.stopSeconds;
    const report: SmokeReport = {
      passed: checks.length - failed,
      failed,
      skipped,
      seconds: { ready, stop, total },
      peakMiB,
      bars: { ...bars, met },
      checks,
    };
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    process.stderr.write(`smoke: ${report.passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
    for (const { name, reason } of skipped) process.stderr.write(`skipped: ${name}: ${reason}\n`);
    return failed === 0 ? exitCodes.fine : exitCodes.findings;
  } finally {
    memory.end();
    folder.release();
    if (temporary) rmSync(options.dataDir, { recursive: true, force: true });
  }
}

/** All at once, as players come. */
function runAll(checks: readonly Check[]): Promise<CheckResult[]> {
  return Promise.all(checks.map(timed));
}

async function timed({ name, run }: Check): Promise<CheckResult> {
  const started = performance.now();
  const result = await run().then(
    (note) => ({ ok: true, note }),
    (error: unknown) => ({ ok: false, note: error instanceof Error ? error.message : String(error) }),
  );
  return { name, ms: Math.round(performance.now() - started), ...result };
}

/** Helpers of this process itself, which end with it: the reaper's shell, and the TypeScript loader's compiler. */
const ours = ["sh", "esbuild"];

async function stopAll(platform: LocalPlatform): Promise<string> {
  await platform.stop();
  const left = descendants(process.pid).filter(({ name }) => !ours.includes(name));
  if (left.length > 0) throw new Error(`still running: ${left.map(({ name, pid }) => `${name} (${pid})`).join(", ")}`);
  return "no process left";
}
