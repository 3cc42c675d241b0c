import { createLogger } from "../../../runtime/logger";
import { type RunningService, startService } from "../../../runtime/service";
import { migrateTestService, testKey, until } from "../../../runtime/service/testing/start";
import { createTestDatabase, type TestDatabase } from "../../../runtime/testing/database";
import type { Router } from "../router";
import { service } from "../service";

export { testKey as ownKey, until };

export interface RunningRouter {
  readonly url: string;
  readonly running: RunningService;
  readonly router: Router;
  /** Absent without a database. */
  readonly place: TestDatabase | undefined;
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
  const place = database ? await createTestDatabase() : undefined;
  const variables = { API_KEY: testKey, ...tiers, ...place?.environment, ...environment };
  if (place !== undefined) await migrateTestService(service, variables as Record<string, string>);
  const running = await startService(service, {
    given: { port: 0, host: "127.0.0.1", drainSeconds: 20, ...options },
    environment: variables,
    logger: createLogger("ai-router", process.env.TEST_LOG ?? "silent"),
    ownProcess: false,
  });
  const { url } = running;
  return {
    url,
    running,
    router: running.state as Router,
    place,
    ask: (path, body, headers = {}, signal) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": testKey, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
        signal,
      }),
    async close() {
      await running.stop();
      await place?.drop();
    },
  };
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
