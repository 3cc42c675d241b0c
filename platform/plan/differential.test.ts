import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { evaluate } from "../engine";
import type { Evaluation } from "../engine/types";
import type { Plan } from "./model";
import { makePlan } from "./plan";
import { isRootStack, stateOfEvaluation } from "./states";
import { evaluationOf, type MutatedProgram, mutatedPrograms, type WrittenResource } from "./testing-programs";

const planBetween = (before: Evaluation, after: Evaluation): Plan =>
  makePlan(after, { state: stateOfEvaluation(before), name: "before" });

/** Operation by name of everything that changes. */
function changesOf(plan: Plan): Record<string, string> {
  const changed = plan.steps.filter((step) => step.op !== "same" && !isRootStack(step));
  return Object.fromEntries(changed.map(({ name, op }) => [name, op]));
}

describe("plan of a mutated program", () => {
  it("has every change that was made and no other, whatever the program", () => {
    fc.assert(
      fc.property(mutatedPrograms, ({ before, after, expected }) => {
        assert.deepEqual(changesOf(planBetween(evaluationOf(before), evaluationOf(after))), expected);
      }),
      { seed: 20260801, numRuns: 500 },
    );
  });

  it("is empty for a program against itself", () => {
    fc.assert(
      fc.property(mutatedPrograms, ({ before }) => {
        assert.deepEqual(changesOf(planBetween(evaluationOf(before), evaluationOf(before))), {});
      }),
      { seed: 20260802, numRuns: 300 },
    );
  });

  it("turns around: what one direction creates the other deletes", () => {
    fc.assert(
      fc.property(mutatedPrograms, ({ before, after }) => {
        const names = (plan: Plan, op: string) => Object.entries(changesOf(plan)).filter(([, is]) => is === op).length;
        const without = (program: readonly WrittenResource[]) =>
          evaluationOf(program.map((resource) => ({ ...resource, options: { ...resource.options, aliases: [] } })));
        const [there, back] = [
          planBetween(without(before), without(after)),
          planBetween(without(after), without(before)),
        ];
        assert.deepEqual(
          [names(there, "create"), names(there, "delete")],
          [names(back, "delete"), names(back, "create")],
        );
      }),
      { seed: 20260803, numRuns: 300 },
    );
  });

  it("holds for programs that the engine really ran", async () => {
    const samples = fc.sample(
      mutatedPrograms.filter(({ expected, before }) => Object.keys(expected).length >= 2 && before.length >= 5),
      { seed: 20260804, numRuns: 2 },
    );
    for (const { before, after, expected } of samples) {
      assert.deepEqual(
        changesOf(planBetween(await run(before), await run(after))),
        expected satisfies MutatedProgram["expected"],
      );
    }
  });
});

const run = (program: readonly WrittenResource[]): Promise<Evaluation> =>
  evaluate({
    projectDir: join(__dirname, "fixtures", "written-program"),
    stack: "prod",
    config: { "shop:resources": JSON.stringify(program) },
  });
