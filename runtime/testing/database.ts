import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { json } from "node:stream/consumers";
import { Client, escapeIdentifier } from "pg";
import type { ServerAddress } from "../database/server/cluster";
import { asAdministrator, ensureOwnedDatabases } from "../database/server/databases";
import { socketVariable } from "./shared-server";

/** A database of one test or suite on the run's real PostgreSQL, owned by a role that may do nothing else, as on RDS. */
export interface TestDatabase {
  readonly name: string;
  /** DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_OWNER and DB_PASSWORD, as a service reads them. */
  readonly environment: Readonly<Record<string, string>>;
  /** The server with its administrator, to end connections or look at locks. */
  readonly server: ServerAddress;
  /** A connection as the owner; the caller ends it. */
  connect(): Promise<Client>;
  /** Ends all connections to it and removes it with its role. */
  drop(): Promise<void>;
}

/**
 * An empty database on the PostgreSQL that all tests of a run share; the first call starts the server.
 * @throws Error where mocha runs without `.mocharc.json`, which owns the server
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await sharedServer();
  const name = `test_${randomBytes(8).toString("hex")}`;
  const password = randomBytes(16).toString("hex");
  await ensureOwnedDatabases(server, [{ name, owner: { name, password } }]);
  const { host, port } = server;
  return {
    name,
    server,
    environment: {
      DB_HOST: host,
      DB_PORT: String(port),
      DB_NAME: name,
      DB_USER: name,
      DB_OWNER: name,
      DB_PASSWORD: password,
      DB_TLS: "off",
    },
    async connect() {
      const client = new Client({ host, port, user: name, password, database: name });
      await client.connect();
      return client;
    },
    drop: () =>
      asAdministrator(server, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
        await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(name)}`);
      }),
  };
}

async function sharedServer(): Promise<ServerAddress> {
  const socket = process.env[socketVariable];
  if (socket === undefined) throw new Error(`${socketVariable} is not set: mocha loads it by .mocharc.json`);
  const answer = (await json(connect(socket))) as ServerAddress | { error: string };
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}
