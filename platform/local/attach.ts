import { Client, escapeIdentifier } from "pg";
import { InputError } from "../../contracts/input-error";
import type { DeclaredService } from "./graph/tasks";
import type { LocalDatabase } from "./realise/database-environment";

/** Milliseconds to connect. */
const connectMs = 5_000;

/**
 * Reads `--attach host:port`, LOCAL_DB_USER (default: postgres) and LOCAL_DB_PASSWORD.
 * @throws InputError for an address that is not on this machine, since the connection is without TLS.
 */
export function attachedDatabase(
  address: string,
  environment: NodeJS.ProcessEnv = process.env,
): Extract<LocalDatabase, { kind: "attached" }> {
  const [, host, port] = /^(127\.0\.0\.1|localhost):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || !(Number(port) >= 1 && Number(port) <= 65_535)) {
    throw new InputError({
      path: "attach",
      given: address,
      allowed:
        "127.0.0.1:PORT or localhost:PORT, since the connection has no TLS; a tunnel brings another server there",
      where: "--attach",
    });
  }
  return {
    kind: "attached",
    host,
    port: Number(port),
    user: environment.LOCAL_DB_USER || "postgres",
    password: environment.LOCAL_DB_PASSWORD ?? "",
  };
}

/**
 * Makes the databases of services on an attached server where they are missing; what is there is left as it is.
 * @throws InputError where the server does not let this user in
 */
export async function ensureDatabases(
  { host, port, user, password }: Extract<LocalDatabase, { kind: "attached" }>,
  services: readonly DeclaredService[],
): Promise<void> {
  const wanted = services
    .filter(({ stub }) => !stub)
    .flatMap(({ main }) => main.environment.filter(({ name }) => name === "DB_NAME"));
  const client = new Client({ host, port, user, password, database: "postgres", connectionTimeoutMillis: connectMs });
  try {
    await client.connect();
    const { rows } = await client.query<{ datname: string }>("SELECT datname FROM pg_database");
    const there = rows.map(({ datname }) => datname);
    for (const { value } of wanted) {
      if (!there.includes(value)) await client.query(`CREATE DATABASE ${escapeIdentifier(value)}`);
    }
  } catch (error) {
    throw new InputError({
      path: "attach",
      given: `${host}:${port}`,
      allowed: `a PostgreSQL that lets ${user} make databases (${error instanceof Error ? error.message : error})`,
      where: "--attach, LOCAL_DB_USER and LOCAL_DB_PASSWORD",
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
