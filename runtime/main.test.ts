import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

describe("a program's main function", () => {
  const run = (main: string) => {
    const script = `const { runMain } = require(${JSON.stringify(join(__dirname, "main.ts"))}); void runMain("part", ${main})`;
    const words = ["--require", require.resolve("tsx/cjs"), "-e", script];
    const { status, stderr } = spawnSync(process.execPath, words, {
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
    return { status, stderr };
  };

  it("that waits for what nothing will bring ends in a line and code 1, not silently with 0", () => {
    for (const wait of [
      "() => new Promise(() => {})",
      "() => require('timers/promises').setTimeout(1e6, undefined, { ref: false })",
    ]) {
      const { status, stderr } = run(wait);
      assert.equal(status, 1);
      assert.match(stderr, /^part: it had nothing left to wait for before its work was done/);
    }
  });

  it("says nothing of a library's warnings", () => {
    const warn = "process.emitWarning('this version of Node is old')";
    assert.deepEqual(run(`async () => ${warn}`), { status: 0, stderr: "" });
    assert.deepEqual(run(`(${warn}, async () => {})`), { status: 0, stderr: "" });
  });

  it("sets the exit code and says one line of a failure", () => {
    assert.deepEqual(run("async () => 3"), { status: 3, stderr: "" });
    assert.deepEqual(run("async () => undefined"), { status: 0, stderr: "" });
    assert.deepEqual(run("async () => { throw new Error('no disk left') }"), {
      status: 1,
      stderr: "part: no disk left\n",
    });
  });
});
