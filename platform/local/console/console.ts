import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { InputError } from "../../../contracts/input-error";
import { RequestError } from "../../../runtime/openai/errors";
import { ClientGone, sendJson } from "../../../runtime/openai/http";
import type { LocalControl } from "../state";
import { controlRoutes } from "./control-routes";
import { pageRoutes } from "./page-routes";
import type { Route } from "./route";
import { refuseStrangers, securityHeaders } from "./same-origin";

/** The console as it listens. */
export interface LocalConsole {
  readonly url: string;
  /** Cuts off everyone who looks on. */
  close(): Promise<void>;
}

/**
 * Serves the console page of the running platform, on 127.0.0.1 only.
 * @param options.port TCP port; 0 takes a free one.
 * @param options.routes More that it answers, behind the same checks: the issuer of players.
 * @throws InputError where the port is taken.
 */
export async function startConsole(
  control: LocalControl,
  { port, routes: more = [] }: { port: number; routes?: readonly (readonly [path: string, route: Route])[] },
): Promise<LocalConsole> {
  const routes = new Map([...pageRoutes(), ...controlRoutes(control), ...more]);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    refuseStrangers(request);
    const [path = "/", query] = (request.url ?? "/").split("?", 2);
    const route = routes.get(path);
    if (route === undefined) throw new RequestError(404, `There is nothing at ${path}.`);
    if (request.method !== route.method) {
      response.setHeader("allow", route.method);
      throw new RequestError(405, `${path} takes ${route.method}.`);
    }
    await route.answer({ request, response, query: new URLSearchParams(query) });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => fail(response, error));
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What the asker did wrong is a 4xx with one line; a part of the platform that does not answer is a 502. */
function fail(response: ServerResponse, error: unknown): void {
  if (error instanceof ClientGone) return;
  const { message, cause } = error as Error;
  if (error instanceof RequestError) sendJson(response, error.status, { error: message });
  else if (InputError.isInstance(error)) sendJson(response, 400, { error: message });
  else sendJson(response, 502, { error: cause instanceof Error ? `${message}: ${cause.message}` : message });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", ({ code }: NodeJS.ErrnoException) => {
      const allowed = `a port that nobody listens at (${code})`;
      reject(new InputError({ path: "port of the console", given: port, allowed, where: "--port-base" }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}
