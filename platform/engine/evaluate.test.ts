import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
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

describe("the engine runs foreign programs", () => {
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

  it("shows an afterCreate hook of a component its registered outputs, and writes &{ of policies as ${", async () => {
    const { outputs, diagnostics } = await evaluate({ projectDir: join(fixtures, "small-rules"), stack: "test" });
    assert.ok(diagnostics.some(({ message }) => message.includes('pair has {"size":2}')));
    const variable = (name: string): string => `\${${name}}`;
    const [statement] = JSON.parse(String(outputs.policy)).Statement;
    assert.equal(statement.Resource, `arn:aws:s3:::homes/${variable("aws:username")}/*`);
    assert.deepEqual(statement.Condition.StringEquals, { "aws:PrincipalTag/team": variable("aws:ResourceTag/team") });
  });

  it("records the same of a program that brings an SDK of its own, which speaks gRPC to the engine", async () => {
    const source = join(fixtures, "plain-js");
    const folder = mkdtempSync(join(tmpdir(), "bundled-program-"));
    try {
      for (const file of ["Pulumi.yaml", "Pulumi.test.yaml", "package.json"])
        copyFileSync(join(source, file), join(folder, file));
      symlinkSync(join(__dirname, "..", "..", "node_modules"), join(folder, "node_modules"));
      buildSync({
        entryPoints: [join(source, "index.js")],
        outfile: join(folder, "index.js"),
        bundle: true,
        platform: "node",
        logLevel: "error",
      });
      const [plain, bundled] = [
        await evaluate({ projectDir: source, stack: "test" }),
        await evaluate({ projectDir: folder, stack: "test" }),
      ].map(({ resources, outputs, diagnostics }) => ({
        resources: resources.map(({ sourcePosition: _place, ...resource }) => resource),
        outputs,
        diagnostics,
      }));
      assert.deepEqual(bundled, plain);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
