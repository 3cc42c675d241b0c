import type { Plan, StackState } from "../plan/model";
import { isRootStack } from "../plan/states";

/** Compares by code units, so that the order is the same on every machine. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Placed {
  readonly urn: string;
  readonly type: string;
}

/** The stack itself first, which everything is in. */
const byUrn = (a: Placed, b: Placed): number => Number(isRootStack(b)) - Number(isRootStack(a)) || byText(a.urn, b.urn);

/** The plan with its steps and messages in an order of their own: a program registers resources in another one on each run. */
export function inOrder(plan: Plan): Plan {
  const key = ({ urn = "", severity, message }: Plan["diagnostics"][number]): string => `${urn} ${severity} ${message}`;
  return {
    ...plan,
    steps: [...plan.steps].sort(byUrn).map((step) => ({
      ...step,
      ...(step.new && { new: { ...step.new, dependencies: [...step.new.dependencies].sort(byText) } }),
      ...(step.old && { old: { ...step.old, dependencies: [...step.old.dependencies].sort(byText) } }),
      notes: {
        ...step.notes,
        ...(step.notes.replacedBecauseOf && { replacedBecauseOf: [...step.notes.replacedBecauseOf].sort(byText) }),
      },
    })),
    diagnostics: [...plan.diagnostics].sort((a, b) => byText(key(a), key(b))),
  };
}

/** The state with its resources by URN. */
export const stateInOrder = (state: StackState): StackState => ({
  ...state,
  resources: [...state.resources].sort(byUrn),
});
