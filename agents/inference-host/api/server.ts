import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { healthPaths } from "../../../contracts/health";
import { RequestError } from "../../../runtime/openai/errors";
import { send, sendJson } from "../../../runtime/openai/http";
import { listModels } from "../models";
import { type GenerationContext, handleGeneration } from "./generation";
import { sendError } from "./http";
import { openApiDocument } from "./openapi";

export interface ApiContext extends GenerationContext {
  readonly manifestNames: () => readonly string[];
  /** True while the process itself is well. */
  readonly alive: () => boolean;
  /** Undefined when ready, else why not. */
  readonly notReady: () => string | undefined;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An idle connection stays open longer than a load balancer keeps it (60 s), so that the balancer is the one to close it. */
const keepAliveMs = 75_000;
/** Milliseconds between two looks for clients that send too slowly. */
const checkMs = 2_000;

/** The API that clients reach. Operator routes are not here, see operator.ts. */
export function createApiServer(context: ApiContext): Server {
  const paths = healthPaths.inferenceHost;
  const created = Math.floor(Date.now() / 1000);
  const document = JSON.stringify(openApiDocument());
  const routes: Readonly<Record<string, Handler>> = {
    "POST /v1/chat/completions": (request, response) => handleGeneration("chat", context, request, response),
    "POST /v1/completions": (request, response) => handleGeneration("completion", context, request, response),
    "POST /v1/embeddings": (request, response) => handleGeneration("embedding", context, request, response),
    "GET /v1/models": (_, response) =>
      sendJson(response, 200, listModels(context.served, context.manifestNames(), created)),
    "GET /openapi.json": (_, response) => send(response, 200, "application/json", document),
    [`GET ${paths.live}`]: (_, response) =>
      sendJson(response, context.alive() ? 200 : 503, { status: context.alive() ? "ok" : "failing" }),
    [`GET ${paths.ready}`]: (_, response) => {
      const reason = context.notReady();
      const deprioritised = context.deprioritised();
      sendJson(response, reason === undefined ? 200 : 503, { status: reason ?? "ready", deprioritised });
    },
    [`GET ${paths.metrics}`]: async (_, response) => {
      const { registry } = context.metrics;
      send(response, 200, registry.contentType, await registry.metrics());
    },
  };
  const server = createServer({ connectionsCheckingInterval: checkMs }, (request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    const handler = routes[`${request.method === "HEAD" ? "GET" : request.method} ${path}`];
    if (handler) {
      void Promise.resolve(handler(request, response)).catch((error) => sendError(response, error));
      return;
    }
    const allowed = Object.keys(routes).flatMap((route) => (route.endsWith(` ${path}`) ? route.split(" ", 1) : []));
    const elsewhere = allowed.length > 0;
    if (elsewhere) response.setHeader("allow", allowed.join(", "));
    const status = elsewhere ? 405 : 404;
    const message = elsewhere
      ? `${request.method} is not allowed for ${path}.`
      : `Invalid URL (${request.method} ${path})`;
    sendError(response, new RequestError(status, message), true);
  });
  server.keepAliveTimeout = keepAliveMs;
  // The shorter of the two: Node swaps them otherwise, and a body that comes byte by byte would have all the time of the longer.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  return server;
}
