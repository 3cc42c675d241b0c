/**
 * How soon a node that hangs is out of service and back, and how soon another tier answers for a silent one:
 * `npm run bench:serving-health [-- ROUNDS]`. Engine (the vLLM double at the catalogue's speed of a g5.2xlarge), host, router and tiers
 * are processes of their own.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { servingSpeed } from "../catalog/serving-model";
import { freePort } from "../runtime/free-port";
import { startTierDouble } from "../services/ai-router/testing/tier-double";

const rounds = Number(process.argv[2] ?? 3);
const root = join(__dirname, "..");
const preload = join(root, "node_modules", "tsx", "dist", "cjs", "index.cjs");
const key = "bench-key";
const children: ChildProcess[] = [];
const speed = servingSpeed("g5.2xlarge", "Qwen2.5-7B-Instruct")!;
/** The longest prompt of the tier, less what is generated; four characters are a token. */
const longest = "long ".repeat(12_000);

async function main(): Promise<void> {
  execFileSync(process.execPath, ["images/bundle.cjs", "inference-host", "ai-router"], { cwd: root, stdio: "ignore" });
  const rows: string[][] = [["what", "ready says no after, s", "ready again after, s"]];
  for (const [what, prompts] of [
    ["idle", []],
    ["8 streams of short prompts", Array.from({ length: 8 }, () => "Who goes there?")],
    ["a prompt of 15,000 tokens", [longest]],
  ] as const) {
    const times: { readonly out: number; readonly back: number }[] = [];
    for (let round = 0; round < rounds; round++) times.push(await hang(prompts));
    const of = (pick: (time: { out: number; back: number }) => number) =>
      times
        .map(pick)
        .map((seconds) => seconds.toFixed(1))
        .join(" ");
    rows.push([what, of(({ out }) => out), of(({ back }) => back)]);
  }
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  await silentGold();
}

/** Hangs the generations of an engine that says that it is well. @returns Seconds until /ready says no, and yes again */
async function hang(prompts: readonly string[]): Promise<{ out: number; back: number }> {
  const [enginePort, port, operatorPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const engine = [process.execPath, "--require", preload, "agents/inference-host/doubles/vllm-double.ts"].join(" ");
  const options = ["--engine=vllm", "--base-model=base-model", `--port=${port}`, `--operator-port=${operatorPort}`];
  const host = start(
    [
      "build/inference-host.cjs",
      ...options,
      `--vllm-url=http://127.0.0.1:${enginePort}`,
      `--vllm-exec=${engine}`,
      "--context-tokens=16384",
    ],
    {
      LOG_LEVEL: "fatal",
      VLLM_DOUBLE_CHUNK_MS: String(speed.itlBaseMs),
      VLLM_DOUBLE_PREFILL_PER_SECOND: String(speed.prefillTokensPerSecond),
    },
  );
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(ready);
  for (const content of prompts) {
    const body = { model: "base-model", stream: true, max_tokens: 1_000, messages: [{ role: "user", content }] };
    void fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST", body: JSON.stringify(body) })
      .then((response) => response.text())
      .catch(() => undefined);
  }
  await sleep(prompts.length > 1 ? 1_000 : 200);
  await fetch(`http://127.0.0.1:${enginePort}/double/faults`, { method: "POST", body: '{"hangGeneration":true}' });
  const hungAt = performance.now();
  await until(async () => !(await ready()));
  const out = (performance.now() - hungAt) / 1000;
  await until(ready);
  const back = (performance.now() - hungAt) / 1000;
  const ended = once(host, "exit");
  host.kill("SIGKILL");
  await ended;
  // Nobody is left to end the engine.
  const { pid } = (await (await fetch(`http://127.0.0.1:${enginePort}/double/state`)).json()) as { pid: number };
  process.kill(pid, "SIGKILL");
  return { out, back };
}

/** Milliseconds until the first byte of turns with a budget of 50 ms, while Gold takes requests and says nothing. */
async function silentGold(): Promise<void> {
  const [gold, silver, port] = [await startTierDouble("gold"), await startTierDouble("silver"), await freePort()];
  gold.always = "silent";
  start(["build/ai-router.cjs", "serve", "--host=127.0.0.1", `--port=${port}`], {
    GOLD_URL: gold.url,
    SILVER_URL: silver.url,
    API_KEY: key,
    LOG_LEVEL: "fatal",
  });
  await until(() =>
    fetch(`http://127.0.0.1:${port}/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const times: number[] = [];
  for (let turn = 0; turn < 20; turn++) times.push(await firstByte(port));
  await Promise.all([gold.close(), silver.close()]);
  const told = times.map((ms) => ms.toFixed(0)).join(" ");
  console.log(
    `first byte of 20 turns with a budget of 50 ms on a silent Gold, ms (its breaker opens after 5): ${told}`,
  );
}

function firstByte(port: number): Promise<number> {
  const body = { archetype: "lich", npc_id: "n", message: "Who?", latency_budget_ms: 50, stream: true };
  const headers = { "x-api-key": key, "content-type": "application/json" };
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", method: "POST", path: "/v1/npc/turns", headers }, (answer) => {
      answer.once("data", () => {
        const ms = performance.now() - startedAt;
        answer.resume().once("end", () => resolve(ms));
      });
    });
    asked.once("error", reject);
    asked.end(JSON.stringify(body));
  });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}

function start(words: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, ["--max-semi-space-size=1", ...words], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(child);
  return child;
}

main()
  .catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  })
  .finally(() => {
    for (const child of children) child.kill("SIGKILL");
  });
