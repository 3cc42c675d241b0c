import { z } from "zod";
import { healthPaths } from "../../../contracts/health";
import { chatSchema, completionSchema, embeddingSchema } from "../../../runtime/openai/requests";
import { turnSchema } from "./turns";

const text = { type: "string" } as const;

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["message", "type", "param", "code"],
      properties: {
        message: text,
        type: text,
        param: { type: ["string", "null"] },
        code: { type: ["string", "null"] },
      },
    },
  },
} as const;

const parameters = [
  header("x-request-id", "Goes through to the node and back; made up when missing.", { ...text, maxLength: 128 }),
  header("x-latency-budget-ms", "Milliseconds until the first token: below 100 Gold is asked, else Silver.", {
    type: "integer",
    minimum: 1,
  }),
  header("x-priority", "Which requests go first on a node.", {
    ...text,
    enum: ["high", "normal", "low"],
    default: "normal",
  }),
  header("x-npc-id", "Character whose last turns a chain of /v1/chat/completions remembers.", {
    ...text,
    maxLength: 128,
  }),
  header("x-deadline-ms", "Milliseconds after which the answer is of no use.", { type: "integer", minimum: 1 }),
  header("traceparent", "W3C trace context.", text),
];

const answerHeaders = {
  "x-request-id": { schema: text },
  "x-ai-router-tier": { schema: { ...text, enum: ["gold", "silver"] }, description: "The tier that answers." },
  "x-ai-router-node-usd-hour": {
    schema: text,
    description: "US dollars an hour of one on-demand node of that tier, by the price table.",
  },
  "x-ai-router-spill": {
    schema: text,
    description: "Set when another tier answers than the budget asks for: that tier, and why it does not.",
  },
  "x-inference-host-model": { schema: text, description: "What answered." },
} as const;

/** The OpenAPI 3.1 document, made from the schemas that requests are checked with. */
export function openApiDocument() {
  const { live, ready, metrics } = healthPaths.aiRouter;
  return {
    openapi: "3.1.0",
    info: {
      title: "ai-router",
      version: "1",
      description:
        "One address for all GPU tiers, OpenAI-compatible. `model` is `base`, `archetype/task`, or `archetype/chain/NAME`.",
    },
    security: [{ bearer: [] }, { apiKey: [] }],
    paths: {
      "/v1/chat/completions": { post: generation("createChatCompletion", "Answer a conversation", chatSchema, true) },
      "/v1/completions": { post: generation("createCompletion", "Continue a text", completionSchema, true) },
      "/v1/embeddings": { post: generation("createEmbedding", "Turn text into vectors", embeddingSchema, false) },
      "/v1/npc/turns": { post: generation("createNpcTurn", "What a character does and says next", turnSchema, true) },
      "/v1/models": {
        get: { ...plain("listModels", "Every name that `model` may be"), responses: withErrors(["401"]) },
      },
      "/openapi.json": { get: open(plain("openApi", "This document")) },
      [live]: { get: open(plain("health", "Whether the process is well")) },
      [ready]: { get: open({ ...plain("ready", "Whether work is accepted"), responses: withErrors(["503"]) }) },
      [metrics]: { get: open(plain("metrics", "Prometheus series", "text/plain")) },
    },
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
      },
      schemas: { Error: errorSchema },
      responses: {
        Error: {
          description: "Error in OpenAI's shape",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
        Busy: {
          description: "The key's limit is reached, every tier is full, or the tier wakes",
          headers: { "retry-after": { schema: { type: "integer", minimum: 1 } } },
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
    },
  };
}

function generation(operationId: string, summary: string, schema: z.ZodType, streams: boolean) {
  return {
    operationId,
    summary,
    parameters,
    requestBody: {
      required: true,
      content: { "application/json": { schema: z.toJSONSchema(schema, { io: "input" }) } },
    },
    responses: {
      ...withErrors(["400", "401", "403", "404", "413", "429", "502", "503", "504"]),
      "200": {
        description: "The answer, as the OpenAI API words it",
        headers: answerHeaders,
        content: {
          "application/json": { schema: { type: "object" } },
          ...(streams ? { "text/event-stream": { schema: text } } : {}),
        },
      },
    },
  };
}

function plain(operationId: string, summary: string, contentType = "application/json") {
  return { operationId, summary, responses: { "200": { description: "OK", content: { [contentType]: {} } } } };
}

function withErrors(statuses: readonly string[]): Record<string, object> {
  const errors = statuses.map((status) => {
    const name = status === "429" || status === "503" ? "Busy" : "Error";
    return [status, { $ref: `#/components/responses/${name}` }] as const;
  });
  return { "200": { description: "OK", content: { "application/json": {} } }, ...Object.fromEntries(errors) };
}

const open = <Operation extends object>(operation: Operation) => ({ ...operation, security: [] });

function header(name: string, description: string, schema: Readonly<Record<string, unknown>>) {
  return { name, in: "header", required: false, description, schema };
}
