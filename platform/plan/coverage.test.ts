import assert from "node:assert/strict";
import { resolve } from "node:path";
import { replacementRule } from "../../catalog/replacement";
import { evaluate } from "../engine";
import { notesOf } from "./display/notes";
import { makePlan } from "./plan";
import { stateOfEvaluation } from "./states";

const projectDir = resolve(__dirname, "..", "..");

describe("replacement table and the program", () => {
  for (const stack of ["prod", "shared", "dev", "pr-7"]) {
    it(`knows every resource type of ${stack}, or the plan says that the replacement is unknown`, async () => {
      const evaluation = await evaluate({ projectDir, stack, timeoutMs: 200_000 });
      const managed = evaluation.resources.filter(({ custom, external }) => custom && !external);
      const unknown = managed.filter(({ type }) => replacementRule(type) === undefined);
      const changed = unknown.map((resource) => ({ ...resource, inputs: { ...resource.inputs, changed: "yes" } }));
      const plan = makePlan(
        { ...evaluation, resources: changed },
        { state: stateOfEvaluation({ ...evaluation, resources: unknown }), name: "before" },
      );
      assert.deepEqual(
        plan.steps.filter((step) => !notesOf(step).includes("may replace: not known (changed)")).map(({ urn }) => urn),
        [],
      );
      assert.deepEqual([...new Set(unknown.map(({ type }) => type))].sort(), []);
    });
  }
});
