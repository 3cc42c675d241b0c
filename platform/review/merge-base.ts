import { git } from "../plan/baseline/worktree";

/** What a branch is compared with. */
export interface ComparedWith {
  /** The git ref, or the commit where the branch left it. */
  readonly commit: string;
  /** What a reader must know of it: how far the branch is behind, or that the commit could not be found; absent when neither. */
  readonly note?: string;
}

/**
 * The commit where the checked-out branch left a ref, so that what the ref has got since does not count as a change of the branch.
 * A ref that is none, or a folder without git, is given back as it is: whoever loads it says so.
 */
export async function mergeBase(projectDir: string, ref: string): Promise<ComparedWith> {
  const tip = await tryGit(projectDir, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`);
  if (tip === undefined) return { commit: ref };
  const commit = await tryGit(projectDir, "merge-base", tip, "HEAD");
  if (commit === undefined) {
    const note =
      "This clone does not have the commit where the branch left it (a shallow clone has few), " +
      "so what it has got since counts as a change of the branch.";
    return { commit: ref, note };
  }
  if (commit === tip) return { commit: ref };
  const behind = Number(await git(projectDir, "rev-list", "--count", `${commit}..${tip}`));
  const commits = behind === 1 ? "1 commit" : `${behind} commits`;
  return {
    commit,
    note: `The branch left it at ${commit.slice(0, 7)} and is ${commits} behind; those are not compared.`,
  };
}

async function tryGit(folder: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    return (await git(folder, ...args)) || undefined;
  } catch {
    return undefined;
  }
}
