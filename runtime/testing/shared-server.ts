/**
 * Loaded by mocha: one PostgreSQL for a whole run, started when the first test asks for a database. The process that runs mocha owns
 * it; test files, which may run in other processes, ask for its address by a socket.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalServer, startServer } from "../database/server/start";

/** Variable that names the socket, for the processes of test files. */
export const socketVariable = "TEST_POSTGRES_SOCKET";

let folder: string | undefined;
let door: Server | undefined;
let server: Promise<LocalServer> | undefined;

export async function mochaGlobalSetup(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), "test-postgres-"));
  const socket = join(folder, "socket");
  const data = join(folder, "server");
  door = createServer((client) => {
    client.on("error", () => undefined);
    // Nothing of a test outlives a power cut anyway.
    server ??= startServer(data, { durable: false });
    server.then(
      ({ address }) => client.end(JSON.stringify(address)),
      (error: Error) => client.end(JSON.stringify({ error: error.message })),
    );
  });
  await new Promise<void>((resolve) => door!.listen(socket, resolve));
  door.unref();
  process.env[socketVariable] = socket;
}

export async function mochaGlobalTeardown(): Promise<void> {
  door?.close();
  const started = await server?.catch(() => undefined);
  await started?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
