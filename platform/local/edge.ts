import { Agent, createServer } from "node:http";
import type { DeclaredEdge, Route } from "./graph/routes";
import { closeServer, forward, problem } from "./proxy";

/** The loopback edge: the public load balancer's rules, in front of the services of this machine. */
export interface LocalEdge {
  readonly url: string;
  /** Refuses new connections, lets running answers end. Resolves when all have, or after the time. @param milliseconds At most this long. */
  close(milliseconds: number): Promise<void>;
}

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
