import { createServer, type Server } from "node:http";
import { InputError } from "../../contracts/input-error";
import { RequestError } from "../../runtime/openai/errors";
import { readBody, sendJson } from "../../runtime/openai/http";
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
  return createServer((request, response) => {
    const route = `${request.method} ${(request.url ?? "/").split("?")[0]}`;
    const answer = async () => {
      if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? "")) {
        throw new RequestError(403, "The operator's routes answer on loopback only.");
      }
      if (request.method === "POST" && request.headers["content-type"]?.split(";")[0] !== "application/json") {
        throw new RequestError(415, "Send JSON.");
      }
      switch (route) {
        case "GET /operator/status":
          return status();
        case "GET /operator/adapters":
          return { adapters: adapters.report() };
        case "POST /operator/adapters/load": {
          const name = nameIn(await readBody(request, maxBodyBytes));
          if (!adapters.has(name))
            throw new RequestError(404, `The manifest has no adapter ${name}.`, "name", "adapter_not_found");
          await adapters.load(name).catch((error) => {
            throw error instanceof PreflightError
              ? new RequestError(409, error.message, "name", "adapter_refused")
              : error;
          });
          return { adapter: adapters.report().find((entry) => entry.name === name) };
        }
        case "POST /operator/adapters/unload": {
          const name = nameIn(await readBody(request, maxBodyBytes));
          if (!adapters.has(name))
            throw new RequestError(404, `The manifest has no adapter ${name}.`, "name", "adapter_not_found");
          return { unloaded: await adapters.unload(name) };
        }
        case "POST /operator/adapters/refresh":
          return await adapters.refresh().catch((error: unknown) => {
            throw InputError.isInstance(error) ? new RequestError(409, error.message, null, "manifest_refused") : error;
          });
        case "POST /operator/drain":
          drain();
          return { draining: true };
        default:
          throw new RequestError(404, `No operator route ${route}.`);
      }
    };
    answer().then(
      (body) => sendJson(response, 200, body),
      (error) => sendError(response, error, !request.complete),
    );
  });
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
