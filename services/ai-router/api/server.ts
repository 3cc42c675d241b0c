import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { healthPaths } from "../../../contracts/health";
import { RequestError } from "../../../runtime/openai/errors";
import { requestIdOf, send, sendJson } from "../../../runtime/openai/http";
import type { ModelCard } from "../routing/tier";
import { sendError } from "./errors";
import { type GenerateContext, generate, type RouteName } from "./generate";
import { openApiDocument } from "./openapi";

export interface ServerContext extends GenerateContext {
  /** Models of all tiers, as they were last seen. */
  readonly models: () => readonly ModelCard[];
  /** Undefined when ready, else why not. */
  readonly notReady: () => string | undefined;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An idle connection stays open longer than a load balancer keeps it (60 s), so that the balancer is the one to close it. */
const keepAliveMs = 75_000;
/** A client gets this long for its whole request, head and body. */
const requestMs = 30_000;
/** Milliseconds between two looks for clients that take longer. */
const checkMs = 2_000;

/** The API that games and services reach. */
export function createApiServer(context: ServerContext): Server {
  const { live, ready, metrics } = healthPaths.aiRouter;
  const created = Math.floor(Date.now() / 1000);
  const document = JSON.stringify(openApiDocument());
  const answer =
    (name: RouteName): Handler =>
    (request, response) =>
      generate(name, context, request, response);
  const routes: Readonly<Record<string, Handler>> = {
    "POST /v1/chat/completions": answer("chat"),
    "POST /v1/completions": answer("completion"),
    "POST /v1/embeddings": answer("embedding"),
    "POST /v1/npc/turns": answer("turn"),
    "GET /v1/models": async ({ headers }, response) => {
      await context.callers.identify(headers, "generate");
      const card = (id: string) => ({ id, object: "model", created, owned_by: "game-ai-platform" });
      const names = [...new Set(["base", ...context.models().map(({ id }) => id)])];
      sendJson(response, 200, { object: "list", data: names.map(card) });
    },
    "GET /openapi.json": (_, response) => send(response, 200, "application/json", document),
    [`GET ${live}`]: (_, response) => sendJson(response, 200, { status: "ok" }),
    [`GET ${ready}`]: (_, response) => {
      const reason = context.notReady();
      sendJson(response, reason === undefined ? 200 : 503, { status: reason ?? "ready" });
    },
    [`GET ${metrics}`]: async (_, response) => {
      const { registry } = context.metrics;
      send(response, 200, registry.contentType, await registry.metrics());
    },
  };
  const server = createServer({ connectionsCheckingInterval: checkMs }, (request, response) => {
    response.setHeader("x-request-id", requestIdOf(request));
    const path = (request.url ?? "/").split("?")[0];
    const handler = routes[`${request.method === "HEAD" ? "GET" : request.method} ${path}`];
    if (handler) {
      void Promise.resolve(handler(request, response)).catch((error: unknown) => sendError(response, error));
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
  server.headersTimeout = 10_000;
  server.requestTimeout = requestMs;
  return server;
}
