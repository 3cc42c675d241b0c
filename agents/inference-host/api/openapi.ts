import { z } from "zod";
import { chatSchema, completionSchema, embeddingSchema } from "../../../runtime/openai/requests";

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["message", "type", "param", "code"],
      properties: {
        message: { type: "string" },
        type: { type: "string" },
        param: { type: ["string", "null"] },
        code: { type: ["string", "null"] },
      },
    },
  },
} as const;

const requestHeaders = [
  header("x-request-id", "Goes through to the engine and back; made up when missing.", {
    type: "string",
    maxLength: 128,
  }),
  header("x-priority", "Which requests go first.", {
    type: "string",
    enum: ["high", "normal", "low"],
    default: "normal",
  }),
  header("x-deadline-ms", "Milliseconds after which the answer is of no use.", { type: "integer", minimum: 1 }),
  header("x-npc-id", "Character whose last turns a chain remembers.", { type: "string", maxLength: 128 }),
  header("traceparent", "W3C trace context.", { type: "string" }),
];

/** The OpenAPI 3.1 document of the client API, made from the schemas that requests are checked with. */
export function openApiDocument() {
  return {
    openapi: "3.1.0",
    info: {
      title: "inference-host",
      version: "1",
      description:
        "OpenAI-compatible API of one GPU node. `model` is the base model, `archetype/task`, an adapter of the manifest, or `archetype/chain/NAME`.",
    },
    paths: {
      "/v1/chat/completions": { post: generation("createChatCompletion", "Answer a conversation", chatSchema, true) },
      "/v1/completions": { post: generation("createCompletion", "Continue a text", completionSchema, true) },
      "/v1/embeddings": { post: generation("createEmbedding", "Turn text into vectors", embeddingSchema, false) },
      "/v1/models": { get: plain("listModels", "Every name that `model` may be", "application/json") },
      "/openapi.json": { get: plain("openApi", "This document", "application/json") },
      "/health": { get: { ...plain("health", "Whether the process is well", "application/json") } },
      "/ready": {
        get: withUnready(plain("ready", "Whether the model answers and work is accepted", "application/json")),
      },
      "/metrics": { get: plain("metrics", "Prometheus series", "text/plain") },
    },
    components: {
      schemas: { Error: errorSchema },
      responses: {
        Error: {
          description: "Error in OpenAI's shape",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
        Busy: {
          description: "Too much is waiting, or the node is not taking work",
          headers: { "retry-after": { schema: { type: "integer", minimum: 1 } } },
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
    },
  };
}

function generation(operationId: string, summary: string, schema: z.ZodType, streams: boolean) {
  const error = { $ref: "#/components/responses/Error" };
  const busy = { $ref: "#/components/responses/Busy" };
  return {
    operationId,
    summary,
    parameters: requestHeaders,
    requestBody: {
      required: true,
      content: { "application/json": { schema: z.toJSONSchema(schema, { io: "input" }) } },
    },
    responses: {
      "200": {
        description: "The answer, as the OpenAI API words it",
        headers: {
          "x-request-id": { schema: { type: "string" } },
          "x-inference-host-model": { schema: { type: "string" }, description: "What answered." },
          "x-inference-host-fallback": {
            schema: { type: "string" },
            description: "Set when the base model stood in for an adapter, with the reason.",
          },
          "x-inference-host-chain": { schema: { type: "string" }, description: "How each step of a chain went." },
          "x-inference-host-queue-ms": {
            schema: { type: "integer" },
            description: "Milliseconds that the request waited.",
          },
        },
        content: {
          "application/json": { schema: { type: "object" } },
          ...(streams ? { "text/event-stream": { schema: { type: "string" } } } : {}),
        },
      },
      "400": error,
      "404": error,
      "413": error,
      "429": busy,
      "503": busy,
      "504": error,
    },
  };
}

function plain(operationId: string, summary: string, contentType: string) {
  return { operationId, summary, responses: { "200": { description: "OK", content: { [contentType]: {} } } } };
}

function withUnready(operation: ReturnType<typeof plain>) {
  return { ...operation, responses: { ...operation.responses, "503": { description: "Not ready, with the reason" } } };
}

function header(name: string, description: string, schema: Readonly<Record<string, unknown>>) {
  return { name, in: "header", required: false, description, schema };
}
