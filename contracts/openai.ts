import { z } from "zod";
import { outputTokens } from "./requests";
import { turnOptionsSchema, turnSchema } from "./turns";

// The OpenAI API as this product speaks it, at the nodes and at the router: what requests may hold and what answers look like.

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });

const message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  // Text only: other parts may name addresses, which an engine would fetch.
  content: z
    .union([z.string(), z.array(textPart).min(1), z.null()], "a text, or a list of parts of type text")
    .optional(),
});

const model = z.string().min(1).max(200);
const tokens = z
  .int()
  .min(1)
  .describe(
    `A node generates at most ${outputTokens.most} tokens for one request unless it was set up otherwise (--max-output-tokens); more is a 400. ${outputTokens.fallback} where none is named.`,
  );

/** Choices and prompts of one request at most: each is a sequence of its own in the engine. */
export const mostChoices = 8;
export const mostPrompts = 32;

/** What clients of the OpenAI API send for its own servers. It is taken, and means nothing here. */
export const meaningless = [
  "metadata",
  "prompt_cache_key",
  "safety_identifier",
  "service_tier",
  "store",
  "user",
] as const;

const name = z.string().max(512).nullish();
const forItsServers = "Taken, and without a meaning here.";

/** What may stand in a chat or a completion. Anything else is refused, since engines have dangerous extras. */
const sampling = {
  model,
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().optional(),
      include_obfuscation: z.boolean().optional().describe(forItsServers),
    })
    .nullish(),
  max_tokens: tokens.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(mostChoices).nullish().describe("Choices; 1 at most where the node's engine is llama.cpp."),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)], "a text, or up to 16").nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().gt(0).max(2).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  ignore_eos: z.boolean().nullish(),
  min_tokens: z.int().min(0).nullish(),
  structured_outputs: z
    .strictObject({
      json: z.union([z.string(), z.looseObject({})], "a JSON schema").optional(),
      json_object: z.literal(true).optional(),
      regex: z.string().max(4_096).optional(),
      choice: z.array(z.string().min(1).max(512)).min(1).max(256).optional(),
      grammar: z.string().max(65_536).optional(),
    })
    .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
      message: "exactly one of json, json_object, regex, choice and grammar",
    })
    .nullish()
    .describe("vLLM's own; refused where the node's engine is another."),
  user: name.describe(forItsServers),
  metadata: z.record(z.string(), z.string()).nullish().describe(forItsServers),
  store: z.boolean().nullish().describe(forItsServers),
  service_tier: z.enum(["auto", "default", "flex", "scale", "priority"]).nullish().describe(forItsServers),
  prompt_cache_key: name.describe(forItsServers),
  safety_identifier: name.describe(forItsServers),
} as const;

/** What clients of the OpenAI API may send that is refused, for the documents. */
const refused =
  "Anything that is not listed is refused with 400 (`unknown_parameter`), such as `audio`, `functions`, `function_call`, `modalities`, `prediction`, `verbosity`, `web_search_options`, `best_of` and `suffix`, and what a node's engine cannot do with 400 (`unsupported_parameter`).";

export const chatSchema = z
  .strictObject({
    ...sampling,
    messages: z.array(message).min(1).max(1_024),
    max_completion_tokens: tokens.nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    response_format: z.looseObject({ type: z.string() }).nullish(),
    tools: z
      .array(z.looseObject({ type: z.literal("function") }))
      .max(128)
      .nullish(),
    tool_choice: z.union([z.string(), z.looseObject({})], "a text or an object").nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    reasoning_effort: z
      .enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])
      .nullish()
      .describe("Goes to the model's chat template; models that do not reason have no use for it."),
    /** For chains: what the turn of a character may hold. */
    turn: turnOptionsSchema.nullish(),
  })
  .describe(refused);

export const completionSchema = z
  .strictObject({
    ...sampling,
    prompt: z.union(
      [z.string().min(1), z.array(z.string().min(1)).min(1).max(mostPrompts)],
      `a text, or up to ${mostPrompts}; neither empty ones nor tokens`,
    ),
    echo: z.literal(false).nullish(),
    logprobs: z.int().min(0).max(5).nullish(),
  })
  .describe(refused);

export const embeddingSchema = z.strictObject({
  model,
  input: z.union(
    [z.string().min(1), z.array(z.string().min(1)).min(1).max(2_048)],
    "a text, or up to 2048; neither empty ones nor tokens",
  ),
  encoding_format: z.enum(["float", "base64"]).optional(),
  dimensions: z.int().min(1).optional(),
  user: z.string().max(512).optional(),
});

/** What each generating route of the OpenAI API takes. */
export const requestSchemas = { chat: chatSchema, completion: completionSchema, embedding: embeddingSchema } as const;
export type RequestKind = keyof typeof requestSchemas;

/** A count of tokens or places. */
const count = z.int().min(0);
const head = { id: z.string(), created: z.int(), model: z.string() } as const;
const choice = { index: count, finish_reason: z.string().nullable() } as const;
const usage = z.looseObject({ prompt_tokens: count, completion_tokens: count, total_tokens: count });
const answerMessage = z.looseObject({
  role: z.literal("assistant"),
  content: z.string().nullable(),
  tool_calls: z.array(z.looseObject({})).optional(),
});

/** A model as lists name it. */
export const modelCard = z.looseObject({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  parent: z.string().nullable().optional(),
  fallback: z.string().nullable().optional(),
});

/** Answers, by the name that the OpenAPI documents have for them; engines add fields of their own. */
export const answers = {
  Error: z.looseObject({
    error: z.looseObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  }),
  ChatCompletion: z.looseObject({
    ...head,
    object: z.literal("chat.completion"),
    choices: z.array(z.looseObject({ ...choice, message: answerMessage })),
    usage,
    /** Of a chain: words, action and emotion of the character, each with its source. */
    turn: turnSchema.optional(),
  }),
  Completion: z.looseObject({
    ...head,
    object: z.literal("text_completion"),
    choices: z.array(z.looseObject({ ...choice, text: z.string() })),
    usage,
  }),
  Embeddings: z.looseObject({
    object: z.literal("list"),
    model: z.string(),
    data: z.array(
      z.looseObject({
        object: z.literal("embedding"),
        index: count,
        embedding: z.union([z.array(z.number()), z.string()]).describe("Numbers, or base64 where it was asked for."),
      }),
    ),
    usage: z.looseObject({ prompt_tokens: count, total_tokens: count }),
  }),
  Model: modelCard,
  Models: z.looseObject({ object: z.literal("list"), data: z.array(modelCard) }),
  Status: z.looseObject({ status: z.string(), deprioritised: z.boolean().optional() }),
} as const;

export type AnswerName = keyof typeof answers;
