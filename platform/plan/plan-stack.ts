import { EvaluationError, evaluate } from "../engine";
import { checkSameStack, loadBaseline } from "./baseline";
import type { GitBaselineOptions } from "./baseline/git";
import { deployedOutputs } from "./deployed";
import type { Plan } from "./model";
import { makePlan } from "./plan";

type Options = Omit<GitBaselineOptions, "outputs">;

/**
 * Evaluates a stack's program and plans it against a baseline. Both sides are prepared at the same time, and with stand-ins for
 * outputs, so that texts built from them can be compared; a program that fails on stand-ins is compared without.
 * @throws InputError or EvaluationError with one clear message.
 */
export async function planAgainst(baseline: string, options: Options): Promise<Plan> {
  try {
    return await planWith(baseline, { ...options, outputs: "stand-in" });
  } catch (error) {
    if (!EvaluationError.isInstance(error) || error.failure !== "program") throw error;
    const plan = await planWith(baseline, { ...options, outputs: "unknown" });
    const message =
      "texts that hold outputs of other resources (task definitions, policies) are compared as unknown: " +
      `the program fails when it is given stand-ins: ${error.message.split("\n")[0]}`;
    return { ...plan, diagnostics: [{ severity: "warning", message }, ...plan.diagnostics] };
  }
}

async function planWith(baseline: string, options: GitBaselineOptions): Promise<Plan> {
  const started = performance.now();
  const loading = loadBaseline(baseline, options);
  // A file says what is deployed, and the program is told; another commit's program runs side by side with this one.
  const deployed = baseline.startsWith("git:") ? undefined : deployedOutputs((await loading).state);
  const [before, evaluation] = await bothOrNeither(loading, evaluate({ ...options, deployed }));
  checkSameStack(before, evaluation);
  const plan = makePlan(evaluation, before);
  return {
    ...plan,
    diagnostics: [...before.diagnostics, ...plan.diagnostics],
    durationMs: performance.now() - started,
  };
}

/** Both results; when one fails the other is still awaited, so that nothing is left running. */
async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}
