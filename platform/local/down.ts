import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InputError } from "../../contracts/input-error";
import { bundleFolder } from "./bundles";
import { findRunning, isDataDir } from "./run/run-file";

/** Longest that a platform may take to end by itself, in milliseconds; all that it started ends with it. */
const patienceMs = 12_000;

/** What `platform down --local` found and did. */
export interface DownReport {
  /** Process id of the platform that was stopped. */
  readonly stopped?: number;
  /** Folders that are gone. */
  readonly purged: readonly string[];
}

/**
 * Stops the platform of a data folder.
 * @param purge Removes the data, the built programs and the toy model as well.
 * @throws InputError for a folder that is none of this command's.
 */
export async function down(projectDir: string, dataDir: string, purge: boolean): Promise<DownReport> {
  const running = findRunning(dataDir);
  if (running !== undefined) await end(dataDir, running.pid);
  const purged: string[] = [];
  if (purge && isDataDir(dataDir)) purged.push(dataDir);
  else if (purge && running !== undefined) {
    throw new InputError({
      path: "data-dir",
      given: dataDir,
      allowed: "a folder that platform up made",
      where: "--data-dir",
    });
  }
  if (purge) purged.push(bundleFolder(projectDir), join(projectDir, ".platform", "toy"));
  for (const folder of purged) rmSync(folder, { recursive: true, force: true });
  return { stopped: running?.pid, purged };
}

async function end(dataDir: string, pid: number): Promise<void> {
  process.kill(pid, "SIGTERM");
  const since = Date.now();
  while (findRunning(dataDir)?.pid === pid) {
    if (Date.now() - since > patienceMs) {
      process.kill(pid, "SIGKILL");
      // The reaper of that process ends its children within eight seconds.
      return void (await delay(8500));
    }
    await delay(50);
  }
}
