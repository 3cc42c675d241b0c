import type { RequestKind } from "../../../contracts/openai";

/** A whole answer, or the events of a streamed one put together. */
export interface Answer {
  readonly status: number;
  readonly body: AnswerBody;
  /** The events of a stream; empty for an answer in one piece. */
  readonly events: readonly AnswerBody[];
  /** A stream ended with `[DONE]`. */
  readonly done: boolean;
}

export interface AnswerBody {
  readonly error?: { readonly code?: unknown; readonly message?: string } | null;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  readonly data?: readonly { readonly embedding: readonly number[] }[];
  readonly choices?: readonly Choice[];
}

interface Message {
  readonly content?: string | null;
  readonly tool_calls?: readonly { readonly function?: { readonly name?: string; readonly arguments?: string } }[];
}

interface Choice {
  readonly index: number;
  readonly text?: string;
  readonly message?: Message;
  readonly delta?: Message;
  readonly logprobs?: unknown;
  readonly finish_reason?: string | null;
}

/** One request that the API promises, and what its answer must be. */
export interface Case {
  readonly name: string;
  readonly kind: RequestKind;
  readonly body: Readonly<Record<string, unknown>>;
  /** What is wrong with an answer; undefined for a right one. */
  readonly wrong: (answer: Answer) => string | undefined;
  /** Every engine must serve it, or the host itself refuses it. */
  readonly always?: boolean;
}

/** Tokens of an answer at most: enough for what the schema says. */
const most = 64;
const messages = [{ role: "user", content: "Who goes there? Answer in JSON." }];
const schema = {
  type: "object",
  properties: { verb: { type: "string", enum: ["bow", "flee"] }, loud: { type: "boolean" } },
  required: ["verb", "loud"],
  additionalProperties: false,
};
const tools = [{ type: "function", function: { name: "act", description: "Does something.", parameters: schema } }];

const text = ({ text: said, message }: Choice) => said ?? message?.content ?? "";
const first = ({ body }: Answer): Choice | undefined => body.choices?.[0];
const answered = (answer: Answer): string | undefined =>
  answer.status !== 200
    ? `status ${answer.status}: ${answer.body.error?.message}`
    : first(answer) === undefined
      ? "no choice"
      : undefined;

/** An answer in one piece that has text. */
const says = (answer: Answer) => answered(answer) ?? (text(first(answer)!) === "" ? "no text" : undefined);
const streams = (answer: Answer) => answered(answer) ?? (answer.done ? undefined : "no [DONE]");
const choices = (count: number) => (answer: Answer) =>
  answered(answer) ??
  (new Set(answer.body.choices!.map(({ index }) => index)).size === count ? undefined : `not ${count} choices`);
const refuses = (status: number, code: string) => (answer: Answer) =>
  answer.status === status && answer.body.error?.code === code
    ? undefined
    : `status ${answer.status}, code ${answer.body.error?.code}`;

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** JSON that keeps to the schema; a model that was cut off has at least begun so. */
function keeps(json: string, { body: { usage } }: Answer): string | undefined {
  if ((usage?.completion_tokens ?? 0) >= most)
    return json.trimStart().startsWith("{") ? undefined : `not an object: ${json.slice(0, 60)}`;
  const value = parsed(json) as { verb?: unknown; loud?: unknown } | undefined;
  const right = value !== undefined && ["bow", "flee"].includes(String(value.verb)) && typeof value.loud === "boolean";
  return right ? undefined : `not what the schema says: ${json.slice(0, 60)}`;
}

const calls = (answer: Answer) => {
  const bad = answered(answer);
  if (bad !== undefined) return bad;
  const { message } = first(answer)!;
  const call = message?.tool_calls?.[0]?.function;
  // A call that the limit cut off is the text that it began with.
  const begun = message?.content?.startsWith("<tool_call>") && (answer.body.usage?.completion_tokens ?? 0) >= most;
  if (call === undefined) return begun ? undefined : "no tool call";
  return call.name === "act" ? keeps(call.arguments ?? "", answer) : `called ${call.name}`;
};

const chat = (name: string, body: Case["body"], wrong: Case["wrong"], more: Partial<Case> = {}): Case => ({
  name,
  kind: "chat",
  body: { messages, max_tokens: most, temperature: 0, ...body },
  wrong,
  ...more,
});
const completion = (name: string, body: Case["body"], wrong: Case["wrong"], more: Partial<Case> = {}): Case => ({
  name,
  kind: "completion",
  body: { prompt: "The night", max_tokens: 8, temperature: 0, ...body },
  wrong,
  ...more,
});
const always = { always: true } as const;

/** What the documents of the API promise, one request each. */
export const cases: readonly Case[] = [
  chat("chat", {}, says, always),
  chat(
    "chat, streamed, with usage",
    { stream: true, stream_options: { include_usage: true } },
    (answer) => streams(answer) ?? (answer.body.usage?.completion_tokens ? undefined : "no usage"),
    always,
  ),
  chat(
    "chat, streamed, without usage",
    { stream: true },
    (answer) => streams(answer) ?? (answer.body.usage ? "a usage that nobody asked for" : undefined),
    always,
  ),
  chat(
    "max_tokens",
    { max_tokens: 2 },
    (answer) => says(answer) ?? (answer.body.usage!.completion_tokens <= 2 ? undefined : "more than 2 tokens"),
    always,
  ),
  chat(
    "min_tokens and ignore_eos",
    { min_tokens: 6, max_tokens: 6, ignore_eos: true },
    (answer) => answered(answer) ?? (answer.body.usage!.completion_tokens === 6 ? undefined : "not 6 tokens"),
  ),
  chat(
    "stop",
    { stop: [" "] },
    (answer) => answered(answer) ?? (text(first(answer)!).includes(" ") ? "went on after a stop" : undefined),
  ),
  chat(
    "seed, penalties, top_k, min_p",
    { seed: 7, top_k: 5, min_p: 0.1, presence_penalty: 0.5, frequency_penalty: 0.5, repetition_penalty: 1.1 },
    says,
  ),
  chat(
    "developer, assistant and tool messages",
    {
      messages: [
        { role: "developer", content: "Be brief." },
        { role: "user", content: "Bow." },
        {
          role: "assistant",
          content: "",
          tool_calls: [{ id: "a", type: "function", function: { name: "act", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "a", content: "done" },
        { role: "user", content: [{ type: "text", text: "And now?" }] },
      ],
    },
    says,
  ),
  chat("n", { n: 2, temperature: 1 }, choices(2)),
  chat("n, streamed", { n: 2, temperature: 1, stream: true }, (answer) => streams(answer) ?? choices(2)(answer)),
  chat(
    "logprobs",
    { logprobs: true, top_logprobs: 2 },
    (answer) => says(answer) ?? (first(answer)!.logprobs ? undefined : "no logprobs"),
  ),
  chat("logit_bias", { logit_bias: { "5": -100 } }, says),
  chat(
    "response_format json_object",
    { response_format: { type: "json_object" } },
    (answer) => answered(answer) ?? (text(first(answer)!).trimStart().startsWith("{") ? undefined : "no JSON"),
  ),
  chat(
    "response_format json_schema",
    { response_format: { type: "json_schema", json_schema: { name: "act", schema } } },
    (answer) => answered(answer) ?? keeps(text(first(answer)!), answer),
  ),
  chat(
    "structured_outputs choice",
    { structured_outputs: { choice: ["yes", "no"] } },
    (answer) => answered(answer) ?? (/^(yes|no)$/.test(text(first(answer)!)) ? undefined : "neither choice"),
  ),
  chat(
    "structured_outputs json",
    { structured_outputs: { json: schema } },
    (answer) => answered(answer) ?? keeps(text(first(answer)!), answer),
  ),
  chat("tools, the model chooses", { tools }, answered),
  chat("tools, the model chooses, streamed", { tools, stream: true }, streams),
  chat("tools, one must be called", { tools, tool_choice: "required" }, calls),
  chat(
    "tools, this one must be called",
    { tools, tool_choice: { type: "function", function: { name: "act" } } },
    calls,
  ),
  chat("tools, none may be called", { tools, tool_choice: "none" }, says),
  chat("reasoning_effort", { reasoning_effort: "low" }, says),
  chat(
    "what is for OpenAI's own servers",
    {
      user: "u",
      store: false,
      service_tier: "auto",
      prompt_cache_key: "k",
      safety_identifier: "s",
      metadata: { a: "b" },
      stream: true,
      stream_options: { include_obfuscation: false },
    },
    streams,
    always,
  ),
  completion("completion", {}, says, always),
  completion("completion, streamed", { stream: true }, streams, always),
  completion("completion of several prompts", { prompt: ["The night", "The day"] }, choices(2)),
  completion(
    "completion with logprobs",
    { logprobs: 1 },
    (answer) => says(answer) ?? (first(answer)!.logprobs ? undefined : "no logprobs"),
  ),
  {
    name: "embeddings",
    kind: "embedding",
    body: { input: ["night", "day"] },
    wrong: ({ status, body }) => (status === 200 && body.data?.length === 2 ? undefined : `status ${status}`),
  },
  chat(
    "a 400 for a picture",
    {
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "http://127.0.0.1/" } }] }],
    },
    refuses(400, "invalid_value"),
    always,
  ),
  chat("a 400 for an unknown parameter", { chat_template: "x" }, refuses(400, "unknown_parameter"), always),
  chat(
    "a 400 for more tokens than the node generates",
    { max_tokens: 1_000_000 },
    refuses(400, "invalid_value"),
    always,
  ),
  chat(
    "a 400 for a prompt without room",
    { messages: [{ role: "user", content: "night ".repeat(20_000) }] },
    refuses(400, "context_length_exceeded"),
    always,
  ),
];
