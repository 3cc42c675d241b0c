import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findCli } from "../testing/pulumi-cli/find-cli";
import { CliWorkspace } from "../testing/pulumi-cli/workspace";
import {
  changes,
  changesIn,
  deployedPrograms,
  notRepeatable,
  previewFile,
  programNames,
  repeatable,
  stateFile,
} from "./testing-deployed";

const found = findCli();
if ("missing" in found) throw new Error(found.missing);
const { path: cli } = found;

/** What the CLI says now is what the fixtures keep; `UPDATE_GOLDEN=1` writes them anew, to be read before they are kept. */
function matches(actual: unknown, file: string): void {
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(actual, null, 2)}\n`);
  }
  assert.deepEqual(actual, JSON.parse(readFileSync(file, "utf8")));
}

describe("the fixtures are what the real CLI writes", function () {
  this.timeout(900_000);

  for (const name of programNames.filter((program) => !notRepeatable.includes(program))) {
    describe(name, () => {
      let workspace: CliWorkspace;
      before(async () => {
        workspace = new CliWorkspace({ cli, program: join(deployedPrograms, name) });
        await workspace.init();
        await workspace.up();
      });
      after(() => workspace.close());

      it("has the state of the fixture, and the next preview changes nothing", async () => {
        matches(repeatable(await workspace.exported()), stateFile(name));
        const { changeSummary } = (await workspace.preview()) as { changeSummary: Record<string, number> };
        assert.deepEqual(Object.keys(changeSummary), ["same"]);
      });

      for (const change of name === "changes" ? changes : []) {
        it(`previews ${change} as the fixture does`, async () => {
          matches(changesIn(await workspace.preview("--config", `changes:change=${change}`)), previewFile(change));
        });
      }
    });
  }
});
