import { statefulTypes } from "../../catalog/stateful-types";
import type { Plan, Step, StepOp } from "../plan/model";

/** A step that takes something away. A replacement counts: the old resource is gone in the end. */
export interface Destruction {
  readonly step: Step;
  readonly how: "deleted" | "replaced";
  /** What is lost with it; absent for what can be made again. */
  readonly loses?: string;
  /** The resource refuses deletion, so the update would fail. */
  readonly blocked: boolean;
  /** The cloud keeps the old resource. */
  readonly retained: boolean;
}

const takesAway: ReadonlySet<StepOp> = new Set<StepOp>(["delete", "replace", "import-replacement"]);

/** Every destruction of a plan, those that lose data first. */
export function destructions({ steps }: Plan): Destruction[] {
  return steps
    .filter((step) => takesAway.has(step.op) && step.old?.custom === true)
    .map((step): Destruction => {
      const loses = statefulTypes[step.type];
      return {
        step,
        how: step.op === "delete" ? "deleted" : "replaced",
        ...(loses === undefined ? {} : { loses }),
        blocked: step.old?.protect === true,
        retained: step.old?.retainOnDelete === true,
      };
    })
    .sort((a, b) => Number(b.loses !== undefined) - Number(a.loses !== undefined));
}
