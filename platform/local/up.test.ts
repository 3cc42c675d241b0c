import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { descendants } from "./smoke/process-tree";

const command = join(__dirname, "..", "bin", "platform.cjs");

describe("platform up", () => {
  let folder: string;
  let platform: ChildProcess | undefined;
  let output = "";

  before(function () {
    if (!existsSync("/proc")) this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "platform-up-"));
    output = "";
  });
  afterEach(async () => {
    if (platform?.exitCode === null && platform.signalCode === null) {
      platform.kill("SIGKILL");
      await once(platform, "exit");
    }
    platform = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): ChildProcess {
    const args = ["up", "--local", "--port-base", "0", "--no-watch", "--only", "knowledge-base", "--data-dir", folder];
    platform = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [platform.stdout!, platform.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    return platform;
  }

  async function until(what: () => boolean, running: ChildProcess): Promise<void> {
    while (!what()) {
      assert.equal(running.exitCode, null, output);
      await delay(20);
    }
  }

  /** Asks the platform to stop as Ctrl-C does, and expects nothing of it to be left. */
  async function interrupt(running: ChildProcess): Promise<void> {
    const children = descendants(running.pid!);
    assert.notEqual(children.length, 0);
    running.kill("SIGINT");
    const [code] = (await once(running, "close")) as [number | null];
    assert.equal(code, 0, output);
    assert.match(output, /\nStopping: .*\nStopped; nothing is left running\.\n$/);
    assert.doesNotMatch(output, /failed/);
    assert.equal(existsSync(join(folder, "run.json")), false);
    // The reaper's shell ends a moment after the platform.
    const alive = () => children.filter(({ pid }) => existsSync(`/proc/${pid}`));
    while (alive().length > 0) await delay(20);
  }

  it("that is interrupted while the stack is evaluated says so and leaves nothing", async () => {
    const running = start();
    await until(() => existsSync(join(folder, "run.json")) && descendants(running.pid!).length > 0, running);
    await interrupt(running);
  });

  it("that is interrupted on its way up stops what had started", async () => {
    const running = start();
    await until(() => /console +page +created/.test(output) && descendants(running.pid!).length > 0, running);
    await interrupt(running);
  });

  it("refuses in one line what names nothing, before any work", () => {
    for (const [args, expected] of [
      [
        ["--only", ""],
        /^platform: only: "" is not allowed; allowed: services by name, and tiers, .*\(set in --only\)$/,
      ],
      [["--stack", ""], /^platform: stack: "" is not allowed; allowed: dev, or .*\(set in --stack\)$/],
      [["--port-base", "1e4"], /^platform: port-base: "1e4" is not allowed; allowed: 0 for free ports, or 1024/],
    ] as const) {
      const given = ["up", "--local", "--data-dir", join(folder, "data"), ...args];
      const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...given], { encoding: "utf8" });
      assert.deepEqual([status, stdout], [2, ""], stderr);
      assert.match(stderr.trimEnd(), expected);
    }
    assert.equal(existsSync(join(folder, "data")), false);
  });
});
