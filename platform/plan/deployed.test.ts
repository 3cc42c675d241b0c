import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate } from "../engine";
import type { PropertyValue } from "../engine/types";
import { isObject, isUnknown } from "../engine/values";
import { digestOf } from "./digest";
import type { Plan } from "./model";
import { planAgainst } from "./plan-stack";
import {
  changes,
  changesIn,
  deployedPrograms,
  previewFile,
  programNames,
  stackOf,
  stateFile,
} from "./testing-deployed";

const planOf = (name: string, config?: Record<string, string>): Promise<Plan> =>
  planAgainst(stateFile(name), {
    projectDir: join(deployedPrograms, name),
    stack: stackOf(name),
    timeoutMs: 120_000,
    config,
  });

interface State {
  readonly deployment: { readonly resources: readonly { readonly urn: string; readonly dependencies?: string[] }[] };
}

/** A preview has unknowns for the properties that an exported resource lacks once it is up. */
function knownIn(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(knownIn);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => !isUnknown(item))
      .map(([key, item]) => [key, knownIn(item)]),
  );
}

describe("a stack that the real CLI deployed", function () {
  this.timeout(240_000);

  for (const name of programNames) {
    it(`reads no change where nothing changed: ${name}`, async () => {
      const { changeSummary, steps } = await planOf(name);
      const changed = steps.filter(({ op }) => op !== "same").map(({ op, urn, diffReasons }) => [op, urn, diffReasons]);
      assert.deepEqual(changed, []);
      assert.deepEqual(Object.keys(changeSummary), ["same"]);
    });
  }

  for (const name of programNames) {
    it(`has the dependencies that the CLI recorded: ${name}`, async () => {
      const { resources } = await evaluate({ projectDir: join(deployedPrograms, name), stack: stackOf(name) });
      const recorded = new Map(resources.map(({ urn, dependencies }) => [urn, [...dependencies].sort()]));
      const state: State = JSON.parse(readFileSync(stateFile(name), "utf8"));
      for (const { urn, dependencies = [] } of state.deployment.resources)
        assert.deepEqual(recorded.get(urn), [...dependencies].sort(), urn);
    });
  }

  it("exports resources, assets and secrets as the CLI does", async () => {
    const { outputs, oldOutputs } = await planOf("edges");
    assert.ok(oldOutputs !== undefined && "archive" in oldOutputs && "group" in oldOutputs);
    assert.deepEqual(knownIn(outputs), oldOutputs);
  });

  for (const change of changes) {
    it(`has the plan of the CLI's own preview: ${change}`, async () => {
      const plan = await planOf("changes", { "changes:change": change });
      assert.deepEqual(changesIn(digestOf(plan, plan.steps)), JSON.parse(readFileSync(previewFile(change), "utf8")));
    });
  }
});
