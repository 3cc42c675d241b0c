import { type Evaluation, evaluate } from "../engine";
import { checkSameStack, type LoadedBaseline, loadBaseline } from "../plan/baseline";
import type { GitBaselineOptions } from "../plan/baseline/git";
import { makePlan } from "../plan/plan";
import { stateOfEvaluation } from "../plan/states";
import { isProgramFailure } from "./evaluate";
import { type Review, reviewPlan } from "./stack-review";

type Sides = readonly [PromiseSettledResult<LoadedBaseline>, PromiseSettledResult<Evaluation>];

/**
 * Evaluates a stack and its base and reviews the difference. What fails is told, and everything else still shown: without a base
 * the new state is reviewed alone, without a new state there is the reason. Both sides are given stand-ins for outputs, so that
 * texts built from them are compared; a program that fails on stand-ins is evaluated without.
 * @param base A git ref.
 * @param today ISO 8601 day.
 */
export async function reviewStack(base: string, options: GitBaselineOptions, today: string): Promise<Review> {
  const first = await evaluateSides(base, { ...options, outputs: "stand-in" });
  const [before, after] = first.some((side) => side.status === "rejected" && isProgramFailure(side.reason))
    ? await evaluateSides(base, { ...options, outputs: "unknown" })
    : first;
  if (after.status === "rejected") return { stack: options.stack, failure: reason(after.reason) };
  const state = stateOfEvaluation(after.value);
  const alone = (error: unknown): Review =>
    reviewPlan(makePlan(after.value), { today, baseProblem: reason(error), evaluated: { after: state } });
  if (before.status === "rejected") return alone(before.reason);
  try {
    checkSameStack(before.value, after.value);
  } catch (error) {
    return alone(error);
  }
  const plan = makePlan(after.value, before.value);
  const diagnostics = [...before.value.diagnostics, ...plan.diagnostics];
  const evaluated = { before: before.value.state, after: state };
  return reviewPlan({ ...plan, diagnostics }, { today, baseConfig: before.value.state.config, evaluated });
}

const evaluateSides = (base: string, options: GitBaselineOptions): Promise<Sides> =>
  Promise.allSettled([loadBaseline(`git:${base}`, options), evaluate(options)]);

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
