import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../contracts/input-error";
import { createLogger } from "../logger";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { runServiceCommand } from "./program";
import { startService } from "./start";
import { notes } from "./testing/notes";
import { noEvents } from "./testing/quiet";
import { migrateTestService, until } from "./testing/start";

const root = join(__dirname, "../..");
const silent = createLogger("notes", "silent");
const program = ["--require", "tsx/cjs", join(__dirname, "testing/notes-program.ts")];

describe("a service as a program", () => {
  let place: TestDatabase;
  let environment: Record<string, string>;
  const children = new Set<ChildProcess>();
  before(async () => {
    place = await createTestDatabase();
    environment = { PATH: process.env.PATH!, API_KEY: "secret-of-services", ...noEvents, ...place.environment };
    await migrateTestService(notes, environment);
  });
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
  });
  after(() => place.drop());

  const run = (args: readonly string[], more: Readonly<Record<string, string | undefined>> = {}) =>
    spawnSync(process.execPath, [...program, ...args], {
      cwd: root,
      encoding: "utf8",
      env: { ...environment, ...more },
    });

  async function start(args: readonly string[] = []): Promise<{ child: ChildProcess; url: string }> {
    const child = spawn(process.execPath, [...program, "serve", "--port", "0", ...args], {
      cwd: root,
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.add(child);
    let log = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    let port: string | undefined;
    await until(() => {
      assert.equal(child.exitCode, null, log);
      port = /"port":(\d+).*"msg":"listening"/.exec(log)?.[1];
      return port !== undefined;
    });
    return { child, url: `http://127.0.0.1:${port}` };
  }

  it("says in one line, with code 2, what is wrong with how it is started", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const port = String((taken.address() as AddressInfo).port);
    const { status, stderr } = run(["serve", "--port", port]);
    taken.close();
    const lines = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
    const allowed = "a port that nobody listens at (EADDRINUSE) (set in --port, SETTINGS_PORT or PORT)";
    assert.deepEqual([status, lines], [2, [`notes: port: ${port} is not allowed; allowed: ${allowed}`]]);
  });

  for (const [given, more, expected] of [
    [{ host: "192.0.2.1" }, {}, /^host: "192.0.2.1" is not allowed; allowed: an address of this machine/],
    [
      { port: undefined },
      { PORT: "many" },
      /^port: "many" is not allowed; allowed: a whole number, 0 to 65535 \(set in PORT\)$/,
    ],
    [{}, { DB_HOST: "" }, /^database: nothing is not allowed; allowed: .*DB_HOST/],
    [{}, { DB_POOL_SIZE: "none" }, /^DB_POOL_SIZE: "none" is not allowed/],
    [{}, { EVENTS_QUEUE_URL: "" }, /^EVENTS_QUEUE_URL: nothing is not allowed/],
    [{}, { TRUSTED_PROXIES: "0.0.0.0/0" }, /^trustedProxies: "0.0.0.0\/0" is not allowed; .*TRUSTED_PROXIES/],
    [{}, { CORS_ORIGINS: "play.example" }, /^corsOrigins: "play.example" is not allowed/],
    [{}, { API_KEY: "abc" }, /^API_KEY: "\(not shown\)" is not allowed; allowed: 6 characters at least/],
    [
      {},
      { PLAYER_ISSUER: "http://issuer.example" },
      /^PLAYER_ISSUER: "http:\/\/issuer.example" is not allowed; allowed: an https/,
    ],
    [{}, { PLAYER_ISSUER: "https://issuer.example" }, /^PLAYER_AUDIENCE: nothing is not allowed/],
    [
      {},
      { PLAYER_ISSUER: "https://issuer.example", PLAYER_AUDIENCE: "game", PLAYER_ALGORITHM: "HS256" },
      /^PLAYER_ALGORITHM: "HS256" is not allowed; allowed: RS256, PS256, ES256, EdDSA/,
    ],
  ] as const) {
    it(`does not start with ${JSON.stringify({ ...given, ...more })}`, async () => {
      const options = { given: { port: 0, ...given }, environment: { ...environment, ...more }, logger: silent };
      await assert.rejects(
        startService(notes, options),
        (error) => InputError.isInstance(error) && expected.test(error.message),
      );
    });
  }

  for (const [args, expected] of [
    [["serve", "--colour", "red"], /^unknown option: "--colour" is not allowed/],
    [["dance"], /^command: "dance" is not allowed; allowed: serve, migrate, keys, openapi/],
    [
      ["keys", "create", "dead", "--expires", "2001-01-01"],
      /^expires: "2001-01-01" is not allowed; allowed: a time to come/,
    ],
    [["keys", "create", "dead", "--expires", "5"], /^expires: "5" is not allowed; allowed: a time to come/],
    [["keys", "create", "x", "--rate", "0"], /^rate: "0" is not allowed/],
    [["migrate"], /^database: nothing is not allowed; allowed: .*DB_HOST/],
  ] as const) {
    it(`refuses ${args.join(" ")}`, () =>
      assert.rejects(
        runServiceCommand(notes, args),
        (error) => InputError.isInstance(error) && expected.test(error.message),
      ));
  }

  it("makes no key of a scope that is none, of the services' own name, of a taken name, and ends none that is not there", async () => {
    const service = await startService(notes, { given: { port: 0 }, environment, logger: silent, ownProcess: false });
    const { keys } = service.kit;
    try {
      await assert.rejects(
        keys.create({ name: "x", scopes: ["everything"] }),
        /^InputError: scopes: "everything" is not allowed; allowed: read, write/,
      );
      await assert.rejects(keys.create({ name: "services", scopes: ["read"] }), /name: "services" is not allowed/);
      await assert.rejects(
        keys.create({ name: "", scopes: ["read"] }),
        /name: "" is not allowed; allowed: 1 to 100 characters/,
      );
      await assert.rejects(
        keys.revoke("nobody"),
        /name: "nobody" is not allowed; allowed: the name of a key that is valid/,
      );
    } finally {
      await service.stop();
    }
  });

  it("says in one line, with code 1, that its database is away or behind", async () => {
    const away = run(["serve", "--port", "0"], { DB_PORT: "1" });
    assert.equal(away.status, 1);
    assert.match(away.stderr, /^notes: no connection to 127\.0\.0\.1:1\/\w+: .*ECONNREFUSED.*\n$/);
    const empty = await createTestDatabase();
    try {
      const behind = run(["serve", "--port", "0"], empty.environment);
      assert.deepEqual(
        [behind.status, behind.stderr],
        [1, 'notes: the database lacks the migration 0001_notes; run "notes migrate" first\n'],
      );
      assert.deepEqual(run(["migrate"], empty.environment).stdout, "ran 0001_notes\nran 0001_kit\nran 0002_relay\n");
      assert.deepEqual(run(["migrate"], empty.environment).stdout, "nothing to do\n");
    } finally {
      await empty.drop();
    }
  });

  it("makes, lists and ends keys, whose name may be given again", async () => {
    const made = run(["keys", "create", "game", "--scopes", "read", "--expires", "2999-01-01"]).stdout;
    assert.match(made, /^note_[\w-]{43}\n$/);
    assert.equal(run(["keys", "list"]).stdout, "game: read; 300/min; expires 2999-01-01T00:00:00.000Z\n");
    assert.equal(run(["keys", "revoke", "game"]).stdout, "revoked game\n");
    assert.equal(run(["keys", "create", "game"]).status, 0);
    const { keys } = JSON.parse(run(["keys", "list", "--json"]).stdout) as {
      keys: { name: string; scopes: string[] }[];
    };
    assert.deepEqual(
      keys.map(({ scopes }) => scopes),
      [["read"], ["read", "write"]],
    );
  });

  it("makes no data folder where a command only works on what is stored", () => {
    const missing = join(tmpdir(), "notes-never-made");
    for (const args of [
      ["keys", "list"],
      ["keys", "revoke", "game"],
    ]) {
      const { status, stderr } = run([...args, "--data-dir", missing]);
      assert.deepEqual(
        [status, stderr],
        [
          2,
          `notes: data-dir: "${missing}" is not allowed; allowed: a folder that notes has stored something in (set in --data-dir)\n`,
        ],
      );
    }
    assert.equal(existsSync(missing), false);
  });

  it("prints its document without a database", () => {
    const { stdout, status } = run(["openapi"], { DB_HOST: "" });
    const { info, paths } = JSON.parse(stdout) as { info: { title: string }; paths: Record<string, unknown> };
    assert.deepEqual([status, info.title, "/notes/{id}" in paths], [0, "Notes", true]);
  });

  it("asked to stop is not ready at once, ends what is under way, and ends with 0", async () => {
    const { child, url } = await start(["--leave-seconds", "2", "--drain-seconds", "30"]);
    const open = await fetch(`${url}/stream?forever=true`);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await until(async () => (await fetch(`${url}/ready`)).status === 503);
    const during = await fetch(`${url}/files/still`);
    assert.equal(during.status, 200);
    // Refused after its time to leave, while the stream goes on.
    await until(async () => (await fetch(`${url}/files/late`).catch(() => undefined))?.status === 503);
    await open.body!.cancel();
    assert.deepEqual(await ended, [0, null]);
  });

  it("asked twice ends at once, with 1", async () => {
    const { child, url } = await start(["--drain-seconds", "600"]);
    const open = await fetch(`${url}/stream?forever=true`);
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await until(async () => (await fetch(`${url}/files/late`).catch(() => undefined))?.status === 503);
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [1, null]);
    await open.body!.cancel().catch(() => undefined);
  });
});
