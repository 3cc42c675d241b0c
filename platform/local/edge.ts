import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { DeclaredEdge, Route } from "./graph/routes";

/** The loopback edge: the public load balancer's rules, in front of the services of this machine. */
export interface LocalEdge {
  readonly url: string;
  /** Refuses new connections, lets running answers end. Resolves when all have, or after the time. @param milliseconds At most this long. */
  close(milliseconds: number): Promise<void>;
}

/** Headers that belong to one connection and are not handed on: RFC 9110, section 7.6.1. */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/**
 * Starts the edge.
 * @param target Local port of a service; undefined where it does not run here.
 */
export async function startEdge(
  declared: Pick<DeclaredEdge, "routes" | "otherwise" | "idleSeconds">,
  port: number,
  target: (service: string) => number | undefined,
): Promise<LocalEdge> {
  const agent = new Agent({ keepAlive: true });
  const match = router(declared.routes);
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? "/").split("?")[0]!;
    const service = match(path);
    if (service === undefined) {
      const { status, contentType, body } = declared.otherwise;
      outgoing.writeHead(status, { "content-type": contentType }).end(body);
      return;
    }
    const localPort = target(service);
    if (localPort === undefined) return problem(outgoing, 503, `${service} does not run here`);
    forward(incoming, outgoing, { agent, port: localPort, idleMs: declared.idleSeconds * 1000, service });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: (milliseconds) => closeServer(server, milliseconds).finally(() => agent.destroy()),
  };
}

/** The service that a path belongs to: the first rule that fits, by priority. */
export function router(routes: readonly Route[]): (path: string) => string | undefined {
  const compiled = routes.map(({ paths, service }) => ({ patterns: paths.map(patternOf), service }));
  return (path) => compiled.find(({ patterns }) => patterns.some((pattern) => pattern.test(path)))?.service;
}

/** A listener rule's path pattern: `*` is any text, `?` one character, case counts. */
function patternOf(path: string): RegExp {
  const escaped = path.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

interface Destination {
  readonly agent: Agent;
  readonly port: number;
  readonly idleMs: number;
  readonly service: string;
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, { agent, port, idleMs, service }: Destination) {
  const headers = { ...incoming.headers };
  for (const name of hopByHop) delete headers[name];
  const client = incoming.socket.remoteAddress ?? "";
  headers["x-forwarded-for"] = [headers["x-forwarded-for"], client].filter(Boolean).join(", ");
  headers["x-forwarded-proto"] = "http";
  const upstream = request({ host: "127.0.0.1", port, method: incoming.method, path: incoming.url, headers, agent });
  upstream.setTimeout(idleMs, () => upstream.destroy(new Error(`no byte for ${idleMs / 1000} s`)));
  upstream.on("response", (answer) => {
    const answered = { ...answer.headers };
    for (const name of hopByHop) delete answered[name];
    outgoing.writeHead(answer.statusCode ?? 502, answered);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
    answer.on("error", () => outgoing.destroy());
  });
  upstream.on("error", (error) => {
    if (outgoing.headersSent) outgoing.destroy();
    else problem(outgoing, 502, `${service} did not answer: ${error.message}`);
  });
  // A client that goes away ends the work behind it.
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) upstream.destroy();
  });
  incoming.pipe(upstream);
}

function problem(outgoing: ServerResponse, status: number, detail: string): void {
  outgoing
    .writeHead(status, { "content-type": "application/problem+json" })
    .end(JSON.stringify({ type: "about:blank", status, detail }));
}

/** Closes a server as a load balancer drains: idle connections at once, busy ones when they are done, all after the time. */
function closeServer(server: Server, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), milliseconds);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
