import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServiceContract } from "../../../contracts/services/define";
import { createLogger } from "../../logger";
import { createTestDatabase, type TestDatabase } from "../../testing/database";
import { type Client, clientOf } from "../client";
import { migrateService, openServiceDatabase } from "../database";
import type { Service } from "../definition";
import { type RunningService, startService } from "../start";
import { realSurroundings, type Surroundings } from "../surroundings";

/** Key under which tests come as a service of the environment. */
export const testKey = "the-services-own-key";

export interface TestService<Contract extends ServiceContract = ServiceContract> {
  readonly running: RunningService;
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly place: TestDatabase | undefined;
  /** A typed client with the services' own key. */
  readonly client: Client<Contract>;
  /** Sends a request as it is told; JSON where the body is no text. */
  ask(method: string, path: string, more?: AskOptions): Promise<Response>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default the services' own key; null for none */
  readonly key?: string | null;
}

export interface TestSetup {
  readonly environment?: Readonly<Record<string, string>>;
  readonly given?: Readonly<Record<string, unknown>>;
  readonly around?: Surroundings;
  /** A database to use in place of one of its own, with its schema: a second replica. */
  readonly place?: TestDatabase;
}

/** Starts a service in this process on a free port, with a migrated database of its own on the run's PostgreSQL. */
export async function startTestService<const Contract extends ServiceContract>(
  contract: Contract,
  service: Service,
  setup: TestSetup = {},
): Promise<TestService<Contract>> {
  const own = service.definition.ownDatabase !== undefined;
  const place = setup.place ?? (contract.database && !own ? await createTestDatabase() : undefined);
  // A database of the service's own kind is in a folder.
  const folder = own ? mkdtempSync(join(tmpdir(), `${contract.name}-`)) : undefined;
  const inFolder = folder === undefined ? undefined : { DATA_DIR: folder };
  const environment = { API_KEY: testKey, ...place?.environment, ...inFolder, ...setup.environment };
  if (place !== undefined && setup.place === undefined) await migrateTestService(service, environment);
  const running = await startService(service, {
    given: { host: "127.0.0.1", port: 0, drainSeconds: 5, ...setup.given },
    environment,
    logger: createLogger(contract.name, process.env.TEST_LOG ?? "silent"),
    around: setup.around,
    ownProcess: false,
  });
  const { url } = running;
  return {
    running,
    url,
    environment,
    place,
    client: clientOf(contract, { url, key: testKey, around: realSurroundings }),
    ask: (method, path, { body, headers = {}, key = testKey } = {}) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          ...(key === null ? {} : { "x-api-key": key }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    async close() {
      await running.stop();
      if (setup.place === undefined) await place?.drop();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Brings the schema of a service up to date in a database of a test. */
export async function migrateTestService(
  service: Service,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const database = (await openServiceDatabase(service, environment, undefined, "owner"))!;
  try {
    await migrateService(service, database, environment);
  } finally {
    await database.close();
  }
}

/** Waits for a condition; mocha's own limit ends a wait in vain. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
