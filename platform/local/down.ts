import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InputError } from "../../contracts/input-error";
import { bundleFolder } from "./bundles";
import { nodePrograms } from "./local-tiers";
import { dataEntries, defaultDataDir, findRunning, isDataDir } from "./run/run-file";

/** Longest that a platform may take to end by itself, in milliseconds; all that it started ends with it. */
const patienceMs = 12_000;

/** What `platform down --local` found and did. */
export interface DownReport {
  /** Process id of the platform that was stopped. */
  readonly stopped?: number;
  /** Folders and files that are gone. */
  readonly purged: readonly string[];
  /** Folders that stay: they hold what is not this command's, or another platform runs on them. */
  readonly kept: readonly string[];
}

/**
 * Stops the platform of a data folder.
 * @param purge Removes the data, the built programs and the toy model as well.
 * @throws InputError for a folder that is none of this command's.
 */
export async function down(projectDir: string, dataDir: string, purge: boolean): Promise<DownReport> {
  const running = findRunning(dataDir);
  if (running !== undefined) await end(dataDir, running.pid);
  if (!purge) return { stopped: running?.pid, purged: [], kept: [] };
  if (!isDataDir(dataDir) && running !== undefined) {
    throw new InputError({
      path: "data-dir",
      given: dataDir,
      allowed: "a folder that platform up made",
      where: "--data-dir",
    });
  }
  const own = isDataDir(dataDir) ? purgeData(dataDir) : { purged: [], kept: [] };
  const shared = [bundleFolder(projectDir), join(projectDir, ".platform", "toy")].filter((folder) =>
    existsSync(folder),
  );
  // Another platform of this project may be made of them.
  const inUse = findRunning(defaultDataDir(projectDir)) !== undefined;
  if (!inUse) for (const folder of shared) rmSync(folder, { recursive: true, force: true });
  const emptied = inUse ? [] : removeEmptied(projectDir);
  return {
    stopped: running?.pid,
    purged: [...own.purged, ...(inUse ? [] : shared), ...emptied],
    kept: [...own.kept, ...(inUse ? shared : [])],
  };
}

/**
 * Removes what evaluations leave: agents bundled for the image of GPU nodes, and folders that hold nothing any more.
 * @returns The folders that are gone.
 */
function removeEmptied(projectDir: string): string[] {
  const images = join(projectDir, "build", "gpu-node");
  for (const name of nodePrograms) rmSync(join(images, `${name}.cjs`), { force: true });
  const gone = [images, join(projectDir, ".platform", "worktrees"), join(projectDir, ".platform")].filter(
    removeIfEmpty,
  );
  // Where it holds nothing but what the evaluation made, the evaluation made it.
  if (gone.includes(images) && removeIfEmpty(dirname(images))) gone.push(dirname(images));
  return gone;
}

function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** Removes what `platform up` put into the folder, and the folder where nothing else is in it. */
function purgeData(dataDir: string): { readonly purged: string[]; readonly kept: string[] } {
  for (const entry of dataEntries) rmSync(join(dataDir, entry), { recursive: true, force: true });
  if (readdirSync(dataDir).length > 0)
    return { purged: dataEntries.map((entry) => join(dataDir, entry)), kept: [dataDir] };
  rmdirSync(dataDir);
  return { purged: [dataDir], kept: [] };
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
