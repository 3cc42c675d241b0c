import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { digestProblem } from "../catalog/storage";
import { nodeHealthCommand, stubCommand, stubImage } from "./stub-server";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

async function start(command: string[]): Promise<ChildProcess> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout!, "data");
  return child;
}

async function stop(child: ChildProcess): Promise<number | null> {
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const [code] = (await exit) as [number | null];
  return code;
}

const check = (port: number, path: string): number | null => {
  const [, program, ...args] = nodeHealthCommand(port, path);
  return spawnSync(program!, args).status;
};

describe("components/stub-server", () => {
  it("answers its health path and says that it is a stub, 501 for the rest, and ends on SIGTERM", async () => {
    const port = await freePort();
    const child = await start(stubCommand({ service: "state-manager", port, healthPath: "/healthz" }));
    try {
      const healthy = await fetch(`http://127.0.0.1:${port}/healthz?deep=1`);
      assert.equal(healthy.status, 200);
      assert.deepEqual(await healthy.json(), { service: "state-manager", status: "ok", stub: true });
      const other = await fetch(`http://127.0.0.1:${port}/players`);
      assert.equal(other.status, 501);
      assert.deepEqual(await other.json(), { service: "state-manager", status: "not implemented", stub: true });
    } finally {
      assert.equal(await stop(child), 0);
    }
  });

  it("keeps a worker's stub alive without a listener until SIGTERM", async () => {
    const child = await start(stubCommand({ service: "storyteller" }));
    assert.equal(child.exitCode, null);
    assert.equal(await stop(child), 0);
  });

  it("checks health without curl: 0 when it answers, 1 when it answers badly or not at all", async () => {
    const port = await freePort();
    assert.equal(check(port, "/health"), 1);
    const child = await start(stubCommand({ service: "router", port, healthPath: "/health" }));
    try {
      assert.equal(check(port, "/health"), 0);
      assert.equal(check(port, "/nothing"), 1);
    } finally {
      await stop(child);
    }
  });

  it("runs an image by digest", () => {
    assert.equal(digestProblem(stubImage), undefined);
  });
});
