import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../runtime/free-port";
import { until } from "./testing/start";

const root = join(__dirname, "../..");

/** Minutes: the router's memory over 100,000 requests, turns that are remembered and written to the database among them. */
describe("ai-router, soak", () => {
  const children: ChildProcess[] = [];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ai-router-soak-"));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("keeps its memory flat over 100,000 requests", async () => {
    const [tier, port] = await Promise.all([freePort(), freePort()]);
    start("services/ai-router/testing/tier-process.ts", [String(tier)]);
    const env = { SILVER_URL: `http://127.0.0.1:${tier}`, API_KEY: "secret", LOG_LEVEL: "error" };
    const words = ["serve", "--host=127.0.0.1", `--port=${port}`, `--data-dir=${folder}`];
    const router = start("services/ai-router/main.ts", words, env);
    await until(() =>
      fetch(`http://127.0.0.1:${port}/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );

    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const total = Number(process.env.SOAK_REQUESTS ?? 100_000);
    const samples: number[] = [];
    let sent = 0;
    let failed = 0;
    const worker = async () => {
      while (sent < total) {
        const index = sent++;
        if ((await turn(port, agent, index)) !== "whole") failed += 1;
        if (index % (total / 20) === 0) samples.push(residentMiB(router));
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    agent.destroy();
    console.log(`${total} requests, ${failed} failed; resident MiB at each twentieth: ${samples.join(" ")}`);
    assert.equal(failed, 0);
    // The first quarter warms heap and memories up; from then on the level must not rise with the number of requests.
    const [early, late] = [samples.slice(5, 10), samples.slice(-5)].map(mean);
    assert.ok(late! < early! * 1.1 + 8, `from ${early!.toFixed(0)} to ${late!.toFixed(0)} MiB`);
  });

  it("loses no accepted request and resets no connection in 50 drains under load", async () => {
    const drains = Number(process.env.SOAK_DRAINS ?? 50);
    const total = new Map<string, number>();
    const tier = await freePort();
    start("services/ai-router/testing/tier-process.ts", [String(tier)]);
    for (let drain = 0; drain < drains; drain++) {
      const port = await freePort();
      const env = { SILVER_URL: `http://127.0.0.1:${tier}`, API_KEY: "secret", LOG_LEVEL: "error" };
      const words = ["serve", "--host=127.0.0.1", `--port=${port}`];
      const router = start("services/ai-router/main.ts", words, env);
      await until(() =>
        fetch(`http://127.0.0.1:${port}/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: false })];
      let asked = 0;
      const worker = async (index: number) => {
        for (let outcome = ""; outcome !== "ECONNREFUSED"; asked++) {
          outcome = await turn(port, agents[index % 2]!, asked);
          total.set(outcome, (total.get(outcome) ?? 0) + 1);
        }
      };
      const workers = Array.from({ length: 40 }, (_, index) => worker(index));
      await until(() => asked > 100);
      const ended = once(router, "exit");
      router.kill("SIGTERM");
      const [code] = await ended;
      await Promise.all(workers);
      for (const agent of agents) agent.destroy();
      assert.equal(code, 0);
    }
    console.log(`${drains} drains: ${JSON.stringify(Object.fromEntries(total))}`);
    assert.deepEqual([...total.keys()].sort(), ["503", "ECONNREFUSED", "whole"]);
  });

  function start(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, ["--require", "tsx/cjs", file, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    children.push(child);
    return child;
  }
});

/** A turn of one of 2,000 characters, every other one streamed. @returns `whole`, else its status, `torn`, or the error's code */
function turn(port: number, agent: Agent, index: number): Promise<string> {
  const body = JSON.stringify({
    archetype: "lich",
    npc_id: `npc-${index % 2_000}`,
    message: `What do you say to number ${index}?`,
    latency_budget_ms: 500,
    stream: index % 2 === 0,
  });
  return new Promise((resolve) => {
    const asked = request(
      { port, agent, method: "POST", path: "/v1/npc/turns", headers: { "x-api-key": "secret" } },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on("end", () => {
          const whole = index % 2 === 1 || (text.endsWith("[DONE]\n\n") && !text.includes('"error"'));
          resolve(response.statusCode !== 200 ? String(response.statusCode) : whole ? "whole" : "torn");
        });
        response.on("error", () => resolve("torn"));
      },
    );
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end(body);
  });
}

function residentMiB({ pid }: ChildProcess): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
