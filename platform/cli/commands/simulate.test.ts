import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const platform = join(__dirname, "..", "..", "bin", "platform.cjs");
const run = (...args: string[]) => spawnSync(process.execPath, [platform, "simulate", ...args], { encoding: "utf8" });

describe("platform simulate", () => {
  it("explains itself with examples", () => {
    const { status, stdout } = run("--help");
    assert.equal(status, 0);
    assert.match(stdout, /Examples:\n {2}platform simulate --stack prod --demand daily/);
    assert.match(stdout, /timestamp,contexttokens,generatedtokens/);
  });

  it("ends wrong use in one line and exit code 2", () => {
    const { status, stderr } = run("--stack", "prod", "--demand", "nothing.csv");
    assert.equal(status, 2);
    assert.match(
      stderr.trim(),
      /^platform: demand: "nothing\.csv" is not allowed; allowed: a file, or a preset: .*\(set in --demand\)$/,
    );
  });
});
