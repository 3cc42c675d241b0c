import type { Evaluation } from "../engine/types";
import { checkSameStack, type LoadedBaseline } from "../plan/baseline";
import { makePlan } from "../plan/plan";
import { stateOfEvaluation } from "../plan/states";
import { reviewPlan, type StackReview } from "./stack-review";

/** Both sides of a pull request as their programs declare them, with stand-ins for outputs. */
export interface Evidence {
  /** The base's state, or why there is none. */
  readonly before: LoadedBaseline | { readonly problem: string };
  readonly after: Evaluation;
  /** ISO 8601 day that exceptions are judged by. */
  readonly today: string;
}

/** Judges the evidence by the rules, exceptions, prices and tables of this checkout. Pure. */
export function judge({ before, after, today }: Evidence): StackReview {
  const state = stateOfEvaluation(after);
  const alone = (baseProblem: string): StackReview =>
    reviewPlan(makePlan(after), { today, baseProblem, evaluated: { after: state } });
  if ("problem" in before) return alone(before.problem);
  try {
    checkSameStack(before, after);
  } catch (error) {
    return alone(reason(error));
  }
  const plan = makePlan(after, before);
  const diagnostics = [...before.diagnostics, ...plan.diagnostics];
  const evaluated = { before: before.state, after: state };
  return reviewPlan({ ...plan, diagnostics }, { today, baseConfig: before.state.config, evaluated });
}

/** What went wrong, in words. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
