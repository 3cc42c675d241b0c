import type { IncomingMessage, Server } from "node:http";
import { InputError } from "../../contracts/input-error";
import { RequestError } from "../../runtime/openai/errors";
import { readBody, sendJson } from "../../runtime/openai/http";
import { createOpenAiServer, type Handler } from "../../runtime/openai/server";
import type { AdapterManager } from "./adapters/manager";
import { adapterNamePattern } from "./adapters/manifest";
import { PreflightError } from "./adapters/preflight";
import { sendError } from "./api/http";

export interface OperatorContext {
  readonly adapters: AdapterManager;
  /** State of the host, for people. */
  readonly status: () => Readonly<Record<string, unknown>>;
  readonly drain: () => void;
}

const maxBodyBytes = 4_096;

/**
 * The operator's routes, bound to loopback on a port of their own. Adapters are named, never given as paths: only what the
 * manifest lists can be loaded. Requests that a browser could be tricked into are refused: JSON only, and a loopback Host.
 */
export function createOperatorServer({ adapters, status, drain }: OperatorContext): Server {
  const answer =
    (work: (request: IncomingMessage) => unknown): Handler =>
    async (request, response) => {
      refuseForeign(request);
      sendJson(response, 200, await work(request));
    };
  const nameOf = async (request: IncomingMessage) => {
    const name = nameIn(await readBody(request, maxBodyBytes));
    if (adapters.has(name)) return name;
    throw new RequestError(404, `The manifest has no adapter ${name}.`, "name", "adapter_not_found");
  };
  return createOpenAiServer(
    {
      "GET /operator/status": answer(status),
      "GET /operator/adapters": answer(() => ({ adapters: adapters.report() })),
      "POST /operator/adapters/load": answer(async (request) => {
        const name = await nameOf(request);
        await adapters.load(name).catch((error: unknown) => {
          throw error instanceof PreflightError ? conflict(error, "name", "adapter_refused") : error;
        });
        return { adapter: adapters.report().find((entry) => entry.name === name) };
      }),
      "POST /operator/adapters/unload": answer(async (request) => ({
        unloaded: await adapters.unload(await nameOf(request)),
      })),
      "POST /operator/adapters/refresh": answer(() =>
        adapters.refresh().catch((error: unknown) => {
          throw InputError.isInstance(error) ? conflict(error, null, "manifest_refused") : error;
        }),
      ),
      "POST /operator/drain": answer(() => {
        drain();
        return { draining: true };
      }),
    },
    sendError,
  );
}

function refuseForeign({ method, headers }: IncomingMessage): void {
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(headers.host ?? "")) {
    throw new RequestError(403, "The operator's routes answer on loopback only.");
  }
  if (method === "POST" && headers["content-type"]?.split(";")[0] !== "application/json") {
    throw new RequestError(415, "Send JSON.");
  }
}

function conflict({ message }: Error, param: string | null, code: string): RequestError {
  return new RequestError(409, message, param, code);
}

function nameIn(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const name = keys.length === 1 && keys[0] === "name" ? (value as { name: unknown }).name : undefined;
  if (typeof name === "string" && adapterNamePattern.test(name)) return name;
  throw new RequestError(400, 'The body is {"name": "archetype/task"} and nothing else.', "name", "invalid_value");
}
