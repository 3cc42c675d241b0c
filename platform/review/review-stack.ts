import { type Evaluation, evaluate } from "../engine";
import { type LoadedBaseline, loadBaseline } from "../plan/baseline";
import type { GitBaselineOptions } from "../plan/baseline/git";
import { isProgramFailure } from "./evaluate";
import { type Evidence, reason } from "./judge";
import { judgeByBase } from "./judge-by-base";
import type { Review } from "./stack-review";

type Sides = readonly [PromiseSettledResult<LoadedBaseline>, PromiseSettledResult<Evaluation>];

/**
 * Evaluates a stack and its base and reviews the difference by the base's rules, exceptions, prices and tables. What fails is told,
 * and everything else still shown: without a base the new state is reviewed alone, without a new state there is the reason. Both
 * sides are given stand-ins for outputs, so that texts built from them are compared; a program that fails on stand-ins is evaluated
 * without.
 * @param base A git ref.
 * @param today ISO 8601 day.
 */
export async function reviewStack(base: string, options: GitBaselineOptions, today: string): Promise<Review> {
  const first = await evaluateSides(base, { ...options, outputs: "stand-in" });
  const [before, after] = first.some((side) => side.status === "rejected" && isProgramFailure(side.reason))
    ? await evaluateSides(base, { ...options, outputs: "unknown" })
    : first;
  if (after.status === "rejected") return { stack: options.stack, failure: reason(after.reason) };
  const evidence: Evidence = {
    before: before.status === "rejected" ? { problem: reason(before.reason) } : before.value,
    after: after.value,
    today,
  };
  return judgeByBase(evidence, { ref: base, ...options });
}

const evaluateSides = (base: string, options: GitBaselineOptions): Promise<Sides> =>
  Promise.allSettled([loadBaseline(`git:${base}`, options), evaluate(options)]);
