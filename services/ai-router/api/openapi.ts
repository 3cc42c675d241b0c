import { z } from "zod";
import { healthPaths } from "../../../contracts/health";
import {
  type AnswerName,
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
import { chatSchema, completionSchema, embeddingSchema } from "../../../runtime/openai/requests";
import { turnSchema } from "./turns";

const text = { type: "string" } as const;

const parameters = [
  requestHeader("x-request-id", "Goes through to the node and back; made up when missing.", {
    ...text,
    maxLength: 128,
  }),
  requestHeader("x-latency-budget-ms", "Milliseconds until the first token: below 100 Gold is asked, else Silver.", {
    type: "integer",
    minimum: 1,
  }),
  requestHeader("x-priority", "Which requests go first on a node.", {
    ...text,
    enum: ["high", "normal", "low"],
    default: "normal",
  }),
  requestHeader("x-npc-id", "Character whose last turns a chain of /v1/chat/completions remembers.", {
    ...text,
    maxLength: 128,
  }),
  requestHeader("x-deadline-ms", "Milliseconds after which the answer is of no use.", { type: "integer", minimum: 1 }),
  requestHeader("traceparent", "W3C trace context.", text),
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
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { apiKey: [] }],
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
      "/v1/npc/turns": {
        post: generation(
          "createNpcTurn",
          "What a character does and says next",
          turnSchema,
          "ChatCompletion",
          chatChunk,
        ),
      },
      "/v1/models": { get: plain("listModels", "Every name that `model` may be", "Models", ["401"]) },
      "/v1/models/{model}": {
        parameters: [modelParameter],
        get: plain("retrieveModel", "One of them", "Model", ["401", "404"]),
      },
      "/openapi.json": {
        get: open({ operationId: "openApi", summary: "This document", responses: { "200": anyObject } }),
      },
      [live]: { get: open(plain("health", "Whether the process is well", "Status")) },
      [ready]: {
        get: open({
          ...plain("ready", "Whether work is accepted", "Status"),
          responses: { "200": answerOf("Ready", "Status"), "503": answerOf("Not ready, and why", "Status") },
        }),
      },
      [metrics]: {
        get: open({ operationId: "metrics", summary: "Prometheus series", responses: { "200": plainText } }),
      },
    },
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
      },
      schemas: answerSchemas,
      responses: errorResponses("The key's limit is reached, every tier is full, or the tier wakes"),
    },
  };
}

/** @param chunk What a stream's events hold; nothing streams without. */
function generation(operationId: string, summary: string, schema: z.ZodType, answer: AnswerName, chunk?: string) {
  return {
    operationId,
    summary,
    parameters,
    requestBody: {
      required: true,
      content: { "application/json": { schema: z.toJSONSchema(schema, { io: "input" }) } },
    },
    responses: {
      ...errorsAt(["400", "401", "403", "404", "413", "429", "502", "503", "504"]),
      "200": {
        description: "The answer, as the OpenAI API words it",
        headers: answerHeaders,
        content: { ...jsonOf(answer), ...(chunk === undefined ? {} : eventsOf(chunk)) },
      },
    },
  };
}

function plain(operationId: string, summary: string, answer: AnswerName, errors: readonly string[] = []) {
  return { operationId, summary, responses: { "200": answerOf("OK", answer), ...errorsAt(errors) } };
}

const open = <Operation extends object>(operation: Operation) => ({ ...operation, security: [] });
