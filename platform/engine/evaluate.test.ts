import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate } from "./evaluate";
import type { Evaluation, PropertyMap } from "./types";

const fixtures = join(__dirname, "fixtures");

/** Foreign programs: none of them knows of this project. `UPDATE_GOLDEN=1` writes the graphs anew, to be read before they are kept. */
const programs: Record<string, { stack: string; stackOutputs?: Record<string, PropertyMap> }> = {
  "plain-js": { stack: "test" },
  typescript: { stack: "test" },
  aws: { stack: "test", stackOutputs: { "organization/base/test": { description: "from the base stack" } } },
};

/** Registration order is the program's own business where it runs things side by side, so graphs are compared by URN. */
function graph({ durationMs: _time, ...rest }: Evaluation): unknown {
  const resources = [...rest.resources].sort((a, b) => (a.urn < b.urn ? -1 : 1));
  return JSON.parse(JSON.stringify({ ...rest, resources }));
}

describe("the engine runs foreign programs", function () {
  this.timeout(120_000);

  for (const [name, options] of Object.entries(programs)) {
    it(`records the whole graph of ${name}`, async () => {
      const evaluation = await evaluate({ projectDir: join(fixtures, name), ...options });
      const golden = join(fixtures, name, "golden", "graph.json");
      const actual = graph(evaluation);
      if (process.env.UPDATE_GOLDEN) writeFileSync(golden, `${JSON.stringify(actual, null, 2)}\n`);
      assert.deepEqual(actual, JSON.parse(readFileSync(golden, "utf8")));
      assert.equal(evaluation.resources[0]?.type, "pulumi:pulumi:Stack");
    });
  }
});
