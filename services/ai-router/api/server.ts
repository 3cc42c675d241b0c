import type { Server } from "node:http";
import { operationPaths } from "../../../contracts/services/addresses";
import { aiRouter } from "../../../contracts/services/ai-router";
import { unknownModel } from "../../../runtime/openai/errors";
import { modelInPath, send, sendJson } from "../../../runtime/openai/http";
import { createOpenAiServer, type Handler } from "../../../runtime/openai/server";
import type { Router } from "../router";
import type { RouterKit } from "../settings";
import { sendError } from "./errors";
import { contractRoutes, generate, type RouteName } from "./generate";
import { openApiDocument } from "./openapi";

/** The API that games and services reach. */
export function createApiServer(router: Router, kit: RouterKit): Server {
  const { routes, address } = aiRouter;
  const context = { ...router, kit };
  const created = Math.floor(kit.around.clock.now() / 1000);
  const document = JSON.stringify(openApiDocument());
  const card = (id: string) => ({ id, object: "model", created, owned_by: "game-ai-platform" });
  const names = () => new Set(["base", ...router.models().map(({ id }) => id)]);
  const generating = Object.entries(contractRoutes).map(([name, route]): [string, Handler] => [
    routeOf(route),
    (request, response) => generate(name as RouteName, context, request, response),
  ]);
  return createOpenAiServer(
    {
      ...Object.fromEntries(generating),
      [routeOf("listModels")]: async ({ headers }, response) => {
        await kit.callers.identify(headers, routes.listModels.who);
        sendJson(response, 200, { object: "list", data: [...names()].map(card) });
      },
      [routeOf("retrieveModel")]: async ({ headers }, response, rest) => {
        await kit.callers.identify(headers, routes.retrieveModel.who);
        const name = modelInPath(rest);
        if (!names().has(name)) throw unknownModel(name);
        sendJson(response, 200, card(name));
      },
      [`GET ${operationPaths.openapi}`]: (_, response) => send(response, 200, "application/json", document),
      [`GET ${address.health}`]: (_, response) => sendJson(response, 200, { status: "ok" }),
      [`GET ${operationPaths.ready}`]: async (_, response) => {
        const reason = await kit.notReady();
        sendJson(response, reason === undefined ? 200 : 503, { status: reason ?? "ready" });
      },
      [`GET ${operationPaths.metrics}`]: async (_, response) => {
        const { registry } = kit.metrics;
        send(response, 200, registry.contentType, await registry.metrics());
      },
    },
    sendError,
  );
}

/** A route of the contract as the server's table names it: `GET /v1/models/*`. */
function routeOf(name: keyof typeof aiRouter.routes): string {
  const { method, path } = aiRouter.routes[name];
  return `${method} ${path.replace(/\{\w+\*\}$/, "*")}`;
}
