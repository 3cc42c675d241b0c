import { existsSync, readFileSync, statSync } from "node:fs";
import { InputError } from "../../../contracts/input-error";
import type { Diagnostic } from "../../engine/types";
import type { Baseline } from "../plan";
import { baselineForms } from "./forms";
import { type GitBaselineOptions, gitBaseline } from "./git";
import { readBaselineText } from "./text";

export interface LoadedBaseline extends Baseline {
  /** What a person should know of how it was made. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Loads what a plan is measured against.
 * @throws InputError for a ref or file that is none; EvaluationError when a ref's program does not evaluate.
 */
export async function loadBaseline(given: string, options: GitBaselineOptions): Promise<LoadedBaseline> {
  if (given.startsWith("git:")) return gitBaseline(given.slice("git:".length), options);
  if (!existsSync(given) || statSync(given).isDirectory()) {
    throw new InputError({ path: "baseline", given, allowed: baselineForms, where: "--baseline" });
  }
  return { name: given, state: readBaselineText(readFileSync(given, "utf8"), given), diagnostics: [] };
}

/**
 * Refuses a baseline of another project or stack: everything in it would seem deleted.
 * @throws InputError naming both.
 */
export function checkSameStack(baseline: Baseline, head: { readonly project: string; readonly stack: string }): void {
  for (const key of ["project", "stack"] as const) {
    if (baseline.state[key] === head[key]) continue;
    throw new InputError({
      path: `baseline.${key}`,
      given: baseline.state[key],
      allowed: `${head[key]}, the ${key} that is previewed`,
      where: `--baseline ${baseline.name}`,
    });
  }
}
