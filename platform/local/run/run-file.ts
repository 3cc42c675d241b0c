import { existsSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../../contracts/input-error";
import { folderError, makeFolder } from "../../../runtime/make-folder";
import { writeWhole } from "./write-whole";

/** What a running platform leaves in its data folder for others to find it. */
export interface RunningPlatform {
  readonly pid: number;
  /** Start of the process in clock ticks since boot, where the system says it: a process id may be somebody else's by now. */
  readonly started?: string;
  readonly stack: string;
  /** Address of the console page, once it listens. */
  readonly console?: string;
  /** Address of its SNS and SQS. */
  readonly events?: string;
}

/** In every data folder that this command made; a folder without it is never purged. */
const markerFile = "game-ai-platform-local";

/** The data folder of a project where none is named. */
export const defaultDataDir = (projectDir: string): string => join(projectDir, ".platform", "local");

const runFile = (dataDir: string): string => join(dataDir, "run.json");

/**
 * Makes the data folder and takes it for this process.
 * @returns Gives it back.
 * @throws InputError naming the process and its console where another one runs, or the folder that cannot be written.
 */
export function takeDataDir(
  dataDir: string,
  stack: string,
): {
  publish(found: Pick<RunningPlatform, "console" | "events">): void;
  release(): void;
} {
  const me: RunningPlatform = { pid: process.pid, started: startOf(process.pid), stack };
  if (!isDataDir(dataDir) && !isEmptyOrMissing(dataDir)) {
    throw new InputError({
      path: "data-dir",
      given: dataDir,
      allowed: "a new or empty folder, or one that platform up made before",
      where: "--data-dir",
    });
  }
  try {
    makeFolder(dataDir, 0o700);
    writeWhole(
      join(dataDir, markerFile),
      "Data of the platform on this machine; `platform down --local --purge` removes it.\n",
    );
    claim(dataDir, me);
  } catch (error) {
    throw InputError.isInstance(error) ? error : dataDirError(dataDir, error);
  }
  return {
    publish: (found) => writeWhole(runFile(dataDir), JSON.stringify({ ...me, ...found })),
    release: () => rmSync(runFile(dataDir), { force: true }),
  };
}

function claim(dataDir: string, me: RunningPlatform): void {
  for (;;) {
    try {
      const handle = openSync(runFile(dataDir), "wx", 0o600);
      writeSync(handle, JSON.stringify(me));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const other = findRunning(dataDir);
    if (other !== undefined) throw alreadyRuns(dataDir, other);
    rmSync(runFile(dataDir), { force: true });
  }
}

/** The platform that runs on a data folder; undefined where none does. */
export function findRunning(dataDir: string): RunningPlatform | undefined {
  try {
    const found = JSON.parse(readFileSync(runFile(dataDir), "utf8")) as RunningPlatform;
    return isAlive(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Also true for what cannot be read, which is told apart when it is written to. */
function isEmptyOrMissing(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return true;
  }
}

/** What this command puts into a data folder; nothing else is ever removed from one. */
export const dataEntries: readonly string[] = ["databases", "postgres", "secrets.json", "run.json", markerFile];

/** True for a folder that this command made. */
export const isDataDir = (folder: string): boolean => existsSync(join(folder, markerFile));

function alreadyRuns(dataDir: string, { pid, console, stack }: RunningPlatform): InputError {
  const where = console === undefined ? "it is starting" : `its console is at ${console}`;
  return new InputError({
    path: "data-dir",
    given: dataDir,
    allowed: `a folder that no other platform uses: process ${pid} runs ${stack} there, ${where}; stop it with platform down --local`,
    where: "--data-dir",
  });
}

/** The data folder that cannot be made or written. */
export const dataDirError = (dataDir: string, error: unknown): InputError =>
  folderError(dataDir, error, { path: "data-dir", where: "--data-dir" });

function isAlive({ pid, started }: RunningPlatform): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const now = startOf(pid);
  return started === undefined || now === undefined || now === started;
}

/** Field 22 of /proc/PID/stat; undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
