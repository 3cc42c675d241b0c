import { type AnswerName, answers } from "../../../contracts/openai";
import { operationPaths } from "../../../contracts/services/addresses";
import { aiRouter } from "../../../contracts/services/ai-router";
import type { RouteContract } from "../../../contracts/services/define";
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
import { jsonSchema } from "../../../runtime/service/openapi";

type RouteName = keyof typeof aiRouter.routes;

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

/** What the events of a streamed answer hold; nothing else streams. */
const chunkOf: Partial<Record<RouteName, string>> = {
  createChatCompletion: chatChunk,
  createCompletion: "text_completion",
  createNpcTurn: chatChunk,
};

/** The OpenAPI 3.1 document of the contract, with its errors and streams as the OpenAI API words them. */
export function openApiDocument() {
  const { title, version, description, address, routes } = aiRouter;
  const operations = Object.entries(routes).map(([name, route]): [string, object] => [
    route.path.replace("*}", "}"),
    { [route.method.toLowerCase()]: operation(name as RouteName, route) },
  ]);
  return {
    openapi: "3.1.0",
    info: { title, version, description },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths: {
      ...Object.fromEntries(operations),
      [operationPaths.openapi]: {
        get: open({ operationId: "openApi", summary: "This document", responses: { "200": anyObject } }),
      },
      [address.health]: { get: open(plain("health", "Whether the process is well", "Status")) },
      [operationPaths.ready]: {
        get: open({
          ...plain("ready", "Whether work is accepted", "Status"),
          responses: { "200": answerOf("Ready", "Status"), "503": answerOf("Not ready, and why", "Status") },
        }),
      },
      [operationPaths.metrics]: {
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

function operation(name: RouteName, route: RouteContract): object {
  const answer = nameOfAnswer(route.answers[200]);
  if (route.body === undefined) {
    const withModel = route.params === undefined ? {} : { parameters: [modelParameter] };
    const errors = route.params === undefined ? ["401"] : ["401", "404"];
    return { ...plain(name, route.summary, answer, errors), ...withModel };
  }
  const chunk = chunkOf[name];
  return {
    operationId: name,
    summary: route.summary,
    parameters,
    requestBody: { required: true, content: { "application/json": { schema: jsonSchema(route.body, "input") } } },
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

const nameOfAnswer = (schema: unknown): AnswerName =>
  (Object.keys(answers) as AnswerName[]).find((name) => answers[name] === schema)!;

function plain(operationId: string, summary: string, answer: AnswerName, errors: readonly string[] = []) {
  return { operationId, summary, responses: { "200": answerOf("OK", answer), ...errorsAt(errors) } };
}

const open = <Operation extends object>(operation: Operation) => ({ ...operation, security: [] });
