import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../../contracts/input-error";
import { EvaluationError, evaluate } from "../../engine";
import type { Diagnostic } from "../../engine/types";
import { stateOfEvaluation } from "../states";
import type { LoadedBaseline } from "./index";
import { provideModules } from "./modules";
import { git, withWorktree } from "./worktree";

export interface GitBaselineOptions {
  readonly projectDir: string;
  readonly stack: string;
  /** Milliseconds that the ref's program may run. */
  readonly timeoutMs: number;
  /** What the program is given for outputs; both sides of a comparison need the same. @default "unknown" */
  readonly outputs?: "unknown" | "stand-in";
  /** Config values that win over the files, on both sides of a comparison. */
  readonly config?: Readonly<Record<string, string>>;
}

/**
 * The state that the program of another commit declares, evaluated in a worktree of its own.
 * @throws InputError for a ref that is none, EvaluationError for one whose program fails.
 */
export async function gitBaseline(ref: string, options: GitBaselineOptions): Promise<LoadedBaseline> {
  const { projectDir, stack, timeoutMs, outputs, config } = options;
  const repository = await tryGit(projectDir, "rev-parse", "--show-toplevel");
  if (repository === undefined) throw refError(ref, "a folder inside a git repository", projectDir);
  const below = (await tryGit(projectDir, "rev-parse", "--show-prefix")) ?? "";
  const commit = await tryGit(projectDir, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`);
  if (commit === undefined || ref === "") {
    throw refError(ref, "a commit, branch or tag that this clone has (a shallow clone has few)", repository);
  }
  const cache = join(projectDir, ".platform");
  return withWorktree(repository, join(cache, "worktrees"), commit, async (tree) => {
    const folder = join(tree, below);
    if (!existsSync(join(folder, "Pulumi.yaml"))) throw refError(ref, "a commit that holds the project", repository);
    const modules = await provideModules(projectDir, folder, join(cache, "modules"), ref);
    const evaluation = await evaluate({ projectDir: folder, stack, timeoutMs, outputs, config }).catch(
      (error: unknown) => {
        if (!EvaluationError.isInstance(error)) throw error;
        throw new EvaluationError(error.failure, `git:${ref} does not evaluate: ${error.message}`, error.place);
      },
    );
    const diagnostics: Diagnostic[] =
      modules === undefined
        ? []
        : [{ severity: "info", message: `git:${ref} has another lockfile; its modules are in ${modules}` }];
    return { name: `git:${ref} (${commit.slice(0, 7)})`, state: stateOfEvaluation(evaluation), diagnostics };
  });
}

async function tryGit(folder: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    return await git(folder, ...args);
  } catch {
    return undefined;
  }
}

function refError(ref: string, allowed: string, where: string): InputError {
  return new InputError({ path: "baseline", given: `git:${ref}`, allowed, where });
}
