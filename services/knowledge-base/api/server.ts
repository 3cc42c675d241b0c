import { randomUUID } from "node:crypto";
import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { healthPaths } from "../../../contracts/health";
import type { Logger } from "../../../runtime/logger";
import type { Indexer } from "../index/indexer";
import { traceRequests } from "../observe/tracing";
import { cursorCodec } from "../search/cursor";
import { authenticate } from "./auth";
import { largestBody, readBodies } from "./bodies";
import { checkDepth } from "./body-depth";
import { allowedMethods } from "./methods";
import { createMetrics } from "./metrics";
import { Refusal, refuseConnection, sendProblem } from "./problems";
import { conceptRoutes } from "./routes/concepts";
import { documentRoutes } from "./routes/documents";
import { factRoutes } from "./routes/facts";
import { operationRoutes } from "./routes/operations";
import { searchRoutes } from "./routes/search";
import { worldRoutes } from "./routes/worlds";
import { Problem } from "./schemas";
import type { Service } from "./service";

export interface ServerOptions {
  readonly indexer: Indexer;
  readonly logger: Logger;
  /** Networks whose X-Forwarded-For is believed, as CIDR blocks: the load balancer's subnets. @default none */
  readonly trustedProxies?: readonly string[];
  /** Origins that browsers may call from. @default none */
  readonly corsOrigins?: readonly string[];
  /** Signs cursors; all replicas need the same. @default random */
  readonly cursorSecret?: string;
  /** Requests per minute of one client address on one replica, before any key is looked at. @default 1200 */
  readonly addressLimit?: number;
  /** Called after a write. @default nothing */
  readonly wrote?: () => void;
}

/** Builds the HTTP API; the caller listens and closes. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { indexer, logger, trustedProxies = [], corsOrigins = [] } = options;
  const app = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: largestBody,
    // A list of networks, never a number or `true`: those take an address that the client can choose.
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
    },
    frameworkErrors: (error, request, reply) => sendProblem(request, reply, error),
    clientErrorHandler: (error, socket) => refuseConnection(error, socket),
    requestTimeout: 60_000,
    connectionTimeout: 70_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: "idle",
  });
  useValidators(app);
  readBodies(app);
  traceRequests(app);
  const metrics = createMetrics();
  const service: Service = {
    indexer,
    cursors: cursorCodec(options.cursorSecret ?? randomUUID()),
    wrote: options.wrote ?? (() => undefined),
  };

  app.setErrorHandler((error, request, reply) => {
    if (error instanceof Refusal) metrics.refused.inc({ status: error.status });
    return sendProblem(request, reply, error);
  });
  const methodsOf = allowedMethods(app);
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(request.url);
    if (allowed.length === 0)
      return sendProblem(request, reply, Object.assign(new Error("no such path"), { statusCode: 404 }));
    const message = `this path takes ${allowed.join(", ")}`;
    return sendProblem(request, reply, new Refusal(405, message, { allow: allowed.join(", ") }));
  });
  app.addHook("preValidation", async (request) => checkDepth(request.body));
  app.addHook("onRequest", async (request, reply) => {
    reply
      .header("x-request-id", request.id)
      .header("x-content-type-options", "nosniff")
      .header("cache-control", "no-store");
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    metrics.requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    request.log.debug(
      { method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime, requestId: request.id },
      "served",
    );
  });

  await app.register(cors, {
    origin: [...corsOrigins],
    methods: ["GET", "PUT", "POST", "PATCH", "DELETE"],
    exposedHeaders: [
      "etag",
      "ratelimit-limit",
      "ratelimit-remaining",
      "ratelimit-reset",
      "retry-after",
      "x-request-id",
    ],
    maxAge: 600,
  });
  const { live, ready, metrics: scraped } = healthPaths.knowledgeBase;
  const unlimited: readonly string[] = [live, ready, scraped];
  await app.register(rateLimit, {
    max: options.addressLimit ?? 1200,
    timeWindow: "1 minute",
    allowList: (request: { url: string }) => unlimited.includes(request.url),
    addHeadersOnExceeding: { "x-ratelimit-limit": false, "x-ratelimit-remaining": false, "x-ratelimit-reset": false },
    errorResponseBuilder: (_request, { ttl }) =>
      new Refusal(429, "too many requests from this address", { "retry-after": String(Math.ceil(ttl / 1000)) }),
  });
  // After the limit of addresses, before a body is read.
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(await authenticate(indexer.database, request));
  });
  app.addSchema({ ...Problem, $id: "Problem" });
  await app.register(swagger, {
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Knowledge base",
        version: "1.0.0",
        description: "Story memory: documents, concepts, worlds and events, and search over them.",
      },
      components: { securitySchemes: { apiKey: { type: "apiKey", name: "X-API-Key", in: "header" } } },
    },
  });
  await app.register(async (api) => {
    for (const routes of [searchRoutes, documentRoutes, conceptRoutes, worldRoutes, factRoutes]) routes(api, service);
    operationRoutes(api, service, metrics);
  });
  await app.ready();
  return app;
}

/** Bodies are taken as they are typed; only what comes as text, in queries and paths, is turned into numbers. */
function useValidators(app: FastifyInstance): void {
  const make = (coerceTypes: boolean) => {
    const ajv = new Ajv({ coerceTypes, useDefaults: true, removeAdditional: false, allErrors: false, strict: false });
    addFormats.default(ajv);
    return ajv;
  };
  const body = make(false);
  const text = make(true);
  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === "body" ? body : text).compile(schema as object));
}
