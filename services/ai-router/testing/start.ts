import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../../../runtime/logger";
import { readOptions } from "../options";
import { type Router, startRouter } from "../router";

export const ownKey = "the-services-own-key";

export interface RunningRouter {
  readonly url: string;
  readonly router: Router;
  /** Data directory; absent without a database. */
  readonly directory: string | undefined;
  /** Sends JSON with the services' own key. */
  ask(path: string, body: unknown, headers?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Response>;
  close(): Promise<void>;
}

export interface StartSetup {
  readonly tiers: Readonly<Record<string, string | undefined>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** @default no database */
  readonly database?: boolean;
}

/** A router in this process, on a free port. */
export async function startTestRouter({
  tiers,
  options = {},
  environment = {},
  database = false,
}: StartSetup): Promise<RunningRouter> {
  const variables = { API_KEY: ownKey, ...tiers, ...environment };
  const directory = database ? mkdtempSync(join(tmpdir(), "ai-router-")) : undefined;
  const router = await startRouter(
    readOptions({ port: 0, host: "127.0.0.1", drainSeconds: 20, ...options }, variables),
    variables,
    createLogger("ai-router", process.env.TEST_LOG ?? "silent"),
    directory,
  );
  const url = `http://127.0.0.1:${router.port}`;
  return {
    url,
    router,
    directory,
    ask: (path, body, headers = {}, signal) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": ownKey, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
        signal,
      }),
    async close() {
      await router.stop();
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Waits for a condition; mocha's own limit ends a wait in vain. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Events of a stream of chat chunks, the text they hold, and how it ended. */
export async function readStream(response: Response) {
  const events = (await response.text()).split("\n\n").filter((event) => event !== "");
  const bodies = events
    .filter((event) => event.startsWith("data: {"))
    .map((event) => JSON.parse(event.slice(6)) as StreamBody);
  return {
    text: bodies.map(({ choices }) => choices?.[0]?.delta?.content ?? "").join(""),
    usage: bodies.find(({ usage }) => usage)?.usage,
    error: bodies.find(({ error }) => error)?.error,
    done: events.at(-1) === "data: [DONE]",
  };
}

interface StreamBody {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
  readonly usage?: { readonly completion_tokens: number } | null;
  readonly error?: { readonly code: string | null; readonly message: string };
}
