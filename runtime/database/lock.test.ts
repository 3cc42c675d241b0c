import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { lockDirectory } from "./lock";

/** Ended after each test, even where it failed. */
const children: ChildProcess[] = [];
const lockModule = join(__dirname, "lock.ts");

/** A process that takes the lock, says so, and holds it until it is killed. */
async function holder(directory: string): Promise<{ child: ChildProcess; said: string }> {
  const script = `try { require(${JSON.stringify(lockModule)}).lockDirectory(${JSON.stringify(directory)}); console.log("held"); setInterval(() => {}, 1000); }
    catch (error) { console.log("refused"); }`;
  const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [said] = await once(child.stdout as NodeJS.ReadableStream, "data");
  return { child, said: String(said).trim() };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

describe("the lock of a data directory", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "kb-lock-"));
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => end(child, "SIGKILL")));
    rmSync(directory, { recursive: true, force: true });
  });

  it("refuses a second holder, names the first, and is free again after release", () => {
    const release = lockDirectory(directory);
    assert.throws(() => lockDirectory(directory), new RegExp(`process ${process.pid}`));
    release();
    lockDirectory(directory)();
    assert.deepEqual(readdirSync(directory), []);
  });

  it("recovers from a holder that was killed and never robs a live one", async () => {
    const first = await holder(directory);
    assert.equal(first.said, "held");
    assert.throws(() => lockDirectory(directory), new RegExp(`process ${first.child.pid}`));
    await end(first.child, "SIGKILL");
    const release = lockDirectory(directory);
    assert.equal((await holder(directory)).said, "refused");
    release();
  });

  it("lets exactly one of many take over a stale lock", async () => {
    const dead = await holder(directory);
    await end(dead.child, "SIGKILL");
    const rivals = await Promise.all([1, 2, 3, 4].map(() => holder(directory)));
    const held = rivals.filter(({ said }) => said === "held");
    assert.ok(held.length <= 1, `${held.length} processes hold one lock`);
  });

  it("takes no lock from another host", () => {
    writeFileSync(join(directory, "lock.1"), JSON.stringify({ pid: 1, host: `not-${hostname()}`, token: "x" }));
    assert.throws(() => lockDirectory(directory), /if that host is gone for good, remove/);
  });

  it("knows a reused process id from the holder", () => {
    writeFileSync(
      join(directory, "lock.1"),
      JSON.stringify({ pid: process.ppid, host: hostname(), started: "1", token: "x" }),
    );
    lockDirectory(directory)();
  });
});
