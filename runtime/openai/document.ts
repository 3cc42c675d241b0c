import { z } from "zod";
import { type AnswerName, answers } from "../../contracts/openai";

/** The parts that the OpenAPI documents of OpenAI-compatible APIs share. */

const text = { type: "string" } as const;

/** What stands under `components.schemas`: errors and answers, as the OpenAI API words them. */
export const answerSchemas = Object.fromEntries(
  Object.entries(answers).map(([name, schema]) => {
    const { $schema: _, ...plain } = z.toJSONSchema(schema, { io: "output" });
    return [name, plain];
  }),
);

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
