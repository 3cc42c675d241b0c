import type { Server } from "node:http";
import { healthPaths } from "../../../contracts/health";
import { unknownModel } from "../../../runtime/openai/errors";
import { modelInPath, send, sendJson } from "../../../runtime/openai/http";
import { createOpenAiServer, type Handler } from "../../../runtime/openai/server";
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

/** The API that games and services reach. */
export function createApiServer(context: ServerContext): Server {
  const { live, ready, metrics } = healthPaths.aiRouter;
  const created = Math.floor(Date.now() / 1000);
  const document = JSON.stringify(openApiDocument());
  const answer =
    (name: RouteName): Handler =>
    (request, response) =>
      generate(name, context, request, response);
  const card = (id: string) => ({ id, object: "model", created, owned_by: "game-ai-platform" });
  const names = () => new Set(["base", ...context.models().map(({ id }) => id)]);
  return createOpenAiServer(
    {
      "POST /v1/chat/completions": answer("chat"),
      "POST /v1/completions": answer("completion"),
      "POST /v1/embeddings": answer("embedding"),
      "POST /v1/npc/turns": answer("turn"),
      "GET /v1/models": async ({ headers }, response) => {
        await context.callers.identify(headers);
        sendJson(response, 200, { object: "list", data: [...names()].map(card) });
      },
      "GET /v1/models/*": async ({ headers }, response, rest) => {
        await context.callers.identify(headers);
        const name = modelInPath(rest);
        if (!names().has(name)) throw unknownModel(name);
        sendJson(response, 200, card(name));
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
    },
    sendError,
  );
}
