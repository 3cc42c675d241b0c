import { z } from "zod";
import { healthPaths } from "../../../contracts/health";
import { type AnswerName, chatSchema, completionSchema, embeddingSchema } from "../../../contracts/openai";
import {
  answerOf,
  answerSchemas,
  anyObject,
  chatChunk,
  errorResponses,
  errorsAt,
  eventsOf,
  jsonOf,
  modelParameter,
  plainText,
  requestHeader,
} from "../../../runtime/openai/document";

const requestHeaders = [
  requestHeader("x-request-id", "Goes through to the engine and back; made up when missing.", {
    type: "string",
    maxLength: 128,
  }),
  requestHeader("x-priority", "Which requests go first.", {
    type: "string",
    enum: ["high", "normal", "low"],
    default: "normal",
  }),
  requestHeader("x-deadline-ms", "Milliseconds after which the answer is of no use.", { type: "integer", minimum: 1 }),
  requestHeader("x-npc-id", "Character whose last turns a chain remembers.", { type: "string", maxLength: 128 }),
  requestHeader("traceparent", "W3C trace context.", { type: "string" }),
];

/** The OpenAPI 3.1 document of the client API, made from the schemas that requests are checked with. */
export function openApiDocument() {
  const { live, ready, metrics } = healthPaths.inferenceHost;
  return {
    openapi: "3.1.0",
    info: {
      title: "inference-host",
      version: "1",
      description:
        "OpenAI-compatible API of one GPU node. `model` is the base model, `archetype/task`, an adapter of the manifest, or `archetype/chain/NAME`.",
    },
    servers: [{ url: "/" }],
    // Reached by load balancers inside the network only.
    security: [],
    paths: {
      "/v1/chat/completions": {
        post: generation("createChatCompletion", "Answer a conversation", chatSchema, "ChatCompletion", chatChunk),
      },
      "/v1/completions": {
        post: generation("createCompletion", "Continue a text", completionSchema, "Completion", "text_completion"),
      },
      "/v1/embeddings": {
        post: generation("createEmbedding", "Turn text into vectors", embeddingSchema, "Embeddings"),
      },
      "/v1/models": { get: plain("listModels", "Every name that `model` may be", answerOf("OK", "Models")) },
      "/v1/models/{model}": {
        parameters: [modelParameter],
        get: plain("retrieveModel", "One of them", answerOf("OK", "Model"), errorsAt(["404"])),
      },
      "/openapi.json": { get: plain("openApi", "This document", anyObject) },
      [live]: {
        get: plain("health", "Whether the process is well", answerOf("It is", "Status"), {
          "503": answerOf("The engine's first start failed", "Status"),
        }),
      },
      [ready]: {
        get: plain("ready", "Whether the model answers and work is accepted", answerOf("Ready", "Status"), {
          "503": answerOf("Not ready, and why", "Status"),
        }),
      },
      [metrics]: { get: plain("metrics", "Prometheus series", plainText) },
    },
    components: {
      schemas: answerSchemas,
      responses: errorResponses("Too much is waiting, or the node is not taking work"),
    },
  };
}

const text = { type: "string" } as const;
const answerHeaders = {
  "x-request-id": { schema: text },
  "x-inference-host-model": { schema: text, description: "What answered." },
  "x-inference-host-fallback": {
    schema: text,
    description: "Set when the base model stood in for an adapter, with the reason.",
  },
  "x-inference-host-chain": { schema: text, description: "How each step of a chain went." },
  "x-inference-host-queue-ms": { schema: { type: "integer" }, description: "Milliseconds that the request waited." },
  "x-inference-host-deprioritised": {
    schema: text,
    description: "Set when the node would rather have its work elsewhere.",
  },
} as const;

/** @param chunk What a stream's events hold; nothing streams without. */
function generation(operationId: string, summary: string, schema: z.ZodType, answer: AnswerName, chunk?: string) {
  return {
    operationId,
    summary,
    parameters: requestHeaders,
    requestBody: {
      required: true,
      content: { "application/json": { schema: z.toJSONSchema(schema, { io: "input" }) } },
    },
    responses: {
      ...errorsAt(["400", "404", "413", "429", "503", "504"]),
      "200": {
        description: "The answer, as the OpenAI API words it",
        headers: answerHeaders,
        content: { ...jsonOf(answer), ...(chunk === undefined ? {} : eventsOf(chunk)) },
      },
    },
  };
}

function plain(operationId: string, summary: string, answer: object, others: Readonly<Record<string, object>> = {}) {
  return { operationId, summary, responses: { "200": answer, ...others } };
}
