import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { NewKey } from "../../runtime/service/keys";
import { type RunningRouter, startTestRouter, until } from "./testing/start";
import { startTierDouble, type TierDouble } from "./testing/tier-double";

const [server = "", port = "0"] = (process.env.ROUTER_TEST_CACHE ?? "").split(" ");
const turns = "/v1/npc/turns";
const plain: NewKey = {
  name: "game",
  scopes: ["generate"],
  requestsPerMinute: 60,
};

describe(`two replicas that share ${server}`, () => {
  let silver: TierDouble;
  let cache: ChildProcess | undefined;
  let replicas: RunningRouter[] = [];

  async function startCache(): Promise<void> {
    cache = spawn(server, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], {
      stdio: "ignore",
    });
    await until(async () => {
      const socket = connect(Number(port), "127.0.0.1");
      const open = await once(socket, "connect").then(
        () => true,
        () => false,
      );
      socket.destroy();
      return open;
    });
  }
  async function endCache(): Promise<void> {
    if (cache === undefined || cache.exitCode !== null) return;
    const gone = once(cache, "exit");
    cache.kill("SIGKILL");
    await gone;
    cache = undefined;
  }

  beforeEach(async () => {
    silver = await startTierDouble("silver");
    await startCache();
    const environment = { REDIS_HOST: "127.0.0.1", REDIS_PORT: port, REDIS_KEY_PREFIX: `ai-router:${Date.now()}:` };
    const setup = { tiers: { SILVER_URL: silver.url }, environment, options: { summaries: "on" } };
    // One has a database of keys, the other knows the services' own key only; characters and counts are shared.
    replicas = [await startTestRouter({ ...setup, database: true }), await startTestRouter(setup)];
    await until(() => replicas.every(({ router }) => router.cache?.status === "ready"));
  });
  afterEach(async () => {
    for (const replica of replicas) await replica.close();
    replicas = [];
    await silver.close();
    await endCache();
  });

  const say = (replica: number, message: string, headers: Readonly<Record<string, string>> = {}) =>
    replicas[replica]!.ask(turns, { archetype: "lich", npc_id: "morr", task: "dialogue_style", message }, headers);
  const lastPrompt = () => silver.seen.at(-1)!.body.messages.map(({ content }) => content);

  it("remember on one what was said on the other", async () => {
    await say(0, "my name is Ada");
    await until(async () => (await replicas[0]!.router.cache!.exists("turns:services/lich/morr")) === 1);
    await say(1, "who am I?");
    assert.deepEqual(lastPrompt().slice(0, 1), ["my name is Ada"]);
  });

  it("need no more of the cache than the platform's user may", async () => {
    const rights = ["on", ">secret", "~ai-router:*", "&ai-router:*", "+@all", "-@admin", "-@dangerous"];
    await replicas[0]!.router.cache!.call("ACL", "SETUSER", "ai-router", ...rights);
    const environment = {
      REDIS_HOST: "127.0.0.1",
      REDIS_PORT: port,
      REDIS_KEY_PREFIX: "ai-router:",
      REDIS_USERNAME: "ai-router",
      REDIS_PASSWORD: "secret",
    };
    const written: string[] = [];
    const warn = console.warn;
    console.warn = (text: string) => written.push(text);
    try {
      replicas.push(await startTestRouter({ tiers: { SILVER_URL: silver.url }, environment }));
      await until(() => replicas[2]!.router.cache?.status === "ready");
      await say(2, "my name is Ada");
      await until(async () => (await replicas[2]!.router.cache!.exists("turns:services/lich/morr")) === 1);
    } finally {
      console.warn = warn;
    }
    assert.deepEqual(written, []);
  });

  it("sum up a conversation, and tell the summary to the other", async () => {
    for (let turn = 0; turn < 12; turn += 1) await say(0, `turn ${turn}`);
    await until(async () => (await replicas[0]!.router.cache!.exists("summary:services/lich/morr")) === 1);
    await say(1, "go on");
    assert.match(lastPrompt()[0]!, /^Earlier: /);
  });

  it("sum up what a model with little room can read of a conversation", async () => {
    for (let turn = 0; turn < 11; turn += 1) await say(0, `turn ${turn}`);
    silver.plan("answer", "too-long");
    await say(0, "turn 11");
    await until(async () => (await replicas[0]!.router.cache!.exists("summary:services/lich/morr")) === 1);
    assert.doesNotMatch(lastPrompt()[0]!, /Player: turn 5\n/);
    assert.match(lastPrompt()[0]!, /Player: turn 11\n/);
  });

  it("count a key's requests in the cache", async () => {
    const { key } = await replicas[0]!.running.kit.keys.create(plain);
    const answers = await Promise.all(Array.from({ length: 90 }, () => say(0, "hi", { "x-api-key": key })));
    const refused = answers.filter(({ status }) => status === 429).length;
    assert.ok(refused >= 1 && refused <= 30, `${refused} of 90 refused`);
    assert.ok((await replicas[0]!.router.cache!.keys("*count:requests:*")).length >= 1);
  });

  it("answer on while the cache is away, and use it again when it is back", async () => {
    await endCache();
    const { key } = await replicas[0]!.running.kit.keys.create(plain);
    assert.equal((await say(0, "hello", { "x-api-key": key })).status, 200);
    assert.equal((await say(1, "hello")).status, 200);
    await startCache();
    await until(() => replicas.every(({ router }) => router.cache?.status === "ready"));
  });
});
