import { z } from "zod";
import { type ProblemType, problemTypes, problemUri } from "../../contracts/problems";
import { operationPaths } from "../../contracts/services/addresses";
import {
  type AnswerContract,
  isRawAnswer,
  type RouteContract,
  type ServiceContract,
} from "../../contracts/services/define";

const problemMediaType = "application/problem+json";

/** The OpenAPI 3.1 document of a contract. */
export function openApiDocument(contract: ServiceContract): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries(contract.routes)) {
    const path = route.path.replaceAll("*}", "}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route, contract) };
  }
  return {
    openapi: "3.1.0",
    info: { title: contract.title, version: contract.version, description: contract.description },
    servers: [{ url: "/" }],
    paths: { ...paths, ...operationRoutes(contract) },
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

const problemSchema = {
  type: "object",
  description: "RFC 9457 problem details; decide by `type`.",
  required: ["type", "title", "status", "detail", "instance"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string", description: "The request id." },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

function operation(name: string, route: RouteContract, contract: ServiceContract): object {
  return {
    operationId: name,
    summary: route.summary,
    security: security(route),
    parameters: [
      ...parametersOf(route.params, "path"),
      ...parametersOf(route.query, "query"),
      ...headersOf(route, contract),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: { required: true, content: { "application/json": { schema: jsonSchema(route.body, "input") } } },
        }),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, response(answer)])),
      ...problemResponses(route, contract),
    },
  };
}

function security({ who }: RouteContract): object[] {
  if (who.includes("anyone")) return [];
  const keys = who.some((each) => each.startsWith("service")) ? [{ apiKey: [] }] : [];
  const tokens = who.some((each) => each === "player" || each === "operator") ? [{ token: [] }] : [];
  return [...keys, ...tokens];
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input") as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

const header = (name: string, description: string, required: boolean, schema: object = { type: "string" }) => ({
  name,
  in: "header",
  description,
  required,
  schema,
});

function headersOf(route: RouteContract, contract: ServiceContract): object[] {
  const write = route.method !== "GET" && contract.database;
  return [
    header("x-deadline-ms", "Milliseconds after which the answer is of no use.", false, {
      type: "integer",
      minimum: 0,
    }),
    ...(write
      ? [
          header(
            "idempotency-key",
            "A repeat with the same key gets the first answer.",
            route.idempotencyKey === "required",
          ),
        ]
      : []),
    ...(route.precondition === undefined
      ? []
      : [header("if-match", 'The version that the document must have: "7".', false)]),
  ];
}

function response(answer: AnswerContract): object {
  if (answer === null) return { description: "Nothing" };
  if (isRawAnswer(answer)) return { description: "The answer", content: { [answer.mediaType]: {} } };
  return { description: "The answer", content: { "application/json": { schema: jsonSchema(answer, "output") } } };
}

/** Every refusal that a route can give, by status. */
function problemResponses(route: RouteContract, contract: ServiceContract): object {
  const types = { ...problemTypes, ...contract.problems } as Readonly<Record<string, ProblemType>>;
  const guarded = !route.who.includes("anyone");
  const names = [
    ...(route.params || route.query || route.body ? ["invalid-request"] : []),
    ...(guarded ? ["unauthenticated", "forbidden"] : []),
    ...(route.body ? ["body-too-large", "unsupported-media-type"] : []),
    ...(route.precondition === undefined ? [] : ["version-mismatch"]),
    ...(route.precondition === "required" ? ["precondition-required"] : []),
    "too-many-requests",
    "unavailable",
    "deadline-exceeded",
    "internal",
    ...(route.problems ?? []),
  ];
  return problemsAt(names, types);
}

function problemsAt(names: readonly string[], types: Readonly<Record<string, ProblemType>>): object {
  const byStatus = group(names, (name) => types[name]!.status);
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      {
        description: [...new Set(list)].map((name) => `${types[name]!.title} (${problemUri(name)})`).join("; "),
        content: { [problemMediaType]: { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

function group<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function operationRoutes({ address }: ServiceContract): object {
  const text = (description: string, mediaType: string) => ({ description, content: { [mediaType]: {} } });
  const get = (operationId: string, summary: string, responses: object) => ({
    get: { operationId, summary, security: [], responses: { ...responses, ...problemsAt(["internal"], problemTypes) } },
  });
  return {
    [address.health]: get("health", "Whether the process answers", { 200: text("It does", "application/json") }),
    [operationPaths.ready]: get("ready", "Whether it takes requests and its database answers", {
      200: text("It does", "application/json"),
      503: text("Not now, and why", "application/json"),
    }),
    [operationPaths.metrics]: get("metrics", "Prometheus series", { 200: text("Series", "text/plain") }),
    [operationPaths.openapi]: get("openApi", "This document", { 200: text("The document", "application/json") }),
  };
}

/** A schema as OpenAPI 3.1 takes it: JSON Schema 2020-12. */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
