import { InputError } from "../../contracts/input-error";
import type { LocalDatabase } from "./realise/database-environment";

/**
 * Reads `--attach host:port`, LOCAL_DB_USER (default: postgres) and LOCAL_DB_PASSWORD.
 * @throws InputError for an address that is not on this machine, since the connection is without TLS.
 */
export function attachedDatabase(address: string, environment: NodeJS.ProcessEnv = process.env): LocalDatabase {
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
