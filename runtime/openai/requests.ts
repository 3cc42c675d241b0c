import { z } from "zod";
import { RequestError } from "./errors";

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });

const message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  // Text only: other parts may name addresses, which an engine would fetch.
  content: z
    .union([z.string(), z.array(textPart).min(1), z.null()], "a text, or a list of parts of type text")
    .optional(),
});

const model = z.string().min(1).max(200);
const tokens = z.int().min(1);

/** What may stand in a chat or a completion. Anything else is refused, since engines have dangerous extras. */
const sampling = {
  model,
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: tokens.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  n: z.literal(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)], "a text, or up to 16").nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().gt(0).max(2).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  ignore_eos: z.boolean().nullish(),
  min_tokens: z.int().min(0).nullish(),
  user: z.string().max(512).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  store: z.boolean().nullish(),
} as const;

export const chatSchema = z.strictObject({
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
});

export const completionSchema = z.strictObject({
  ...sampling,
  prompt: z.string("one text, neither several nor tokens").min(1),
  echo: z.literal(false).nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
});

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

/** Levels of a body: tools and response formats are nested, but what is nested without end breaks whoever writes it out again. */
const deepest = 64;

function deeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => deeperThan(levels - 1, inner));
}

/**
 * Reads a JSON body by a schema. Keys that are null are left out, as if they had not been sent.
 * @throws RequestError with the parameter's name, as OpenAI words it
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestError(400, "We could not parse the JSON body of your request.");
  }
  if (deeperThan(deepest, value)) {
    throw new RequestError(400, `The body is nested deeper than ${deepest} levels.`, null, "invalid_value");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw badParameter(parsed.error.issues[0]!, value);
  return Object.fromEntries(
    Object.entries(parsed.data as object).filter(([, entry]) => entry !== null),
  ) as z.output<Schema>;
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], body);
}

function badParameter(issue: z.core.$ZodIssue, body: unknown): RequestError {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = [path, issue.keys[0]].filter((part) => part !== "").join(".");
    return new RequestError(400, `Unrecognized request argument supplied: ${key}`, key, "unknown_parameter");
  }
  return valueAt(body, issue.path) === undefined
    ? new RequestError(400, `Missing required parameter: '${path}'.`, path, "missing_required_parameter")
    : new RequestError(
        400,
        `Invalid value for ${path === "" ? "the body" : `'${path}'`}: ${issue.message}.`,
        path || null,
        "invalid_value",
      );
}
