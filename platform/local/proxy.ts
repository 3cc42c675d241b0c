import { type Agent, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";

/** Headers that belong to one connection and are not handed on: RFC 9110, section 7.6.1. */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/** Where a request goes on to. */
export interface Destination {
  readonly agent: Agent;
  readonly port: number;
  /** Milliseconds without a byte after which it is given up. */
  readonly idleMs: number;
  /** Its name in messages. */
  readonly service: string;
}

/** Hands a request on and its answer back, both as they come. */
export function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { agent, port, idleMs, service }: Destination,
) {
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

/** Answers with a problem document. */
export function problem(outgoing: ServerResponse, status: number, detail: string): void {
  outgoing
    .writeHead(status, { "content-type": "application/problem+json" })
    .end(JSON.stringify({ type: "about:blank", status, detail }));
}

/** Closes a server as a load balancer drains: idle connections at once, busy ones when they are done, all after the time. */
export function closeServer(server: Server, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), milliseconds);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
