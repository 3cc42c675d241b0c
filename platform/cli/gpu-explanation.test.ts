import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeTier, explainTier } from "./gpu-explanation";

const root = join(__dirname, "..", "..");

function platform(...args: string[]) {
  const main = join(root, "platform", "cli", "main.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", main, ...args], {
    encoding: "utf8",
    cwd: root,
  });
  return { status, stdout, stderr };
}

describe("platform explain gpu", () => {
  it("prints the memory of a tier line by line, as the docs show it", () => {
    const { status, stdout } = platform("explain", "gpu", "gold");
    assert.equal(status, 0);
    assert.equal(stdout, describeTier(explainTier("gold", {}, "")));
    const docs = readFileSync(join(root, "docs", "gpu-tiers.md"), "utf8");
    for (const tier of ["gold", "silver"] as const) {
      for (const line of describeTier(explainTier(tier, {}, ""))
        .trimEnd()
        .split("\n")) {
        assert.ok(docs.includes(line), `docs/gpu-tiers.md lacks the line: ${line}`);
      }
    }
  });

  it("takes the stack's settings, and gives data on request", () => {
    const { status, stdout } = platform("explain", "gpu", "silver", "--stack", "prod", "--json");
    assert.equal(status, 0);
    const { memory, instanceTypes } = JSON.parse(stdout);
    assert.equal(memory.fits, true);
    assert.deepEqual(instanceTypes, ["g5.2xlarge", "g5.4xlarge", "g6e.xlarge"]);
  });

  it("ends with 1 and the reason when a model does not fit", () => {
    const { status, stdout } = platform("explain", "gpu", "gold", "--context", "32768");
    assert.equal(status, 1);
    assert.match(stdout, /does not fit: .* KV cache/);
  });

  it("ends with 2 and one line for a model that is not in the catalog", () => {
    const { status, stderr } = platform("explain", "gpu", "gold", "--model", "gpt-2");
    assert.equal(status, 2);
    assert.match(stderr.trim().split("\n").at(-1)!, /^platform: engine\.model: "gpt-2" is not allowed; allowed: Qwen/);
  });
});
