import type { Diagnostic, Evaluation } from "../engine/types";
import { mapValues } from "../engine/values";
import type { Plan, StackState, Step, StepOp } from "./model";
import { Planner } from "./planner";
import { stateWithoutStandIns, withoutStandIns } from "./references";
import { stateOfEvaluation } from "./states";

export interface Baseline {
  readonly state: StackState;
  /** Where it comes from, in words. */
  readonly name: string;
}

/** Plans the change from a baseline, or from an empty stack, to what an evaluated program declares. */
export function makePlan(evaluation: Evaluation, baseline?: Baseline): Plan {
  const head = stateOfEvaluation(evaluation);
  const planner = new Planner(baseline?.state.resources ?? []);
  for (const resource of head.resources) planner.add(resource);
  const steps = planner.steps().map(asShown);
  const counted: Partial<Record<StepOp, number>> = {};
  for (const { op } of steps) counted[op] = (counted[op] ?? 0) + 1;
  return {
    project: head.project,
    stack: head.stack,
    config: head.config ?? {},
    steps,
    outputs: mapValues(head.outputs, withoutStandIns),
    oldOutputs: baseline && mapValues(baseline.state.outputs, withoutStandIns),
    diagnostics: [...evaluation.diagnostics, ...protectionErrors(steps), ...refusals(steps)],
    changeSummary: counted,
    durationMs: evaluation.durationMs,
    baseline: baseline?.name,
  };
}

/** The step without stand-ins: states as Pulumi would have them. */
function asShown(step: Step): Step {
  return { ...step, old: step.old && stateWithoutStandIns(step.old), new: step.new && stateWithoutStandIns(step.new) };
}

/** Pulumi refuses to delete or replace what is protected. */
function protectionErrors(steps: readonly Step[]): Diagnostic[] {
  return steps
    .filter(({ op, old }) => old?.protect === true && (op === "delete" || op === "replace"))
    .map(({ op, urn, old }) => ({
      severity: "error",
      urn,
      message: `${op} refused: "${old!.name}" is protected; set protect to false and run \`pulumi up\` first`,
    }));
}

/** What the provider or the cloud refuses, so that `up` would stop there. */
function refusals(steps: readonly Step[]): Diagnostic[] {
  return steps.flatMap(({ op, urn, name, notes }) =>
    (notes.refused ?? []).map(
      (reason): Diagnostic => ({
        severity: "error",
        urn,
        message: `${op} of "${name}" will be refused: ${reason}`,
      }),
    ),
  );
}
