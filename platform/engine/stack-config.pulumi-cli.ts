import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCli } from "../testing/pulumi-cli/find-cli";
import { CliWorkspace } from "../testing/pulumi-cli/workspace";

const found = findCli();
if ("missing" in found) throw new Error(found.missing);
const { path: cli } = found;

describe("the CLI's own reading of a config file", function () {
  this.timeout(300_000);

  it("is what the fixture keeps", async () => {
    const program = join(__dirname, "fixtures", "config-dialect");
    const workspace = new CliWorkspace({ cli, program });
    try {
      // The backend has to know the stack; its file must not be read for that.
      const file = join(workspace.program, "Pulumi.test.yaml");
      const written = readFileSync(file, "utf8");
      rmSync(file);
      await workspace.init();
      writeFileSync(file, readFileSync(file, "utf8") + written);
      const config = JSON.parse(await workspace.must("config", "--json", "--stack", workspace.stack)) as Record<
        string,
        { value: string }
      >;
      const values = Object.fromEntries(Object.entries(config).map(([key, { value }]) => [key, value]));
      assert.deepEqual(values, JSON.parse(readFileSync(join(program, "config.json"), "utf8")));
    } finally {
      workspace.close();
    }
  });
});
