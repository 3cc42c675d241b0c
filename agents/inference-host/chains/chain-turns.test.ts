import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { productRegistry } from "../../../contracts/archetypes";
import type { Turn } from "../../../contracts/turns";
import { chat, readStream, startVllmHost, until, type VllmHost, type VllmSetup } from "../testing/harness";

const model = "lich/chain/npc_turn";
const lich = ["emotional_response", "action_policy", "dialogue_style"].map((task) => ({ name: `lich/${task}` }));
const actions = [{ verb: "wait" }, { verb: "bow", targets: ["player", "throne"], manners: ["slowly"] }];
/** The last of every list is what the double writes. */
const bow = { verb: "bow", target: "throne", manner: "slowly" };

interface Event {
  readonly choices?: { readonly delta?: { readonly content?: string }; readonly finish_reason?: string | null }[];
  readonly turn?: Turn;
  readonly error?: { readonly code: string };
}

/** Events of a stream as they come. */
async function* eventsOf(response: Response): AsyncIterable<Event> {
  let held = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    held += piece;
    const events = held.split("\n\n");
    held = events.pop()!;
    for (const event of events) if (!event.includes("[DONE]")) yield JSON.parse(event.slice(5)) as Event;
  }
}

async function allEvents(response: Response): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of eventsOf(response)) events.push(event);
  return events;
}

async function answerOf(response: Response) {
  return (await response.json()) as {
    choices: { message: { content: string }; finish_reason: string }[];
    turn: Turn;
    usage: { completion_tokens: number };
    error?: { code: string; message: string; param: string };
  };
}

describe("turns of a chain, on the vLLM double", () => {
  let host: VllmHost | undefined;
  const start = async (setup: VllmSetup = {}) => {
    // An engine that a test silences is not restarted.
    host = await startVllmHost({ adapters: lich, ...setup, options: { silenceSeconds: 600, ...setup.options } });
    return host;
  };
  afterEach(async () => {
    await host?.close();
    host = undefined;
  });

  it("carry words, action and emotion, of the lists that the request names, and say who made each", async () => {
    const { url, state } = await start();
    const response = await chat(url, model, { turn: { actions, emotions: ["joy", "pride"] }, max_tokens: 4 });
    assert.equal(
      response.headers.get("x-inference-host-chain"),
      "emotional_response=ok,action_policy=ok,dialogue_style=ok",
    );
    const { turn, choices } = await answerOf(response);
    assert.deepEqual(turn.action, bow);
    assert.deepEqual(turn.emotion, { label: "pride", intensity: 1, secondary: null });
    assert.deepEqual(turn.source, { emotion: "model", action: "model", text: "model" });
    assert.equal(turn.text, choices[0]!.message.content);
    assert.match(turn.text!, /^\[double:lich\/dialogue_style/);
    // The words know what is felt and done.
    const asked = (await state()).seen.at(-1)!.body.messages as { role: string; content: string }[];
    assert.match(asked.at(-1)!.content, /Feeling: strong pride\. Doing: bow, throne, slowly\./);
    assert.match(asked[0]!.content, /^You are lich, a character in a game\. A lich: ancient/);
  });

  it("are had by whatever archetype has adapters in the manifest, and by none that the registry leaves out", async () => {
    const registry = { schema: 1, without: ["ghoul"], archetypes: [{ name: "imp", persona: { summary: "An imp." } }] };
    const archetypes = `base64:${Buffer.from(JSON.stringify(registry)).toString("base64")}`;
    const { url } = await start({ adapters: [...lich, { name: "dragon/bark" }], options: { archetypes } });
    const ask = (name: string) => chat(url, `${name}/chain/npc_turn`, { max_tokens: 2 });
    const { turn } = await answerOf(await ask("dragon"));
    assert.deepEqual(turn.steps, { emotional_response: "base", action_policy: "base", dialogue_style: "base" });
    assert.match(
      (await answerOf(await chat(url, "dragon/bark", { max_tokens: 2 }))).choices[0]!.message.content,
      /dragon\/bark/,
    );
    assert.deepEqual(
      [(await ask("imp")).status, (await ask("ghoul")).status, (await ask("nobody")).status],
      [200, 404, 404],
    );
    const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    const names = data.map(({ id }) => id);
    assert.ok(names.includes("dragon/bark") && names.includes("imp/chain/goal_check"), names.join());
    assert.ok(!names.some((id) => id.startsWith("ghoul")), names.join());
  });

  it("stream emotion and action before the words, and the whole turn at the end", async () => {
    const { url } = await start();
    const events = await allEvents(await chat(url, model, { turn: { actions }, max_tokens: 5, stream: true }));
    const at = (holds: (event: Event) => boolean) => events.findIndex(holds);
    const words = at(({ choices }) => (choices?.[0]?.delta?.content ?? "") !== "");
    const emotion = at(({ turn }) => turn?.emotion !== undefined);
    const action = at(({ turn }) => turn?.action !== undefined);
    assert.ok(emotion > 0 && emotion < words && action > 0 && action < words, `${emotion}, ${action}, ${words}`);
    assert.deepEqual(events[action]!.turn, { action: bow, source: { action: "model" } });
    const whole = events.at(-1)!.turn!;
    assert.deepEqual(whole.action, bow);
    assert.equal(whole.text, events.map(({ choices }) => choices?.[0]?.delta?.content ?? "").join(""));
    assert.deepEqual(whole.steps, { emotional_response: "ok", action_policy: "ok", dialogue_style: "ok" });
    assert.deepEqual(new Set(events.map((event) => (event as { model?: string }).model)), new Set([model]));
  });

  it("run steps side by side that do not need each other", async () => {
    const { url, state, faults } = await start();
    await faults({ silent: true });
    const leave = new AbortController();
    const turn = chat(url, model, {}, { signal: leave.signal });
    await until(async () => (await state()).running === 2);
    leave.abort();
    await assert.rejects(turn);
    await until(async () => (await state()).running === 0);
  });

  it("refuse what no step could follow, and apply the rest to the step that it concerns", async () => {
    const { url, state } = await start();
    for (const body of [
      { tools: [{ type: "function", function: { name: "f" } }], tool_choice: "required" },
      { logprobs: true },
      { response_format: { type: "json_object" } },
    ]) {
      const { error } = await answerOf(await chat(url, model, body));
      assert.deepEqual([error?.code, error?.param], ["unsupported_parameter", Object.keys(body)[0]]);
    }
    const plain = await answerOf(await chat(url, "lich/dialogue_style", { turn: { actions } }));
    assert.equal(plain.error?.param, "turn");
    const before = (await state()).seen.length;
    const { choices } = await answerOf(await chat(url, model, { max_tokens: 3, stop: ["x"], temperature: 0.5 }));
    assert.equal(choices[0]!.finish_reason, "length");
    const steps = (await state()).seen.slice(before).map(({ body }) => body);
    assert.deepEqual(
      steps.map((body) => [
        body.temperature,
        body.stop,
        (body.max_tokens as number) > 3,
        body.response_format === undefined,
      ]),
      [
        [0.5, undefined, true, false],
        [0.5, undefined, true, false],
        [0.5, ["x"], false, true],
      ],
    );
  });

  it("keep a tight budget by a line of the archetype's own while the engine still works, and say that it was authored", async () => {
    const { url, faults } = await start({
      options: { tokenMs: 7.5, tokenMsPerSequence: 0.2, prefillTokensPerSecond: 5_000 },
    });
    await faults({ silent: true });
    const response = await chat(url, model, { stream: true }, { headers: { "x-latency-budget-ms": "50" } });
    const events = eventsOf(response)[Symbol.asyncIterator]();
    let event: Event;
    do event = (await events.next()).value as Event;
    while (event.turn === undefined);
    assert.deepEqual(event.turn.source, { bark: "authored" });
    assert.ok(productRegistry.archetypes.get("lich")!.persona.barks.includes(event.turn.bark!));
    await faults({ silent: false });
    const rest: Event[] = [];
    for (let next = await events.next(); !next.done; next = await events.next()) rest.push(next.value);
    assert.deepEqual(rest.at(-1)!.turn!.source, { bark: "authored", emotion: "model", action: "model", text: "model" });
  });

  it("say no bark where the budget has room, and refuse a budget that nothing could keep", async () => {
    const { url } = await start({
      options: { tokenMs: 7.5, tokenMsPerSequence: 0.2, prefillTokensPerSecond: 5_000 },
    });
    const ask = (budget: string, turn: object) =>
      chat(url, model, { stream: true, max_tokens: 3, turn }, { headers: { "x-latency-budget-ms": budget } });
    const roomy = await allEvents(await ask("2000", {}));
    assert.equal(roomy.at(-1)!.turn!.bark, undefined);
    const refused = await ask("50", { bark: false });
    const { error } = await answerOf(refused);
    assert.deepEqual([refused.status, error?.code], [400, "latency_budget_unattainable"]);
    assert.match(
      error!.message,
      /budget of 50 ms cannot be kept: the first part of lich\/chain\/npc_turn takes about \d+ ms/,
    );
  });

  it("let a model bark where one is asked for, before the long answer", async () => {
    const { url } = await start({ adapters: [...lich, { name: "lich/bark" }] });
    const events = await allEvents(await chat(url, model, { stream: true, max_tokens: 200, turn: { bark: true } }));
    const bark = events.findIndex(({ turn }) => turn?.bark !== undefined);
    const text = events.findIndex(({ choices }) => choices?.[0]?.finish_reason);
    assert.ok(bark > 0 && bark < text, `${bark} of ${text}`);
    const whole = events.at(-1)!.turn!;
    // A tenth of the model's time here is a slow machine's whole budget: then the line is authored, and says so.
    if (whole.source!.bark === "model") assert.match(whole.bark!, /^\[double:lich\/bark/);
    else assert.ok(productRegistry.archetypes.get("lich")!.persona.barks.includes(whole.bark!));
  });

  describe("with limits of its own", () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "chain-turns-"));
    });
    after(() => rm(folder, { recursive: true }));

    const chains = async (limits: { data: number; words: number }) => {
      const file = join(folder, "chains.json");
      const chain = productRegistry.chains.get("npc_turn")!;
      const steps = chain.steps.map((step) => ({
        ...step,
        deadlineMs: step.gives === "text" ? limits.words : limits.data,
        ...(step.gives === "text" && { maxTokens: 4_000 }),
      }));
      await writeFile(file, JSON.stringify({ chains: [{ ...chain, steps }] }));
      return { chains: file };
    };

    it("author what no model gives in time, and answer with the chain's fallback where the engine says nothing at all", async () => {
      const { url, faults } = await start({ options: await chains({ data: 50, words: 50 }) });
      await faults({ silent: true });
      const { turn, choices } = await answerOf(await chat(url, model, { turn: { actions } }));
      assert.deepEqual(turn.source, { emotion: "authored", action: "authored", text: "authored" });
      assert.deepEqual(turn.action, { verb: "wait", target: null, manner: null });
      assert.deepEqual(turn.emotion, productRegistry.archetypes.get("lich")!.persona.emotion);
      assert.deepEqual([turn.text, choices[0]!.message.content], ["...", "..."]);
      assert.deepEqual(turn.steps, {
        emotional_response: "skipped",
        action_policy: "skipped",
        dialogue_style: "fallback",
      });
    });

    it("keep what was said when a step's limit passes, and say that it was cut off", async () => {
      const { url } = await start({
        options: await chains({ data: 60_000, words: 1_000 }),
        env: { VLLM_DOUBLE_CHUNK_MS: "20" },
      });
      const streamed = await allEvents(await chat(url, model, { stream: true, max_tokens: 1_000 }));
      const whole = streamed.at(-1)!.turn!;
      assert.deepEqual([whole.partial, whole.source!.text], [["text"], "model"]);
      assert.match(whole.text!, /^\[double:/);
      assert.equal(streamed.find(({ choices }) => choices?.[0]?.finish_reason)!.choices![0]!.finish_reason, "length");
    });

    it("author data of which not even the first word was whole", async () => {
      const { url, faults } = await start({ options: await chains({ data: 500, words: 500 }) });
      await faults({ paused: true });
      const { turn } = await answerOf(await chat(url, model, { turn: { actions } }));
      assert.deepEqual(turn.source, { emotion: "authored", action: "authored", text: "model" });
      assert.equal(turn.steps!.action_policy, "skipped");
      assert.deepEqual([turn.text, turn.partial], ["[double:lich/dialogue_style@1]", ["text"]]);
    });
  });

  it("remember of a turn that its player cut off just what was said", async () => {
    const { url, state } = await start({ env: { VLLM_DOUBLE_CHUNK_MS: "20" } });
    const headers = { "x-npc-id": "morr" };
    const leave = new AbortController();
    const response = await chat(url, model, { stream: true, max_tokens: 1_000 }, { headers, signal: leave.signal });
    let heard = "";
    for await (const { choices } of eventsOf(response)) {
      heard += choices?.[0]?.delta?.content ?? "";
      if (heard.includes(" w3")) break;
    }
    leave.abort();
    await until(async () => (await state()).running === 0);
    const remembered = async () => {
      await readStream(await chat(url, model, { stream: true, max_tokens: 1 }, { headers }));
      const messages = (await state()).seen.at(-1)!.body.messages as { role: string; content: string }[];
      return messages.find(({ role }) => role === "assistant")?.content;
    };
    const said = await remembered();
    assert.ok(said?.startsWith(heard.trim()), `${said} does not begin with ${heard}`);
    assert.ok(said!.length < heard.length + 200, said);
  });
});
