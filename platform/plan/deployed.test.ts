import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
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

  for (const change of changes) {
    it(`has the plan of the CLI's own preview: ${change}`, async () => {
      const plan = await planOf("changes", { "changes:change": change });
      assert.deepEqual(changesIn(digestOf(plan, plan.steps)), JSON.parse(readFileSync(previewFile(change), "utf8")));
    });
  }
});
