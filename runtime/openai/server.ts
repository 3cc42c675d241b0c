import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { RequestError } from "./errors";
import { requestIdOf } from "./http";

/** Answers a request. @param rest What stands in the path in place of its route's `*`; of other routes the whole path */
export type Handler = (request: IncomingMessage, response: ServerResponse, rest: string) => void | Promise<void>;

/** Handlers by method and path: `GET /v1/models`, or `GET /v1/models/*` for all that is below. */
export type Routes = Readonly<Record<string, Handler>>;

/** Sends what a handler threw, or why there is none. @param closeConnection The body of the request was not read */
export type SendError = (response: ServerResponse, error: unknown, closeConnection?: boolean) => void;

/** An idle connection stays open longer than a load balancer keeps it (60 s), so that the balancer is the one to close it. */
const keepAliveMs = 75_000;
/** A client gets this long for its head, and for head and body: the shorter of the two is the head's, or Node swaps them. */
const headMs = 10_000;
const requestMs = 30_000;
/** Milliseconds between two looks for clients that take longer. */
const checkMs = 2_000;

/** A server of an OpenAI-compatible API; its requests have an id from their first moment. */
export function createOpenAiServer(routes: Routes, sendError: SendError): Server {
  const server = createServer({ connectionsCheckingInterval: checkMs }, answerBy(routes, sendError));
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = headMs;
  server.requestTimeout = requestMs;
  return server;
}

function answerBy(routes: Routes, sendError: SendError): RequestListener {
  const table = Object.entries(routes).map(([route, handler]) => {
    const [method = "", path = ""] = route.split(" ");
    return { method, handler, path, start: path.endsWith("*") ? path.slice(0, -1) : undefined };
  });
  return async (request, response) => {
    response.setHeader("x-request-id", requestIdOf(request));
    const path = (request.url ?? "/").split("?")[0]!;
    const method = request.method === "HEAD" ? "GET" : request.method;
    const here = table.filter(({ path: whole, start }) =>
      start === undefined ? path === whole : path.startsWith(start) && path !== start,
    );
    const route = here.find((each) => each.method === method);
    if (route === undefined) {
      const allowed = here.map((each) => each.method).join(", ");
      if (allowed !== "") response.setHeader("allow", allowed);
      sendError(response, allowed === "" ? notFound(request, path) : notAllowed(request, path), true);
      return;
    }
    try {
      await route.handler(request, response, path.slice(route.start?.length));
    } catch (error) {
      sendError(response, error, !request.complete);
    }
  };
}

function notFound({ method }: IncomingMessage, path: string): RequestError {
  return new RequestError(404, `Invalid URL (${method} ${path})`);
}

function notAllowed({ method }: IncomingMessage, path: string): RequestError {
  return new RequestError(405, `${method} is not allowed for ${path}.`);
}
