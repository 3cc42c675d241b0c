import { execFile, execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { folderError, makeFolder } from "../../../runtime/make-folder";

const run = promisify(execFile);

/** Runs git and returns what it prints, without the last line break. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["-C", folder, ...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.replace(/\n$/, "");
}

/**
 * Checks a commit out beside the repository's own tree while `work` runs, and removes it whatever happens: when the work fails,
 * when the process is interrupted, and at the next start if it was killed.
 */
export async function withWorktree<T>(
  repository: string,
  folder: string,
  commit: string,
  work: (tree: string) => Promise<T>,
): Promise<T> {
  try {
    makeFolder(folder);
  } catch (error) {
    throw folderError(folder, error, { path: "baseline", where: "the project's folder; a state file needs no folder" });
  }
  removeAbandoned(repository, folder);
  const tree = join(folder, `${commit.slice(0, 12)}-${process.pid}`);
  const remove = (): void => removeTree(repository, tree);
  const stop = (signal: NodeJS.Signals): void => {
    remove();
    process.kill(process.pid, signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, stop);
  process.once("exit", remove);
  try {
    await git(repository, "-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--quiet", tree, commit);
    return await work(tree);
  } finally {
    for (const signal of signals) process.off(signal, stop);
    process.off("exit", remove);
    remove();
  }
}

/** Synchronous, so that it also works while the process ends. */
function removeTree(repository: string, tree: string): void {
  // The link first: nothing may ever delete through it.
  rmSync(join(tree, "node_modules"), { force: true, recursive: false });
  rmSync(tree, { recursive: true, force: true });
  try {
    execFileSync("git", ["-C", repository, "worktree", "prune"], { stdio: "ignore" });
  } catch {
    // Git forgets a missing worktree by itself in time; the folder is gone, which is what counts.
  }
}

/** Trees named after processes that are no more. */
function removeAbandoned(repository: string, folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(/-(\d+)$/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !isAlive(pid)) removeTree(repository, join(folder, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
