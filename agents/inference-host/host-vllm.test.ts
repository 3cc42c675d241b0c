import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePort } from "../../runtime/free-port";
import {
  answerText,
  chat,
  rawChat,
  readStream,
  startProgram,
  startVllmHost,
  until,
  type VllmHost,
} from "./testing/harness";
import { writePeftAdapters } from "./testing/peft-fixture";

const vampire = "vampire/dialogue_style";
const lich = "lich/dialogue_style";
const ghoul = "ghoul/dialogue_style";

describe("inference host on the vLLM double", () => {
  let started: VllmHost[] = [];
  const start = async (...setup: Parameters<typeof startVllmHost>) => {
    const running = await startVllmHost(...setup);
    started.push(running);
    return running;
  };

  afterEach(async () => {
    await Promise.all(started.map((running) => running.close()));
    started = [];
  });

  describe("models and adapters", () => {
    it("asks the engine for the adapter and answers with the public name, streamed and not", async () => {
      const { url, state } = await start({ adapters: [{ name: vampire }] });
      const plain = await chat(url, vampire, { max_tokens: 3 });
      const body = (await plain.json()) as { model: string; choices: { message: { content: string } }[] };
      assert.equal(body.model, vampire);
      assert.match(body.choices[0]!.message.content, /^\[double:vampire\/dialogue_style@1\]/);
      const streamed = await readStream(await chat(url, vampire, { stream: true, max_tokens: 5 }));
      assert.deepEqual([...streamed.models], [vampire]);
      assert.equal(streamed.chunks, 5);
      assert.equal(streamed.usage, undefined);
      assert.equal(streamed.done, true);
      assert.equal((await state()).seen.at(-1)!.body.model, "vampire/dialogue_style@1");
    });

    it("falls back to the base model for an archetype without its adapter, and says so", async () => {
      const { url } = await start({ adapters: [{ name: vampire }] });
      const answer = await chat(url, "zombie/personality", { max_tokens: 2 });
      assert.equal(answer.headers.get("x-inference-host-model"), "base-model");
      assert.match(answer.headers.get("x-inference-host-fallback") ?? "", /^base; reason=not in the manifest/);
      assert.match(await answerText(answer), /^\[double:base-model\]/);
    });

    it("lists the base model, all 35 adapters and the chains", async () => {
      const { url } = await start({ adapters: [{ name: vampire }] });
      const { data } = (await (await fetch(`${url}/v1/models`)).json()) as {
        data: { id: string; fallback?: string | null }[];
      };
      assert.equal(data[0]!.id, "base-model");
      assert.equal(data.filter(({ id }) => /^[a-z]+\/[a-z_]+$/.test(id)).length, 35);
      assert.equal(data.find(({ id }) => id === vampire)!.fallback, null);
      assert.equal(data.find(({ id }) => id === lich)!.fallback, "base-model");
      assert.ok(data.some(({ id }) => id === "vampire/chain/npc_turn"));
    });

    it("passes request id, trace context and usage through", async () => {
      const { url, state } = await start();
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const answer = await chat(
        url,
        "base-model",
        { stream: true, max_tokens: 2, stream_options: { include_usage: true } },
        { headers: { "x-request-id": "turn-17", traceparent, tracestate: "a=b" } },
      );
      assert.equal(answer.headers.get("x-request-id"), "turn-17");
      assert.equal((await readStream(answer)).usage?.completion_tokens, 2);
      const { headers } = (await state()).seen.at(-1)!;
      assert.equal(headers["x-request-id"], "turn-17");
      assert.equal(headers.traceparent, traceparent);
      assert.equal(headers.tracestate, "a=b");
    });

    it("keeps a broken adapter from the engine, so that it cannot fail the requests of others", async () => {
      const { url, folder, operator, state } = await start({ adapters: [{ name: vampire }, { name: lich }] });
      await writePeftAdapters(folder, "base-model", [{ name: vampire }, { name: lich, version: "2" }]);
      await writeFile(`${folder}/${lich}/2/adapter_model.safetensors`, "not what the manifest says");
      const running = readStream(await chat(url, vampire, { stream: true, max_tokens: 200 }));
      await post(`${operator}/operator/adapters/refresh`);
      assert.equal((await state()).registry.includes(`${lich}@2`), false);
      assert.equal((await running).error, undefined);
      // The version before it goes on serving.
      assert.match(await answerText(await chat(url, lich, { max_tokens: 1 })), /lich\/dialogue_style@1/);
    });

    it("refuses a manifest of another model or one that cannot be read, says why, and goes on with the one before", async () => {
      const { url, folder, operator } = await start({ adapters: [{ name: vampire }] });
      const refused = async () => {
        const answer = await post(`${operator}/operator/adapters/refresh`);
        const { error } = (await answer.json()) as { error: { message: string; code: string } };
        assert.deepEqual([answer.status, error.code], [409, "manifest_refused"]);
        return error.message;
      };
      await writePeftAdapters(folder, "another-model", [{ name: vampire, version: "2" }]);
      assert.match(await refused(), /manifest\.baseModel: "another-model" is not allowed; .*base-model/);
      await writeFile(`${folder}/manifest.json`, "{");
      assert.match(await refused(), /a JSON object/);
      assert.match(await answerText(await chat(url, vampire, { max_tokens: 1 })), /vampire\/dialogue_style@1/);
    });

    it("swaps a version without a restart: running requests finish on the old one, new ones get the new one", async () => {
      const { url, folder, operator, state } = await start({
        adapters: [{ name: vampire }],
        env: { VLLM_DOUBLE_CHUNK_MS: "5" },
      });
      const old = await chat(url, vampire, { stream: true, max_tokens: 60 });
      await writePeftAdapters(folder, "base-model", [{ name: vampire, version: "2" }]);
      const refreshed = post(`${operator}/operator/adapters/refresh`);
      const oldAnswer = await readStream(old);
      assert.equal((await refreshed).status, 200);
      assert.match(oldAnswer.text, /@1\]/);
      assert.equal(oldAnswer.chunks, 60);
      assert.match(await answerText(await chat(url, vampire, { max_tokens: 1 })), /@2\]/);
      await until(async () => !(await state()).registry.includes(`${vampire}@1`));
      assert.equal((await state()).counters.mixed, 0);
    });

    it("loads adapters only while no adapter decodes, whatever is asked at once", async () => {
      const names = [vampire, lich, ghoul, "zombie/personality"];
      const { url, operator, state } = await start({
        adapters: names.map((name) => ({ name })),
        options: { gpuAdapters: 2 },
        env: { VLLM_DOUBLE_CHUNK_MS: "1" },
      });
      const ask = (name: string) => chat(url, name, { max_tokens: 20 }).then(answerText);
      const work: Promise<unknown>[] = [];
      for (let round = 0; round < 6; round++) {
        work.push(
          ...names.map(async (name) =>
            assert.match(await ask(name), new RegExp(`^\\[double:(${name}@1|base-model)\\]`)),
          ),
        );
        const name = names[round % names.length]!;
        await post(`${operator}/operator/adapters/unload`, { name });
        work.push(post(`${operator}/operator/adapters/load`, { name }));
      }
      await Promise.all(work);
      const { counters } = await state();
      assert.ok(counters.loads > names.length, `${counters.loads} loads`);
      assert.equal(counters.mixed, 0, "a running request had its weights changed");
    });

    it("restarts an engine that unloaded versions have filled, at a quiet moment", async () => {
      const { url, folder, operator, state } = await start({
        adapters: [{ name: vampire }],
        options: { spareAdapters: 1 },
      });
      for (const version of ["2", "3", "4"]) {
        await writePeftAdapters(folder, "base-model", [{ name: vampire, version }]);
        await post(`${operator}/operator/adapters/refresh`);
      }
      await until(async () => {
        const text = await (await fetch(`${url}/metrics`)).text();
        return /inference_host_engine_restarts [1-9]/.test(text) && /inference_host_engine_up 1/.test(text);
      });
      await until(async () => /@4\]/.test(await (await chat(url, vampire, { max_tokens: 1 })).text()));
      await until(async () => (await state()).registry.join() === `${vampire}@4`);
    });

    it("loads again what the engine turns out not to know", async () => {
      const { url, doubleUrl, state } = await start({ adapters: [{ name: vampire }] });
      await fetch(`${doubleUrl}/v1/unload_lora_adapter`, {
        method: "POST",
        body: JSON.stringify({ lora_name: `${vampire}@1` }),
      });
      assert.match(await answerText(await chat(url, vampire, { max_tokens: 1 })), /@1\]/);
      assert.deepEqual((await state()).registry, [`${vampire}@1`]);
    });
  });

  describe("errors and limits", () => {
    it("answers what clients get wrong in OpenAI's shape", async () => {
      const { url } = await start({ options: { maxOutputTokens: 100, maxBodyBytes: 4_096 } });
      const cases: readonly [Promise<Response>, number, string | null][] = [
        [chat(url, "no-such-model"), 404, "model_not_found"],
        [chat(url, "../../etc/passwd"), 404, "model_not_found"],
        [chat(url, "base-model", { max_tokens: 101 }), 400, "invalid_value"],
        [chat(url, "base-model", { temperature: 9 }), 400, "invalid_value"],
        [chat(url, "base-model", { messages: undefined }), 400, "missing_required_parameter"],
        [post(`${url}/v1/embeddings`, { model: "base-model" }), 400, "missing_required_parameter"],
        [post(`${url}/v1/embeddings`, { model: "base-model", input: [1, 2] }), 400, "invalid_value"],
        [chat(url, "base-model", { lora_path: "/etc" }), 400, "unknown_parameter"],
        [chat(url, "base-model", { chat_template: "{{ x }}" }), 400, "unknown_parameter"],
        [
          chat(url, "base-model", {
            messages: [
              { role: "user", content: [{ type: "image_url", image_url: { url: "http://169.254.169.254/" } }] },
            ],
          }),
          400,
          "invalid_value",
        ],
        [
          chat(url, "base-model", { messages: [{ role: "user", content: "x".repeat(5_000) }] }),
          413,
          "request_too_large",
        ],
        [chat(url, "base-model", {}, { headers: { "x-priority": "urgent" } }), 400, "invalid_value"],
        [chat(url, "base-model", {}, { headers: { "x-deadline-ms": "soon" } }), 400, "invalid_value"],
        [fetch(`${url}/v1/chat/completions`, { method: "POST", body: "{" }), 400, null],
        [fetch(`${url}/v1/chat/completions`), 405, null],
        [fetch(`${url}/v1/load_lora_adapter`, { method: "POST" }), 404, null],
        [fetch(`${url}/operator/adapters`), 404, null],
      ];
      for (const [answer, status, code] of cases) {
        const response = await answer;
        const { error } = (await response.json()) as { error: { message: string; type: string; code: string | null } };
        assert.deepEqual({ status: response.status, code: error.code }, { status, code }, error.message);
        assert.equal(typeof error.type, "string");
      }
    });

    it("hands on the engine's own refusals, nested or flat", async () => {
      const { faults, operator } = await start({ adapters: [{ name: vampire }] });
      for (const flatErrors of [false, true]) {
        await faults({ flatErrors, failNextLoad: true });
        await post(`${operator}/operator/adapters/unload`, { name: vampire });
        const refused = await post(`${operator}/operator/adapters/load`, { name: vampire });
        assert.equal(refused.status, 409);
        assert.match(await refused.text(), /CUDA error/);
      }
    });

    it("gives an answer the room that its prompt leaves, unless the client says how much it wants", async () => {
      const { url } = await start({ options: { contextTokens: 400 } });
      const content = "x".repeat(1_000);
      const ask = (extra: object) => chat(url, "base-model", { messages: [{ role: "user", content }], ...extra });
      const whole = (await (await ask({})).json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
      assert.ok(whole.usage.prompt_tokens > 200 && whole.usage.completion_tokens > 0);
      assert.equal((await readStream(await ask({ stream: true }))).done, true);
      const refused = await ask({ max_tokens: 300 });
      assert.equal(refused.status, 400);
      assert.match(await refused.text(), /context_length_exceeded/);
    });

    it("answers 429 with Retry-After for a full archetype and 503 for a full host, at once, and serves the rest", async () => {
      const { url } = await start({
        adapters: [{ name: vampire }, { name: lich }],
        options: { maxSequences: 1, queuePerArchetype: 2, queueTotal: 3 },
        env: { VLLM_DOUBLE_CHUNK_MS: "20" },
      });
      const running = chat(url, vampire, { max_tokens: 50, stream: true });
      await running;
      const queued = [chat(url, vampire, { max_tokens: 1 }), chat(url, vampire, { max_tokens: 1 })];
      await until(async () => /inference_host_queue_depth 2/.test(await (await fetch(`${url}/metrics`)).text()));
      const full = await chat(url, vampire);
      assert.equal(full.status, 429);
      assert.ok(Number(full.headers.get("retry-after")) >= 1);
      assert.equal(((await full.json()) as { error: { code: string } }).error.code, "queue_full");
      queued.push(chat(url, lich, { max_tokens: 1 }));
      await until(async () => /inference_host_queue_depth 3/.test(await (await fetch(`${url}/metrics`)).text()));
      const overloaded = await chat(url, ghoul);
      assert.equal(overloaded.status, 503);
      assert.ok(Number(overloaded.headers.get("retry-after")) >= 1);
      assert.equal((await readStream(await running)).chunks, 50);
      for (const answer of await Promise.all(queued)) assert.equal(answer.status, 200);
    });

    it("gives every archetype its turn from the start where the GPU has room for all", async () => {
      const { url } = await start({
        adapters: [{ name: vampire }, { name: lich }],
        options: { maxSequences: 1, gpuAdapters: 2 },
      });
      const ended: string[] = [];
      const ask = async (model: string) => {
        await (await chat(url, model, { max_tokens: 50 })).text();
        ended.push(model);
      };
      const first = Array.from({ length: 24 }, () => ask(vampire));
      const metrics = async () => (await fetch(`${url}/metrics`)).text();
      await until(async () => /^inference_host_queue_depth [12]\d$/m.test(await metrics()));
      assert.match(await metrics(), /^inference_host_archetype_running\{archetype="vampire"\} 1$/m);
      await Promise.all([...first, ask(lich)]);
      assert.ok(ended.indexOf(lich) < 22, ended.join(", "));
    });

    it("ends a request whose deadline passes: 504 while it waits, an error event when it streams", async () => {
      const { url, state } = await start({ options: { maxSequences: 1 }, env: { VLLM_DOUBLE_CHUNK_MS: "20" } });
      const streaming = chat(
        url,
        "base-model",
        { stream: true, max_tokens: 1_000 },
        { headers: { "x-deadline-ms": "3000" } },
      );
      const first = await streaming;
      const waiting = await chat(url, "base-model", {}, { headers: { "x-deadline-ms": "200" } });
      assert.equal(waiting.status, 504);
      const cut = await readStream(first);
      assert.equal(cut.error?.code, "deadline_exceeded");
      assert.equal(cut.done, true);
      await until(async () => (await state()).running === 0);
    });

    it("cancels the work of a client that goes away, in the queue and in the engine", async () => {
      const { url, state } = await start({ options: { maxSequences: 1 }, env: { VLLM_DOUBLE_CHUNK_MS: "20" } });
      const before = (await state()).counters.chat;
      const leave = new AbortController();
      const streaming = await chat(url, "base-model", { stream: true, max_tokens: 1_000 }, { signal: leave.signal });
      assert.equal(streaming.status, 200);
      const leaveQueue = new AbortController();
      const queued = chat(url, "base-model", {}, { signal: leaveQueue.signal }).catch((error: Error) => error.name);
      await until(async () => /inference_host_queue_depth 1/.test(await (await fetch(`${url}/metrics`)).text()));
      leaveQueue.abort();
      assert.equal(await queued, "AbortError");
      await until(async () => /inference_host_queue_depth 0/.test(await (await fetch(`${url}/metrics`)).text()));
      leave.abort();
      await until(async () => (await state()).counters.cancelled === 1);
      assert.equal((await state()).counters.chat - before, 1, "the queued request never reached the engine");
      await until(async () => /inference_host_requests_running 0/.test(await (await fetch(`${url}/metrics`)).text()));
    });
  });

  describe("operator routes", () => {
    it("are on a port of their own, take names and never paths, and refuse foreign hosts and forms", async () => {
      const { operator } = await start({ adapters: [{ name: vampire }] });
      for (const body of [
        { name: "../../etc" },
        { name: "/etc" },
        { name: vampire, path: "/etc" },
        { lora_path: "/etc" },
      ]) {
        assert.equal((await post(`${operator}/operator/adapters/load`, body)).status, 400);
      }
      assert.equal((await post(`${operator}/operator/adapters/load`, { name: "lich/none" })).status, 404);
      const form = await fetch(`${operator}/operator/drain`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: "{}",
      });
      assert.equal(form.status, 415);
      assert.equal(await statusWithHost(operator, "evil.example"), 403);
      const { adapters } = (await (await fetch(`${operator}/operator/adapters`)).json()) as {
        adapters: { state: string }[];
      };
      assert.equal(adapters[0]!.state, "cpu");
    });
  });

  describe("an engine that dies", () => {
    it("is started again after kill -9; streams end with an error event, waiting requests are answered", async () => {
      const { url, state } = await start({
        adapters: [{ name: vampire }],
        options: { maxSequences: 4 },
        env: { VLLM_DOUBLE_CHUNK_MS: "20" },
      });
      const streams = await Promise.all([1, 2].map(() => chat(url, vampire, { stream: true, max_tokens: 500 })));
      const unanswered = [chat(url, vampire, { max_tokens: 400 }), chat(url, "base-model", { max_tokens: 400 })];
      await until(async () => (await state()).running === 4);
      const queued = [chat(url, vampire, { max_tokens: 2 }), chat(url, "base-model", { max_tokens: 2 })];
      await until(async () => /inference_host_queue_depth 2/.test(await (await fetch(`${url}/metrics`)).text()));
      process.kill((await state()).pid, "SIGKILL");
      for (const stream of streams) {
        const { error, done } = await readStream(stream);
        assert.match(error?.message ?? "", /the engine is gone/);
        assert.equal(done, true);
      }
      // Nothing of these had been sent, so they run again on the new engine.
      for (const answer of await Promise.all([...queued, ...unanswered])) assert.equal(answer.status, 200);
      assert.match(await (await fetch(`${url}/metrics`)).text(), /inference_host_engine_restarts 1/);
      assert.match(await answerText(await chat(url, vampire, { max_tokens: 1 })), /vampire\/dialogue_style@1/);
    });

    it("is noticed when it only hangs, and the requests on it end", async () => {
      const { url, faults } = await start({ env: { VLLM_DOUBLE_CHUNK_MS: "20" } });
      const stream = await chat(url, "base-model", { stream: true, max_tokens: 500 });
      await faults({ engineDead: true });
      const { error } = await readStream(stream);
      assert.match(error?.message ?? "", /the engine is gone/);
      await until(async () => (await chat(url, "base-model", { max_tokens: 1 })).status === 200);
    });

    it("is noticed when generations hang while it says that it is well: not ready, started again, back", async () => {
      const { url, faults, state } = await start({ options: { silenceSeconds: 2 } });
      const { pid } = await state();
      await faults({ hangGeneration: true });
      const waiting = chat(url, "base-model", { max_tokens: 3 });
      await until(async () => {
        const ready = await fetch(`${url}/ready`);
        const { status } = (await ready.json()) as { status: string };
        return ready.status === 503 && /^the engine is gone: no token for \d\.\d s while it has work$/.test(status);
      });
      // Nothing of it had been sent, so it is answered by the engine that was started anew.
      assert.equal((await waiting).status, 200);
      await until(async () => (await fetch(`${url}/ready`)).ok);
      assert.notEqual((await state()).pid, pid);
    });

    it("is noticed when generations hang while nobody asks for one", async () => {
      const { url, faults, state } = await start({ options: { silenceSeconds: 2 } });
      const { pid } = await state();
      await faults({ hangGeneration: true });
      await until(async () => (await state().catch(() => ({ pid }))).pid !== pid);
      await until(async () => (await fetch(`${url}/ready`)).ok);
    });

    it("is left alone when it is only ten times slower", async () => {
      const { url, faults, state } = await start({
        env: { VLLM_DOUBLE_CHUNK_MS: "29", VLLM_DOUBLE_PREFILL_PER_SECOND: "5400" },
        options: { contextTokens: 16_384, silenceSeconds: 5 },
      });
      await faults({ slowness: 10 });
      const { pid } = await state();
      const long = [{ role: "user", content: "word ".repeat(2_000) }];
      const answers = await Promise.all([
        chat(url, "base-model", { max_tokens: 10, stream: true, messages: long }).then(readStream),
        chat(url, "base-model", { max_tokens: 20, stream: true }).then(readStream),
        chat(url, "base-model", { max_tokens: 20 }),
      ]);
      assert.deepEqual([answers[0].chunks, answers[1].chunks, answers[2].status], [10, 20, 200]);
      assert.equal((await state()).pid, pid);
    });

    it("is killed by its process id where it is a unit of its own", async () => {
      const file = join(await mkdtemp(join(tmpdir(), "inference-host-pid-")), "vllm.pid");
      const port = await freePort();
      // In the place of the unit: starts it whenever it has ended.
      let unit: ChildProcess | undefined;
      let ended = false;
      const run = () => {
        if (ended) return;
        const words = ["serve", "base-model", `--port=${port}`];
        unit = startProgram(join(__dirname, "doubles", "vllm-double.ts"), words);
        void writeFile(file, String(unit.pid));
        unit.once("exit", run);
      };
      run();
      try {
        const options = {
          vllmUrl: `http://127.0.0.1:${port}`,
          vllmExec: undefined,
          vllmPidFile: file,
          silenceSeconds: 2,
        };
        const { url, faults } = await start({ options, doublePort: port });
        const before = unit!.pid;
        await faults({ hangGeneration: true });
        await until(() => unit!.pid !== before);
        await until(async () => (await fetch(`${url}/ready`)).ok);
      } finally {
        ended = true;
        unit?.kill("SIGKILL");
        await rm(dirname(file), { recursive: true });
      }
    });
  });

  describe("draining", () => {
    it("finishes what was accepted, refuses what is new, and loses nothing", async () => {
      const { url, host, faults } = await start({
        adapters: [{ name: vampire }],
        options: { maxSequences: 2 },
        env: { VLLM_DOUBLE_CHUNK_MS: "5" },
      });
      await faults({ paused: true });
      const running = await Promise.all([1, 2].map(() => chat(url, vampire, { stream: true, max_tokens: 100 })));
      const queued = [1, 2, 3].map(() => chat(url, vampire, { max_tokens: 3 }));
      await until(async () => /inference_host_queue_depth 3/.test(await (await fetch(`${url}/metrics`)).text()));
      const stopping = host.stop();
      const ready = await fetch(`${url}/ready`);
      assert.equal(ready.status, 503);
      assert.equal((await fetch(`${url}/health`)).status, 200);
      const late = await chat(url, vampire);
      assert.equal(late.status, 503);
      assert.equal(late.headers.get("connection"), "close");
      assert.ok(Number(late.headers.get("retry-after")) >= 1);
      await faults({ paused: false });
      for (const stream of running) assert.equal((await readStream(stream)).chunks, 100);
      for (const answer of await Promise.all(queued)) assert.equal(answer.status, 200);
      await stopping;
    });

    it("ends what is left at the end of the drain time with a clean error event", async () => {
      const { url, host } = await start({ options: { drainSeconds: 1 }, env: { VLLM_DOUBLE_CHUNK_MS: "20" } });
      const stream = await chat(url, "base-model", { stream: true, max_tokens: 1_000 });
      await host.stop();
      const { error, done } = await readStream(stream);
      assert.equal(error?.code, "draining");
      assert.equal(done, true);
    });
  });

  it("carries 200 streams at once without losing a chunk", async () => {
    const { host } = await start({
      adapters: [{ name: vampire }, { name: lich }],
      options: { maxSequences: 256, queueTotal: 400, queuePerArchetype: 200 },
      env: { VLLM_DOUBLE_CHUNK_MS: "20", VLLM_DOUBLE_FIRST_MS: "20" },
    });
    const models = [vampire, lich, "base-model", "ghoul/personality"];
    const agent = new Agent({ keepAlive: true });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => rawChat(host.port, agent, models[index % 4]!, 6, true)),
    );
    agent.destroy();
    assert.ok(outcomes.every(({ status, complete }) => status === 200 && complete));
  });
});

async function post(url: string, body: object = {}): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** fetch forbids another Host header. */
async function statusWithHost(url: string, host: string): Promise<number> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request(`${url}/operator/status`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}
