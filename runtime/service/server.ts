import { randomUUID } from "node:crypto";
import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { operationPaths } from "../../contracts/services/addresses";
import type { Environment, Kit, Service } from "./definition";
import { readLargeBody, smallBody } from "./large-bodies";
import { type AllowedMethods, allowedMethods } from "./methods";
import { bodyOf, type Problem, problem, problemMediaType, toProblem } from "./problems";
import { addRoute } from "./routes";
import type { KitSettings } from "./settings";
import { traceRequests } from "./tracing";
import { refuseConnection } from "./unreadable";
import { isTooDeep, mostDepth } from "./validation";

export interface ServerOptions {
  readonly service: Service;
  readonly kit: Kit;
  readonly state: unknown;
  readonly settings: KitSettings;
  readonly environment: Environment;
  /** Printed once, at the first request for it. */
  readonly document: () => object;
  /** Called after a write that may have put events into the outbox. */
  readonly wrote: () => void;
}

/** Builds the HTTP API of a contract; the caller listens and closes. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { service, kit, settings } = options;
  const app = Fastify({
    loggerInstance: kit.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.maxBodyBytes,
    // A list of networks, never a number or `true`: those take an address that the client can choose.
    trustProxy: settings.trustedProxies.length === 0 ? false : [...settings.trustedProxies],
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, error, kit),
    clientErrorHandler: (error, socket) => refuseConnection(error, socket),
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
    },
    routerOptions: { maxParamLength: 500 },
    requestTimeout: 60_000,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: "idle",
  });
  traceRequests(app, service.contract.name);
  addHooks(app, kit);
  await addGuards(app, options);
  readBodies(app);
  addOperations(app, options);
  for (const [name, route] of Object.entries(service.contract.routes)) addRoute(app, name, route, options);
  await service.definition.extend?.(app, options.state, kit);
  await app.ready();
  return app;
}

function addHooks(app: FastifyInstance, kit: Kit): void {
  const { metrics } = kit;
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error, kit));
  const methodsOf = allowedMethods(app);
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, noRoute(methodsOf, request), kit));
  app.addHook("onRequest", async (request, reply) => {
    reply
      .header("x-request-id", request.id)
      .header("x-content-type-options", "nosniff")
      .header("cache-control", "no-store");
    if (kit.draining && !isOperation(kit, request)) {
      reply.header("connection", "close");
      throw problem("draining", "this replica takes no new requests; send it again", {
        headers: { "retry-after": "1" },
      });
    }
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    metrics.requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    request.log.debug(
      { method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime, requestId: request.id },
      "served",
    );
  });
}

/** Limits per address on this replica, before any key is looked at; and browsers of other origins. */
async function addGuards(app: FastifyInstance, { kit, settings }: ServerOptions): Promise<void> {
  await app.register(cors, {
    origin: [...settings.corsOrigins],
    methods: ["GET", "PUT", "POST", "PATCH", "DELETE"],
    exposedHeaders: [
      "etag",
      "x-request-id",
      "retry-after",
      "ratelimit-limit",
      "ratelimit-remaining",
      "ratelimit-reset",
    ],
    maxAge: 600,
  });
  await app.register(rateLimit, {
    max: settings.addressRequestsPerMinute,
    timeWindow: "1 minute",
    allowList: (request: FastifyRequest) => isOperation(kit, request) || kit.callers.isFromServices(request.headers),
    addHeadersOnExceeding: { "x-ratelimit-limit": false, "x-ratelimit-remaining": false, "x-ratelimit-reset": false },
    addHeaders: {
      "x-ratelimit-limit": false,
      "x-ratelimit-remaining": false,
      "x-ratelimit-reset": false,
      "retry-after": false,
    },
    errorResponseBuilder: (_request, { ttl }) =>
      problem("too-many-requests", "too many requests from this address", {
        headers: { "retry-after": String(Math.ceil(ttl / 1000)) },
      }),
  });
}

/**
 * JSON is read by the framework's own safe parser, after a look at its depth; a large one by a worker thread. Other media types are bytes
 * for routes that take them.
 */
function readBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  for (const mediaType of ["application/json", /^application\/[\w.+-]+\+json$/]) {
    app.addContentTypeParser<Buffer>(mediaType, { parseAs: "buffer" }, (request, bytes, done) => {
      request.bytes = bytes;
      if (bytes.length === 0 || request.routeOptions.config.rawBody) return done(null, undefined);
      if (bytes.length > smallBody) {
        void readLargeBody(bytes).then((body) => done(null, body), done);
        return;
      }
      const text = bytes.toString("utf8");
      if (isTooDeep(text)) {
        return done(problem("unreadable-body", `objects and lists in each other: at most ${mostDepth} levels`));
      }
      parse(request, text, done);
    });
  }
  app.addContentTypeParser<Buffer>("*", { parseAs: "buffer" }, (request, bytes, done) => {
    if (!request.routeOptions.config.rawBody) {
      return done(problem("unsupported-media-type", "send the body as application/json"));
    }
    request.bytes = bytes;
    done(null, undefined);
  });
}

/** Health, readiness, metrics and the OpenAPI document. */
function addOperations(app: FastifyInstance, { service, state, kit, document }: ServerOptions): void {
  const { address } = service.contract;
  let text: string | undefined;
  app.get(address.health, async () => ({ ...service.definition.health?.(state), status: "ok" }));
  app.get(operationPaths.ready, async (_request, reply) => {
    const reason = await kit.notReady();
    return reply.code(reason === undefined ? 200 : 503).send({ status: reason ?? "ready" });
  });
  app.get(operationPaths.metrics, async (_request, reply) => {
    const { registry } = kit.metrics;
    // Sets its gauge.
    await kit.notReady();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  app.get(operationPaths.openapi, async (_request, reply) => {
    text ??= JSON.stringify(document());
    return reply.type("application/json").send(text);
  });
}

function isOperation({ contract }: Kit, { url }: FastifyRequest): boolean {
  const path = url.split("?")[0]!;
  return path === contract.address.health || Object.values<string>(operationPaths).includes(path);
}

/** There is no such path, or the path has no such method. */
function noRoute(methodsOf: AllowedMethods, request: FastifyRequest): Problem {
  const allowed = methodsOf(request.url);
  if (allowed.length === 0) return problem("no-such-route", "there is no such path");
  return problem("method-not-allowed", `the path takes ${allowed.join(", ")}`, {
    headers: { allow: allowed.join(", ") },
  });
}

/** Answers with a problem; what failed here goes into the log whole, and to the caller as little as it needs. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown, kit: Kit): FastifyReply {
  const refusal = toProblem(error);
  if (refusal.status >= 500) request.log.error({ err: error, requestId: request.id }, "request failed");
  kit.metrics.refused.inc({ problem: refusal.problem.name });
  if (refusal.status === 413) reply.header("connection", "close");
  return reply
    .headers(refusal.headers)
    .code(refusal.status)
    .type(problemMediaType)
    .send(JSON.stringify(bodyOf(refusal, request.id)));
}
