import { createLogger } from "../../../runtime/logger";
import { type RunningService, type Service, startService } from "../../../runtime/service";
import type { ApiKey, NewKey } from "../../../runtime/service/keys";
import { forKit, storage } from "../database/storage";
import { service } from "../service";
import type { TestMemory } from "./memory";

type Scope = (typeof service.contract.keys.scopes)[number];

/** The API over a memory, which the test goes on using beside it. */
export interface TestApi {
  readonly running: RunningService;
  readonly url: string;
  /** Sends a request; JSON where the body is no text. */
  call(method: string, path: string, key?: string, body?: unknown, headers?: Headers): Promise<Answer>;
  /** Makes a key that may send as many requests as it likes. */
  key(name: string, permissions: readonly Scope[], more?: Partial<NewKey> & { worldId?: string }): Promise<string>;
  close(): Promise<void>;
}

type Headers = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  json<Body = Record<string, never>>(): Body;
}

/** Starts the service on a memory in place of one of its own, which it leaves open. */
export async function startApi(
  memory: Pick<TestMemory, "database">,
  given: Readonly<Record<string, unknown>> = {},
): Promise<TestApi> {
  const ownDatabase = {
    ...storage.ownDatabase,
    open: async () => ({ ...forKit(memory.database), close: async () => undefined }),
  };
  const onMemory: Service = { ...service, definition: { ...service.definition, ownDatabase } };
  const running = await startService(onMemory, {
    given: { host: "127.0.0.1", port: 0, addressRequestsPerMinute: 1e9, drainSeconds: 5, ...given },
    environment: {},
    logger: createLogger("knowledge-base", process.env.TEST_LOG ?? "silent"),
    ownProcess: false,
  });
  const { url } = running;
  return {
    running,
    url,
    async call(method, path, key, body, headers = {}) {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(key === undefined ? {} : { "x-api-key": key }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      return {
        status: answer.status,
        text,
        headers: Object.fromEntries(answer.headers),
        json: <Body>() => (text === "" ? {} : JSON.parse(text)) as Body,
      };
    },
    async key(name, permissions, { worldId, ...more } = {}) {
      const properties = worldId === undefined ? undefined : { worldId };
      const made: ApiKey & { key: string } = await running.kit.keys.create({
        name,
        scopes: permissions,
        requestsPerMinute: 1_000_000,
        properties,
        ...more,
      });
      return made.key;
    },
    close: () => running.stop(),
  };
}
