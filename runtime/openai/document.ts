/** The parts that the OpenAPI documents of OpenAI-compatible APIs share. */

const text = { type: "string" } as const;
const textOrNull = { type: ["string", "null"] } as const;
const count = { type: "integer", minimum: 0 } as const;

const object = <Properties extends Readonly<Record<string, unknown>>>(
  properties: Properties,
  optional: readonly (keyof Properties & string)[] = [],
) => ({
  type: "object",
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
const list = (items: unknown) => ({ type: "array", items });
const only = (value: string) => ({ ...text, enum: [value] });

const head = { id: text, created: { type: "integer" }, model: text } as const;
const usage = object({ prompt_tokens: count, completion_tokens: count, total_tokens: count });
const choice = { index: count, finish_reason: textOrNull } as const;
const message = object({ role: only("assistant"), content: textOrNull, tool_calls: list({ type: "object" }) }, [
  "tool_calls",
]);
const model = object(
  {
    id: text,
    object: only("model"),
    created: { type: "integer" },
    owned_by: text,
    parent: textOrNull,
    fallback: textOrNull,
  },
  ["parent", "fallback"],
);

/** What stands under `components.schemas`: errors and answers, as the OpenAI API words them. */
export const answerSchemas = {
  Error: object({ error: object({ message: text, type: text, param: textOrNull, code: textOrNull }) }),
  ChatCompletion: object({
    ...head,
    object: only("chat.completion"),
    choices: list(object({ ...choice, message })),
    usage,
  }),
  Completion: object({ ...head, object: only("text_completion"), choices: list(object({ ...choice, text })), usage }),
  Embeddings: object({
    object: only("list"),
    model: text,
    data: list(
      object({
        object: only("embedding"),
        index: count,
        embedding: {
          oneOf: [list({ type: "number" }), text],
          description: "Numbers, or base64 where it was asked for.",
        },
      }),
    ),
    usage: object({ prompt_tokens: count, total_tokens: count }),
  }),
  Model: model,
  Models: object({ object: only("list"), data: list({ $ref: "#/components/schemas/Model" }) }),
  Status: object({ status: text, deprioritised: { type: "boolean" } }, ["deprioritised"]),
} as const;

export type AnswerName = keyof typeof answerSchemas;

/** JSON of one of the schemas. */
export const jsonOf = (name: AnswerName) => ({
  "application/json": { schema: { $ref: `#/components/schemas/${name}` } },
});

/** An answer that is one of the schemas. */
export const answerOf = (description: string, name: AnswerName) => ({ description, content: jsonOf(name) });

/** Answers that are no OpenAI answer: some JSON, and text. */
export const anyObject = { description: "OK", content: { "application/json": { schema: { type: "object" } } } };
export const plainText = { description: "OK", content: { "text/plain": { schema: text } } };

/** What the events of a streamed chat hold. */
export const chatChunk = "chat.completion.chunk";

/** The responses `Error` and `Busy`, which comes with a time to come back. */
export const errorResponses = (busy: string) => ({
  Error: answerOf("Error in OpenAI's shape", "Error"),
  Busy: { ...answerOf(busy, "Error"), headers: { "retry-after": { schema: { type: "integer", minimum: 1 } } } },
});

/** References to those responses, by status. */
export const errorsAt = (statuses: readonly string[]): Record<string, object> =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { $ref: `#/components/responses/${status === "429" || status === "503" ? "Busy" : "Error"}` },
    ]),
  );

/** The server-sent events of a streamed answer. */
export const eventsOf = (chunk: string) => ({
  "text/event-stream": {
    schema: {
      ...text,
      description: `Events whose data is a ${chunk}, the last one's is [DONE]; an error is an event too.`,
    },
  },
});

/** Where a model's name stands in a path. */
export const modelParameter = {
  name: "model",
  in: "path",
  required: true,
  description: "Its slash as `%2F` or as it is.",
  schema: text,
} as const;

/** A header that a request may carry. */
export const requestHeader = (name: string, description: string, schema: Readonly<Record<string, unknown>>) => ({
  name,
  in: "header",
  required: false,
  description,
  schema,
});
