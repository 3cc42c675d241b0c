import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { createPorts } from "../ports";
import { ManagedProcess, type ProcessSpec } from "./managed-process";

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(what: () => boolean): Promise<void> {
  while (!what()) await delay(10);
}

describe("a managed process", () => {
  const started: ManagedProcess[] = [];
  afterEach(() => Promise.all(started.splice(0).map((each) => each.stop())));

  function node(script: string, change: Partial<ProcessSpec> = {}, onChange = () => {}): ManagedProcess {
    const managed = new ManagedProcess(
      {
        name: "part",
        command: [process.execPath, "-e", script],
        env: { PATH: process.env.PATH },
        stopSeconds: 5,
        restart: false,
        ...change,
      },
      onChange,
    );
    started.push(managed);
    return managed;
  }

  async function server(change: Partial<ProcessSpec> = {}) {
    const port = await createPorts(0).free();
    const url = `http://127.0.0.1:${port}/`;
    const script = `const http = require("http"); console.log("hello");
      http.createServer((q, a) => { if (q.url === "/die") process.exit(3); a.writeHead(q.url === "/" ? 200 : 404).end(); })
        .listen(${port}, "127.0.0.1")`;
    return { url, managed: node(script, { health: { url, intervalMs: 20 }, ...change }) };
  }

  it("is started when its health URL answers, and stopped by SIGTERM", async () => {
    const { managed } = await server();
    await managed.start();
    assert.equal(managed.status, "healthy");
    assert.deepEqual(managed.logs(), ["hello"]);
    assert.ok(process.platform !== "linux" || managed.memoryMiB()! > 1);
    const { pid } = managed;
    await managed.stop();
    assert.deepEqual([managed.status, managed.pid, alive(pid!)], ["stopped", undefined, false]);
  });

  it("fails in one line with the last words of a process that ends before it is healthy", async () => {
    const managed = node('console.error("no disk left"); process.exit(4)', {
      health: { url: "http://127.0.0.1:1/" },
      restart: true,
    });
    await assert.rejects(managed.start(), { message: "part ended with code 4: no disk left" });
    assert.equal(managed.status, "stopped");
    await assert.rejects(node("", { health: { url: "http://127.0.0.1:1/" } }).start(), {
      message: "part ended with code 0, and wrote nothing",
    });
    await assert.rejects(node("", { command: ["/does/not/exist"] }).start(), /part: \/does\/not\/exist could not run/);
  });

  it("is started again when it ends by itself, and says how it ended", async () => {
    const { managed, url } = await server({ restart: true });
    const lines: string[] = [];
    managed.onExit(({ line }) => lines.push(line));
    await managed.start();
    const first = managed.pid!;
    await fetch(`${url}die`).catch(() => undefined);
    await until(() => managed.restarts === 1 && managed.status === "healthy");
    process.kill(managed.pid!, "SIGKILL");
    await until(() => managed.restarts === 2 && managed.status === "healthy");
    assert.notEqual(managed.pid, first);
    assert.deepEqual(lines, ["part ended with code 3: hello", "part ended with SIGKILL: hello"]);
  });

  it("kills the whole group when SIGTERM is not heeded in time", async () => {
    const managed = node(
      `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);
       const child = require("child_process").spawn(process.execPath, ["-e",
         "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')"],
         { stdio: ["ignore", "pipe", "ignore"] });
       child.stdout.once("data", () => console.log(child.pid))`,
      { stopSeconds: 0.2 },
    );
    await managed.start();
    await until(() => managed.logs().length === 1);
    const grandchild = Number(managed.logs()[0]);
    await managed.stop();
    await until(() => !alive(grandchild));
  });

  it("ends with a parent that is killed", async () => {
    const parent = spawn(
      process.execPath,
      [
        "--require",
        "tsx/cjs",
        "-e",
        `const { ManagedProcess } = require("./platform/local/processes/managed-process.ts");
         const child = new ManagedProcess({ name: "child", command: [process.execPath, "-e", "setInterval(() => {}, 1000)"],
           env: {}, stopSeconds: 5, restart: false }, () => {});
         child.start().then(() => console.log(child.pid)); setInterval(() => {}, 1000)`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
    const child = Number(line);
    assert.ok(alive(child));
    parent.kill("SIGKILL");
    await until(() => !alive(child));
  });
});
