import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { productRegistry } from "../../contracts/archetypes";
import { freePort } from "../../runtime/free-port";
import { readStream, until } from "./testing/start";

const root = join(__dirname, "../..");

const archetypes = [...productRegistry.archetypes.keys()];

describe("ai-router as a program, before inference hosts on the toy model", () => {
  const children = new Set<ChildProcess>();
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ai-router-program-"));
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    children.clear();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function start(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, ["--require", "tsx/cjs", program, ...args], {
      cwd: root,
      env: { ...process.env, LOG_LEVEL: "error", ...env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    children.add(child);
    return child;
  }

  const answers = (url: string, path: string) => () =>
    fetch(`${url}${path}`).then(
      ({ ok }) => ok,
      () => false,
    );

  async function startHost() {
    const port = await freePort();
    const args = ["--port", String(port), "--operator-port", "0", "--threads", "1", "--drain-seconds", "20"];
    const child = start("agents/inference-host/main.ts", args);
    const url = `http://127.0.0.1:${port}`;
    return { child, url, ready: until(answers(url, "/ready")) };
  }

  async function startAll() {
    const [gold, silver, port] = await Promise.all([startHost(), startHost(), freePort()]);
    const env = { GOLD_URL: gold.url, SILVER_URL: silver.url, API_KEY: "secret", PORT: String(port) };
    const router = start("services/ai-router/main.ts", ["serve", "--host", "127.0.0.1"], env);
    const url = `http://127.0.0.1:${port}`;
    await Promise.all([gold.ready, silver.ready, until(answers(url, "/ready"))]);
    const turn = (archetype: string, budget: number) =>
      fetch(`${url}/v1/npc/turns`, {
        method: "POST",
        headers: { authorization: "Bearer secret" },
        body: JSON.stringify({
          archetype,
          npc_id: "n",
          task: "dialogue_style",
          message: "Who are you?",
          latency_budget_ms: budget,
          temperature: 0,
          stream: true,
        }),
      });
    return { gold, silver, router, turn };
  }

  it("streams every archetype's own words, loses no accepted request when nodes are killed or drained, and drains itself", async () => {
    const { gold, silver, router, turn } = await startAll();
    const voices = await Promise.all(archetypes.map(async (archetype) => readStream(await turn(archetype, 50))));
    assert.equal(new Set(voices.map(({ text }) => text)).size, archetypes.length);
    assert.ok(voices.every(({ done, error, text }) => done && error === undefined && text.length > 10));

    // A node that is asked to go ends its streams; whoever comes next is answered by the other tier.
    const before = await Promise.all(Array.from({ length: 8 }, (_, index) => turn(archetypes[index % 5]!, 50)));
    const left = once(gold.child, "exit");
    gold.child.kill("SIGTERM");
    const during = await Promise.all(Array.from({ length: 12 }, (_, index) => turn(archetypes[index % 5]!, 50)));
    for (const answer of [...before, ...during]) {
      const { done, error } = await readStream(answer);
      assert.deepEqual([answer.status, done, error], [200, true, undefined]);
    }
    await left;
    const spilled = await turn("lich", 50);
    // What the closing node's connections broke may have opened the breaker before.
    assert.match(spilled.headers.get("x-ai-router-spill") ?? "", /^gold; reason=(absent|leaving|failing)$/);
    assert.equal((await readStream(spilled)).done, true);

    // A node that is killed cuts streams with an error event, never silently, and later requests are told to wait.
    const cut = await Promise.all(archetypes.map((archetype) => turn(archetype, 500)));
    silver.child.kill("SIGKILL");
    for (const answer of cut) assert.equal((await readStream(answer)).done, true);
    const nobody = await turn("lich", 500);
    assert.deepEqual([nobody.status, nobody.headers.get("retry-after")], [503, "30"]);

    const ended = once(router, "exit");
    router.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });

  it("makes, lists and ends keys, and fails in one line on wrong use", () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ["--require", "tsx/cjs", "services/ai-router/main.ts", ...args], {
        cwd: root,
        encoding: "utf8",
        env: { PATH: process.env.PATH },
      });
    const data = ["--data-dir", join(folder, "db")];
    assert.match(run("keys", "create", "game", "--tokens-per-day", "1000", ...data).stdout, /^air_[\w-]{43}\n$/);
    assert.equal(run("keys", "revoke", "game", ...data).status, 0);
    assert.equal(run("keys", "create", "short", "--expires", "2999-01-01", ...data).status, 0);
    assert.equal(
      run("keys", "list", ...data).stdout,
      "game: generate, embed; 1000 tokens/day; 300/min; revoked\n" +
        "short: generate, embed; no token budget; 300/min; expires 2999-01-01T00:00:00.000Z\n",
    );
    for (const [args, expected] of [
      [
        ["keys", "create", "x", "--rate", "many", ...data],
        /^ai-router: rate: "many" is not allowed; allowed: a whole number from 1 to 2147483647 \(set in --rate\)\n$/,
      ],
      [["keys", "create", "x", "--scopes", "all", ...data], /scopes: "all" is not allowed/],
      [["keys", "create", "", ...data], /name: "" is not allowed; allowed: 1 to 100 characters/],
      [
        ["keys", "create", "x", "--expires", "2026", ...data],
        /expires: "2026" is not allowed; allowed: a time to come/,
      ],
      [["keys", "create", "x", "--expires", "2020-01-01", ...data], /expires: "2020-01-01" is not allowed/],
      [["serve"], /keys: nothing is not allowed/],
    ] as const) {
      const { status, stderr } = run(...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, expected);
    }
  });

  it("ends with code 0 when it is asked to stop while it opens its database, and opens it again", async () => {
    const directory = join(folder, "asked-early");
    const env = { GOLD_URL: "http://127.0.0.1:1", API_KEY: "secret", DATA_DIR: directory };
    const port = await freePort();
    const args = ["serve", "--host", "127.0.0.1", "--port", String(port)];
    const early = start("services/ai-router/main.ts", args, env);
    const ended = once(early, "exit");
    await until(() => existsSync(join(directory, "data")));
    early.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);

    const next = start("services/ai-router/main.ts", args, env);
    await until(answers(`http://127.0.0.1:${port}`, "/ready"));
    next.kill("SIGTERM");
    assert.deepEqual(await once(next, "exit"), [0, null]);
  });

  it("ends when its port is taken or its address is not this machine's, whatever it has opened by then", async () => {
    const taken = createServer();
    taken.listen(0, "127.0.0.1");
    await once(taken, "listening");
    try {
      for (const [args, expected] of [
        [
          ["--port", String((taken.address() as AddressInfo).port)],
          /port: \d+ is not allowed; allowed: a port that nobody/,
        ],
        [
          ["--port", "0", "--host", "192.0.2.1"],
          /host: "192\.0\.2\.1" is not allowed; allowed: an address of this machine/,
        ],
      ] as const) {
        const child = spawn(
          process.execPath,
          ["--require", "tsx/cjs", "services/ai-router/main.ts", "serve", "--host", "127.0.0.1", ...args],
          {
            cwd: root,
            env: {
              PATH: process.env.PATH,
              GOLD_URL: "http://127.0.0.1:1",
              API_KEY: "secret",
              DATA_DIR: join(folder, "taken"),
              REDIS_HOST: "127.0.0.1",
              REDIS_PORT: "1",
            },
            stdio: ["ignore", "ignore", "pipe"],
          },
        );
        children.add(child);
        let said = "";
        child.stderr!.on("data", (chunk: Buffer) => {
          said += chunk.toString();
        });
        assert.deepEqual(await once(child, "close"), [2, null]);
        assert.match(said, expected);
      }
    } finally {
      taken.close();
    }
  });
});
