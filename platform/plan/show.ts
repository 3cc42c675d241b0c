import type { Plan, Step } from "./model";
import { isRootStack } from "./states";

/** Which steps are shown. */
export interface ShowOptions {
  /** Show what does not change too. @default false */
  readonly sames?: boolean;
  /** Show what the program only reads. @default true */
  readonly reads?: boolean;
  /** A person's own filter. @default everything */
  readonly filter?: (step: Step) => boolean;
}

/** The steps of a plan that a display or digest shows; the root stack always is. */
export function shownSteps(plan: Plan, { sames = false, reads = true, filter = () => true }: ShowOptions = {}): Step[] {
  return plan.steps.filter((step) => {
    if (isRootStack(step)) return true;
    if (!filter(step)) return false;
    if (step.op === "same") return sames || isNoted(step);
    if (step.op === "read" || step.op === "discard") return reads;
    return true;
  });
}

/** Unchanged in the cloud, and yet something a reviewer wants to see: its protection, its place, its name, what it ignores. */
function isNoted({ old, new: next, notes }: Step): boolean {
  return old?.protect !== next?.protect || notes.oldParent !== undefined || notes.renamedFrom !== undefined;
}

const quiet = new Set(["same", "read", "discard"]);

/** True when something of the cloud would change. The root stack itself is nothing in the cloud. */
export function hasChanges(steps: readonly Step[]): boolean {
  return steps.some((step) => !quiet.has(step.op) && !isRootStack(step));
}
