import type { Server } from "node:http";
import { healthPaths } from "../../../contracts/health";
import type { RequestKind } from "../../../contracts/openai";
import { unknownModel } from "../../../runtime/openai/errors";
import { modelInPath, send, sendJson } from "../../../runtime/openai/http";
import { createOpenAiServer, type Handler } from "../../../runtime/openai/server";
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

/** The API that clients reach. Operator routes are not here, see operator.ts. */
export function createApiServer(context: ApiContext): Server {
  const paths = healthPaths.inferenceHost;
  const created = Math.floor(Date.now() / 1000);
  const document = JSON.stringify(openApiDocument());
  const answer =
    (kind: RequestKind): Handler =>
    (request, response) =>
      handleGeneration(kind, context, request, response);
  const models = () => listModels(context.served, context.manifestNames(), created);
  return createOpenAiServer(
    {
      "POST /v1/chat/completions": answer("chat"),
      "POST /v1/completions": answer("completion"),
      "POST /v1/embeddings": answer("embedding"),
      "GET /v1/models": (_, response) => sendJson(response, 200, models()),
      "GET /v1/models/*": (_, response, rest) => {
        const name = modelInPath(rest);
        const found = models().data.find(({ id }) => id === name);
        if (found === undefined) throw unknownModel(name);
        sendJson(response, 200, found);
      },
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
    },
    sendError,
  );
}
