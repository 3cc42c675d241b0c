import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../runtime/free-port";
import { type DoubleState, type RawOutcome, rawChat, tsxWords, until } from "./testing/harness";
import { writePeftAdapters } from "./testing/peft-fixture";

const adapter = "vampire/dialogue_style";
const main = join(__dirname, "main.ts");
const double = join(__dirname, "doubles", "vllm-double.ts");

/** Hours at a desk, minutes here: memory over 100,000 requests, and 50 drains under load. */
describe("inference host, soak", () => {
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "inference-host-soak-"));
    await writePeftAdapters(folder, "base-model", [{ name: adapter }]);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  it("keeps its memory flat over 100,000 requests", async () => {
    const { port, host } = await startPair(1, 0);
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const samples: number[] = [];
    const total = Number(process.env.SOAK_REQUESTS ?? 100_000);
    let sent = 0;
    let failed = 0;
    const worker = async () => {
      while (sent < total) {
        const index = sent++;
        const { status, complete } = await rawChat(
          port,
          agent,
          index % 2 === 0 ? adapter : "base-model",
          2 + (index % 3),
          index % 4 !== 0,
        );
        if (status !== 200 || !complete) failed++;
        if (index % (total / 20) === 0) samples.push(await residentMiB(host));
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    agent.destroy();
    console.log(`resident MiB at each twentieth: ${samples.join(" ")}`);
    assert.equal(failed, 0);
    // The first quarter warms the heap up; from then on the level must not rise with the number of requests.
    const [early, late] = [samples.slice(5, 10), samples.slice(-5)].map(
      (part) => part.reduce((sum, value) => sum + value, 0) / part.length,
    );
    assert.ok(late! < early! * 1.1 + 8, `from ${early!.toFixed(0)} to ${late!.toFixed(0)} MiB`);
  });

  it("carries thousands of streams at once without losing a chunk", async () => {
    const streams = Number(process.env.SOAK_STREAMS ?? 3_000);
    const limits = [`--max-sequences=${streams}`, `--queue-total=${2 * streams}`, `--queue-per-archetype=${streams}`];
    const { port } = await startPair(50, 50, limits, streams);
    const agent = new Agent({ keepAlive: true });
    const models = [adapter, "base-model", "ghoul/personality"];
    const outcomes = await Promise.all(
      Array.from({ length: streams }, (_, index) => rawChat(port, agent, models[index % 3]!, 20, true)),
    );
    agent.destroy();
    const lost = outcomes.filter(({ status, complete }) => status !== 200 || !complete);
    assert.deepEqual(lost.slice(0, 3), [], `${lost.length} of ${streams} streams were not whole`);
    console.log(`${streams} streams at once: ${streams * 20} chunks, none lost`);
  });

  it("loses no accepted request and resets no connection in 50 drains under load", async () => {
    const drains = Number(process.env.SOAK_DRAINS ?? 50);
    let answered = 0;
    let refused = 0;
    for (let drain = 0; drain < drains; drain++) {
      const { port, host, engine } = await startPair(3, 2);
      const agent = new Agent({ keepAlive: true });
      const outcomes: RawOutcome[] = [];
      let running = true;
      const worker = async (index: number) => {
        while (running)
          outcomes.push(
            await rawChat(
              port,
              agent,
              index % 2 === 0 ? adapter : "base-model",
              5 + ((index + drain) % 30),
              index % 3 !== 0,
            ),
          );
      };
      const workers = Array.from({ length: 40 }, (_, index) => worker(index));
      await until(() => outcomes.length > 60);
      const ended = once(host, "exit");
      host.kill("SIGTERM");
      const [code] = await ended;
      running = false;
      await Promise.all(workers);
      agent.destroy();
      assert.equal(code, 0);
      // Every generation that the engine began was finished, and its client has it whole.
      const { counters } = (await (await fetch(`${engine}/double/state`)).json()) as DoubleState;
      const whole = outcomes.filter(({ status, complete }) => status === 200 && complete).length;
      assert.deepEqual({ cancelled: counters.cancelled, answered: whole }, { cancelled: 0, answered: counters.chat });
      const torn = outcomes.filter(({ status, complete }) => status === 200 && !complete);
      const odd = outcomes.filter(({ status, error }) =>
        status === 0 ? error !== "ECONNREFUSED" : ![200, 503].includes(status),
      );
      assert.deepEqual({ torn: torn.length, odd: odd.length }, { torn: 0, odd: 0 }, `drain ${drain}`);
      answered += outcomes.filter(({ status }) => status === 200).length;
      refused += outcomes.filter(({ status }) => status === 503).length;
      for (const child of children.splice(0)) child.kill("SIGKILL");
    }
    console.log(`${drains} drains: ${answered} requests answered whole, ${refused} refused with 503, none lost`);
  });

  async function startPair(
    chunkMs: number,
    firstMs: number,
    limits: readonly string[] = ["--max-sequences=16"],
    engineSequences = 64,
  ): Promise<{ port: number; host: ChildProcess; engine: string }> {
    const [enginePort, port, operatorPort] = await Promise.all([freePort(), freePort(), freePort()]);
    start(
      double,
      [
        "serve",
        "base-model",
        `--port=${enginePort}`,
        "--enable-lora",
        "--max-loras=2",
        "--max-cpu-loras=9",
        `--max-num-seqs=${engineSequences}`,
      ],
      {
        VLLM_ALLOW_RUNTIME_LORA_UPDATING: "True",
        VLLM_DOUBLE_CHUNK_MS: String(chunkMs),
        VLLM_DOUBLE_FIRST_MS: String(firstMs),
      },
    );
    const options = [
      `--vllm-url=http://127.0.0.1:${enginePort}`,
      `--port=${port}`,
      `--operator-port=${operatorPort}`,
      `--adapters=${folder}`,
    ];
    const host = start(
      main,
      ["--engine=vllm", "--base-model=base-model", "--drain-seconds=60", ...limits, ...options],
      { LOG_LEVEL: "error" },
    );
    await until(() =>
      fetch(`http://127.0.0.1:${port}/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return { port, host, engine: `http://127.0.0.1:${enginePort}` };
  }

  function start(file: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const [command, ...words] = tsxWords;
    const child = spawn(command!, [...words, file, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    children.push(child);
    return child;
  }
});

async function residentMiB({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
