import assert from "node:assert/strict";
import { join } from "node:path";
import { findCli } from "./find-cli";
import { CliWorkspace } from "./workspace";

const found = findCli();
if ("missing" in found) throw new Error(found.missing);

describe("a stack under the real Pulumi CLI", function () {
  this.timeout(300_000);
  const workspace = new CliWorkspace({
    cli: found.path,
    program: join(__dirname, "..", "..", "plan", "fixtures", "deployed", "components"),
  });
  after(() => workspace.close());

  it("goes up, stays as it is, and is destroyed; the ledger says what exists", async () => {
    await workspace.init();
    await workspace.up();
    const exported: { deployment: { resources: { id?: string; custom: boolean; type: string }[] } } = JSON.parse(
      await workspace.exported(),
    );
    const managed = exported.deployment.resources.filter(
      ({ custom, type }) => custom && !type.startsWith("pulumi:providers:"),
    );
    assert.deepEqual(managed.map(({ id }) => id).sort(), [...workspace.ledger.existing().keys()].sort());
    const { changeSummary } = (await workspace.preview()) as { changeSummary: Record<string, number> };
    assert.deepEqual(Object.keys(changeSummary), ["same"]);
    await workspace.destroy();
    assert.deepEqual([...workspace.ledger.existing().keys()], []);
  });
});
