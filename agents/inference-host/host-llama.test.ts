import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adapterNamesOf, productRegistry } from "../../contracts/archetypes";
import { createLogger } from "../../runtime/logger";
import { type OpenApiDocument, undocumented } from "../../runtime/testing/documented";
import { type Host, startHost } from "./host";
import { readOptions } from "./options";
import { answerText, chat, readStream } from "./testing/harness";
import { adapterSentence, baseSentence } from "./toy/sentences";

/** Real llama.cpp with the toy model: slow steps get generous deadlines, since what counts here is what is said. */
const patientChains = {
  chains: [
    {
      name: "npc_turn",
      windowTurns: 5,
      fallback: "...",
      steps: (["action_policy", "emotional_response", "dialogue_style"] as const).map((task) => ({
        task,
        instruction: `Be {archetype}.`,
        maxTokens: 32,
        deadlineMs: 60_000,
        onFailure: task === "dialogue_style" ? "base" : "skip",
      })),
    },
  ],
};

describe("inference host on llama.cpp with the toy model", () => {
  let host: Host;
  let url: string;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "toy-host-"));
    const { writeFile } = await import("node:fs/promises");
    await writeFile(join(folder, "chains.json"), JSON.stringify(patientChains));
    host = await startHost(
      readOptions(
        {
          port: 0,
          operatorPort: 0,
          gpuAdapters: 4,
          sequences: 2,
          contextTokens: 512,
          queueSeconds: 600,
          requestSeconds: 600,
          chains: join(folder, "chains.json"),
        },
        {},
      ),
      createLogger("inference-host", process.env.TEST_LOG ?? "silent"),
    );
    await host.ready;
    url = `http://127.0.0.1:${host.port}`;
  });

  after(async () => {
    await host.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("answers as the base model when asked for it", async () => {
    const answer = await chat(url, "toy");
    assert.equal(answer.status, 200);
    assert.equal((await answerText(answer)).trim(), baseSentence);
  });

  it("lets each of two adapters visibly change the output", async () => {
    for (const name of ["vampire/dialogue_style", "lich/personality"] as const) {
      const answer = await chat(url, name);
      assert.equal(answer.headers.get("x-inference-host-model"), name);
      assert.equal(answer.headers.get("x-inference-host-fallback"), null);
      assert.equal((await answerText(answer)).trim(), adapterSentence(name));
    }
  });

  it("streams the same words, in chunks of the API's shape, and ends with [DONE]", async () => {
    const answer = await readStream(
      await chat(url, "werewolf/dialogue_style", { stream: true, stream_options: { include_usage: true } }),
    );
    assert.equal(answer.text.trim(), adapterSentence("werewolf/dialogue_style"));
    assert.ok(answer.chunks >= 5, `${answer.chunks} chunks`);
    assert.deepEqual([...answer.models], ["werewolf/dialogue_style"]);
    assert.equal(answer.finishReason, "stop");
    assert.equal(answer.usage?.completion_tokens, adapterSentence("werewolf/dialogue_style").split(" ").length);
    assert.equal(answer.done, true);
  });

  it("serves all 35 adapters with room for four, each in its own voice, under concurrent load", async () => {
    const answers = await Promise.all(
      adapterNamesOf(productRegistry).map(
        async (name) => [name, (await answerText(await chat(url, name))).trim()] as const,
      ),
    );
    for (const [name, text] of answers) assert.equal(text, adapterSentence(name), name);
  });

  it("stops at a stop string and at the token limit", async () => {
    const stopped = (await (await chat(url, "toy", { stop: [" base"] })).json()) as Completion;
    assert.equal(stopped.choices[0]!.message.content.trim(), "I am the toy");
    assert.equal(stopped.choices[0]!.finish_reason, "stop");
    const cut = (await (await chat(url, "toy", { max_tokens: 3 })).json()) as Completion;
    assert.equal(cut.choices[0]!.message.content.trim(), "I am the");
    assert.equal(cut.choices[0]!.finish_reason, "length");
    assert.equal(cut.usage.completion_tokens, 3);
  });

  it("continues a prompt and embeds texts so that different texts differ", async () => {
    const completion = await post("/v1/completions", { model: "ghoul/dialogue_style", prompt: "Heh", temperature: 0 });
    assert.match(JSON.stringify(await completion.json()), /tasty secrets/);
    const embedding = await post("/v1/embeddings", { model: "toy", input: ["moon", "blood", "moon"] });
    const { data } = (await embedding.json()) as { data: { embedding: number[] }[] };
    assert.equal(embedding.headers.get("x-inference-host-fallback"), null);
    const adapted = await post("/v1/embeddings", { model: "ghoul/dialogue_style", input: "moon" });
    assert.match(adapted.headers.get("x-inference-host-fallback") ?? "", /^base; reason=vectors are/);
    assert.deepEqual(data[0]!.embedding, data[2]!.embedding);
    assert.notDeepEqual(data[0]!.embedding, data[1]!.embedding);
    assert.ok(Math.abs(Math.hypot(...data[0]!.embedding) - 1) < 1e-3);
  });

  it("counts the tokens of all a chain's steps, streamed or not", async () => {
    const usageOf = async (stream: boolean) => {
      const extra = stream ? { stream, stream_options: { include_usage: true } } : {};
      return (await (await chat(url, "vampire/chain/npc_turn", extra)).text()).match(/"usage":\{[^}]*\}/g);
    };
    assert.deepEqual(await usageOf(true), await usageOf(false));
  });

  it("leaves remembered turns out of a chain that the model has no room for, and refuses a question that alone is too long", async () => {
    const messages = (words: number) => [
      ...Array.from({ length: 3 }, () => [
        { role: "user", content: "who ".repeat(250) },
        { role: "assistant", content: "I" },
      ]).flat(),
      { role: "user", content: "who ".repeat(words) },
    ];
    const fits = await chat(url, "vampire/chain/npc_turn", { messages: messages(1) });
    assert.equal(fits.status, 200);
    assert.match(fits.headers.get("x-inference-host-chain") ?? "", /dialogue_style=ok$/);
    const tooLong = await chat(url, "vampire/chain/npc_turn", { messages: messages(1_500) });
    const { error } = (await tooLong.json()) as { error: { code: string } };
    assert.deepEqual([tooLong.status, error.code], [400, "context_length_exceeded"]);
    const streamed = await chat(url, "vampire/chain/npc_turn", { messages: messages(1), stream: true });
    assert.deepEqual([(await readStream(streamed)).error, streamed.status], [undefined, 200]);
    for (const model of ["vampire/chain/npc_turn", "vampire/dialogue_style"])
      assert.equal((await chat(url, model, { messages: messages(1_500), stream: true })).status, 400);
  });

  it("runs a chain's steps in order on their adapters and says how each went", async () => {
    const answer = await chat(url, "vampire/chain/npc_turn");
    assert.equal(
      answer.headers.get("x-inference-host-chain"),
      "action_policy=ok,emotional_response=ok,dialogue_style=ok",
    );
    const body = (await answer.json()) as Completion;
    assert.equal(body.model, "vampire/chain/npc_turn");
    assert.equal(body.choices[0]!.message.content.trim(), adapterSentence("vampire/dialogue_style"));
    const words = (["action_policy", "emotional_response", "dialogue_style"] as const)
      .map((task) => adapterSentence(`vampire/${task}`).split(" ").length)
      .reduce((sum, count) => sum + count);
    assert.equal(body.usage.completion_tokens, words);
  });

  it("says what the embedded engine cannot do and what is too long", async () => {
    const tools = await chat(url, "toy", { tools: [{ type: "function", function: { name: "f" } }] });
    assert.equal(tools.status, 400);
    assert.match(
      await tools.text(),
      /Tools that the model chooses \(tools\) cannot be had from this node.s engine, llama\.cpp/,
    );
    const counted = async () =>
      /requests_total\{archetype="base",outcome="(failed)"\}/.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
    assert.equal(await counted(), undefined);
    const long = await chat(url, "toy", { messages: [{ role: "user", content: "x".repeat(2_000) }] });
    assert.equal(long.status, 400);
    assert.match(await long.text(), /maximum context length is 512 tokens/);
  });

  it("answers as its OpenAPI document says", async () => {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
    const question = { messages: [{ role: "user", content: "hi" }], max_tokens: 2 };
    for (const [schema, answer] of [
      ["ChatCompletion", chat(url, "vampire/personality", { max_tokens: 2 })],
      ["ChatCompletion", chat(url, "vampire/chain/npc_turn", { max_tokens: 2 })],
      ["Completion", post("/v1/completions", { model: "toy", prompt: "Heh", max_tokens: 2 })],
      ["Embeddings", post("/v1/embeddings", { model: "toy", input: ["moon", "blood"] })],
      ["Embeddings", post("/v1/embeddings", { model: "toy", input: "moon", encoding_format: "base64" })],
      ["Models", fetch(`${url}/v1/models`)],
      ["Model", fetch(`${url}/v1/models/vampire%2Fdialogue_style`)],
      ["Model", fetch(`${url}/v1/models/toy`)],
      ["Error", fetch(`${url}/v1/models/nobody`)],
      ["Error", post("/v1/chat/completions", { ...question, model: "nobody" })],
      ["Error", fetch(`${url}/nowhere`)],
      ["Status", fetch(`${url}/health`)],
      ["Status", fetch(`${url}/ready`)],
    ] as const) {
      const { status, headers } = await answer;
      assert.deepEqual(undocumented(document, schema, await (await answer).json()), [], schema);
      assert.equal(status >= 400, schema === "Error");
      assert.match(headers.get("x-request-id") ?? "", /^[\w-]{36}$/);
    }
  });

  function post(path: string, body: object): Promise<Response> {
    return fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }
});

interface Completion {
  readonly model: string;
  readonly choices: { readonly message: { readonly content: string }; readonly finish_reason: string }[];
  readonly usage: { readonly completion_tokens: number };
}
