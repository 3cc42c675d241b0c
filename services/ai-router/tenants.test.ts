import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { aiRouter } from "../../contracts/services/ai-router";
import { createLogger } from "../../runtime/logger";
import { clientOf, type ServiceDatabase, startService } from "../../runtime/service";
import { Callers } from "../../runtime/service/callers";
import { KeyStore, type NewKey } from "../../runtime/service/keys";
import { databaseCounters } from "../../runtime/service/limits";
import { realSurroundings } from "../../runtime/service/surroundings";
import { openApiDocument } from "./api/openapi";
import { History } from "./memory/history";
import { service } from "./service";
import { ownKey, type RunningRouter, readStream, startTestRouter, until } from "./testing/start";
import { startTierDouble, type TierDouble } from "./testing/tier-double";

const turns = "/v1/npc/turns";
const plain: NewKey = {
  name: "game",
  scopes: ["generate"],
  requestsPerMinute: 1000,
};

describe("keys, memory and history, on PostgreSQL", () => {
  let silver: TierDouble;
  let running: RunningRouter;
  let database: ServiceDatabase;
  let keys: KeyStore;

  before(async () => {
    silver = await startTierDouble("silver");
    running = await startTestRouter({ tiers: { SILVER_URL: silver.url }, database: true });
    ({ database, keys } = running.running.kit);
  });
  after(async () => {
    await running?.close();
    await silver?.close();
  });

  const say = (key: string, message: string, more: object = {}) =>
    running.ask(
      turns,
      { archetype: "lich", npc_id: "morr", task: "dialogue_style", message, ...more },
      { "x-api-key": key },
    );
  const promptOf = (request: number) => silver.seen.at(request)!.body.messages.map(({ content }) => content);

  it("lets in keys that are known, valid and permitted, and nobody else", async () => {
    const good = await keys.create(plain);
    const expired = await keys.create({ ...plain, name: "old", expiresAt: "2999-01-01T00:00:00Z" });
    await database.transaction(undefined, (session) =>
      session.query("UPDATE api_keys SET expires_at = '2020-01-01' WHERE name = 'old'"),
    );
    const other = await keys.create({ ...plain, name: "vectors", scopes: ["embed"] });
    const models = await fetch(`${running.url}/v1/models`, { headers: { "x-api-key": other.key } });
    assert.equal(models.status, 200);
    const revoked = await keys.create({ ...plain, name: "gone" });
    await keys.revoke("gone");
    const statuses = await Promise.all(
      [good, expired, other, revoked].map(async ({ key }) => (await say(key, "hi")).status),
    );
    assert.deepEqual(statuses, [200, 401, 403, 401]);
    assert.equal((await say(`${good.key.slice(0, -1)}x`, "hi")).status, 401);
    assert.ok(!JSON.stringify(await keys.list()).includes(good.key.slice(4)));
    await assert.rejects(keys.create(plain), /a name that no key has/);
    const again = await keys.create({ ...plain, name: "gone" });
    assert.deepEqual([(await say(again.key, "hi")).status, (await say(revoked.key, "hi")).status], [200, 401]);
    await keys.revoke("gone");
    await keys.create({ ...plain, name: "gone" });
    await assert.rejects(keys.create({ ...plain, name: "gone" }), /a name that no key has/);
    await assert.rejects(keys.create({ ...plain, name: "services" }), /services are the environment's own/);
    await assert.rejects(keys.revoke("nobody"), /the name of a key that is valid/);
  });

  it("holds a key to its requests and its tokens", async () => {
    const few = await keys.create({ ...plain, name: "few", requestsPerMinute: 3 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => say(few.key, "hi")));
    const refused = answers.filter(({ status }) => status === 429);
    // A minute may end between them.
    assert.ok(refused.length >= 2 && refused.length <= 5, `${refused.length} of 8 refused`);
    assert.match(refused[0]!.headers.get("retry-after") ?? "", /^\d+$/);
    const poor = await keys.create({ ...plain, name: "poor", properties: { tokensPerDay: 9 } });
    assert.equal((await say(poor.key, "hi")).status, 200);
    await until(async () => (await say(poor.key, "hi")).status === 429);
    const { error } = (await (await say(poor.key, "hi")).json()) as { error: { code: string } };
    assert.equal(error.code, "insufficient_quota");
  });

  it("remembers what was said to a character and its cards, and not what another tenant said", async () => {
    const [one, two] = await Promise.all(["one", "two"].map((name) => keys.create({ ...plain, name })));
    await say(one!.key, "my name is Ada", { cards: { quest: "find the bell" } });
    const streamed = await readStream(await say(one!.key, "who am I?", { stream: true }));
    assert.ok(streamed.text.startsWith("silver: "));
    assert.deepEqual(
      promptOf(-1),
      ["Quest: find the bell", "my name is Ada", "silver: user: my name is Ada", "who am I?"].map((text, index) =>
        index === 2 ? "silver: system: Quest: find the bell | user: my name is Ada" : text,
      ),
    );
    await say(two!.key, "who am I?");
    assert.deepEqual(promptOf(-1), ["who am I?"]);
    await say(one!.key, "again", { turns: [{ asked: "a", answered: "b" }], cards: {} });
    assert.deepEqual(promptOf(-1).slice(1), ["a", "b", "again"]);
    await until(async () => {
      const { rows } = await database.transaction(undefined, (session) =>
        session.query<{ asked: string; tier: string }>(
          "SELECT asked, tier FROM npc_turns WHERE tenant = 'one' ORDER BY id",
        ),
      );
      return rows.length === 3 && rows[0]!.asked === "my name is Ada" && rows[0]!.tier === "silver";
    });
  });

  it("names a character to the nodes so that another key's request cannot come by it", async () => {
    const both = await Promise.all(["left", "right"].map((name) => keys.create({ ...plain, name })));
    const chain = { model: "lich/chain/npc_turn", messages: [{ role: "user", content: "hello" }] };
    const named = async (key: string, npc: string) => {
      const { status } = await running.ask("/v1/chat/completions", chain, { "x-api-key": key, "x-npc-id": npc });
      return status === 200 ? String(silver.seen.at(-1)!.headers["x-npc-id"]) : status;
    };
    const first = await named(both[0]!.key, "morr");
    assert.match(String(first), /^[\w.:-]{1,128}$/);
    assert.equal(await named(both[0]!.key, "morr"), first);
    assert.notEqual(await named(both[1]!.key, "morr"), first);
    assert.equal(await named(both[0]!.key, "../morr"), 400);
    await say(both[0]!.key, "hi");
    assert.equal(silver.seen.at(-1)!.headers["x-npc-id"], undefined);
  });

  it("remembers of a turn that its player cut off just what was said, and hands on what a turn may hold", async () => {
    const cutter = await keys.create({ ...plain, name: "cutter" });
    const controller = new AbortController();
    silver.plan("endless");
    const turn = { archetype: "dragon", npc_id: "smaug", message: "tell me everything", stream: true };
    const actions = [{ verb: "roar" }];
    const asked = { ...turn, actions, bark: true, latency_budget_ms: 5_000 };
    const answer = await running.ask(turns, asked, { "x-api-key": cutter.key }, controller.signal);
    const first = new TextDecoder().decode((await answer.body!.getReader().read()).value);
    const { headers, body } = silver.seen.at(-1)!;
    assert.deepEqual((body as { turn?: object }).turn, { actions, bark: true });
    assert.deepEqual([body.model, headers["x-latency-budget-ms"]], ["dragon/chain/npc_turn", "5000"]);
    const cancelled = silver.cancelled;
    controller.abort();
    await until(() => silver.cancelled > cancelled);
    const next = () => say(cutter.key, "go on", { archetype: "dragon", npc_id: "smaug" });
    let remembered: string | undefined;
    await until(async () => {
      await next();
      remembered = promptOf(-1)[1];
      return promptOf(-1)[0] === "tell me everything";
    });
    assert.match(first, /"content":"/);
    const [, word] = /"content":"([^"]+)"/.exec(first)!;
    assert.ok(remembered!.startsWith(word!.trim()), `${remembered} does not begin with ${word}`);
    const refused = await say(cutter.key, "hi", { archetype: "dragon", npc_id: "smaug", bark: true });
    assert.equal(refused.status, 400);
  });

  it("counts the tokens of a stream that its client left", async () => {
    const leaver = await keys.create({ ...plain, name: "leaver", properties: { tokensPerDay: 1 } });
    silver.plan("endless");
    const controller = new AbortController();
    const answer = await running.ask(
      turns,
      { archetype: "lich", npc_id: "morr", message: "hi", stream: true },
      { "x-api-key": leaver.key },
      controller.signal,
    );
    await answer.body!.getReader().read();
    controller.abort();
    await until(async () => (await say(leaver.key, "hi")).status === 429);
  });

  it("writes a turn whose text no database takes, without what it does not take", async () => {
    const odd = await keys.create({ ...plain, name: "odd" });
    await say(odd.key, "nul \0 here, half a pair \ud800 there");
    await until(async () => {
      const { rows } = await database.transaction(undefined, (session) =>
        session.query<{ asked: string }>("SELECT asked FROM npc_turns WHERE tenant = 'odd'"),
      );
      return rows[0]?.asked === "nul  here, half a pair \ufffd there";
    });
  });

  it("remembers turns that were sent along as short as those that were said here", async () => {
    const long = await keys.create({ ...plain, name: "long" });
    const turn = { asked: "q".repeat(8_000), answered: "a".repeat(8_000) };
    await say(long.key, "hi", { turns: [turn] });
    assert.deepEqual(promptOf(-1), [turn.asked, turn.answered, "hi"]);
    await say(long.key, "hi");
    assert.deepEqual(
      promptOf(-1)
        .map(({ length }) => length)
        .slice(0, 2),
      [1_000, 1_000],
    );
  });

  it("leaves the older turns out of a prompt that the model has no room for, and goes on so", async () => {
    const talker = await keys.create({ ...plain, name: "talker" });
    silver.always = "short";
    try {
      for (let turn = 1; turn <= 8; turn += 1) assert.equal((await say(talker.key, `turn ${turn}`)).status, 200);
      assert.deepEqual(
        [promptOf(-1).at(-1), promptOf(-1).length <= 5, promptOf(-1).length >= 3],
        ["turn 8", true, true],
      );
      const many = Array.from({ length: 20 }, (_, index) => ({ asked: `q${index}`, answered: "a" }));
      assert.equal((await say(talker.key, "hi", { turns: many, cards: { quest: "the bell" } })).status, 200);
      assert.deepEqual(promptOf(-1), ["Quest: the bell", "q19", "a", "hi"]);
    } finally {
      silver.always = "answer";
    }
  });

  it("refuses a turn that names a chain and a task", async () => {
    const answer = await running.ask(turns, {
      archetype: "lich",
      npc_id: "m",
      message: "x",
      task: "personality",
      chain: "npc_turn",
    });
    assert.equal(answer.status, 400);
  });

  it("keeps turns while the database is away, up to its room, and counts what found none", async () => {
    let away = true;
    const flaky = {
      ...database,
      transaction: ((scope, work) =>
        away ? Promise.reject(new Error("away")) : database.transaction(scope, work)) as ServiceDatabase["transaction"],
    };
    const failures: unknown[] = [];
    const history = new History(flaky, (error) => failures.push(error), 150);
    const turn = {
      tenant: "flaky",
      npcId: "n",
      archetype: "lich",
      asked: "a",
      answered: "b",
      tier: "gold",
      at: new Date(),
    };
    for (let index = 0; index < 200; index += 1) history.add({ ...turn, asked: String(index) });
    await until(() => failures.length > 0);
    assert.deepEqual([history.waiting, history.dropped], [150, 50]);
    away = false;
    await history.close();
    const { rows } = await database.transaction(undefined, (session) =>
      session.query<{ count: number }>("SELECT count(*)::int AS count FROM npc_turns WHERE tenant = 'flaky'"),
    );
    assert.equal(rows[0]!.count, 150);
  });

  it("lets a key that it knows go on while the database hangs, and tells others to come again", async () => {
    const { key } = await keys.create({ ...plain, name: "patient" });
    let hangs = false;
    let asked = 0;
    const stuck = {
      ...database,
      transaction: ((scope, work) => {
        asked += 1;
        return hangs ? new Promise(() => undefined) : database.transaction(scope, work);
      }) as ServiceDatabase["transaction"],
    };
    const store = new KeyStore(keys.kind, (work) => stuck.transaction(undefined, work), realSurroundings);
    const callers = new Callers({ keys: store, scopes: keys.kind.scopes, now: Date.now, rememberMs: 1 });
    const identify = () => callers.identify({ authorization: `Bearer ${key}` }, ["service:generate"]);
    await identify();
    hangs = true;
    await sleep(10);
    const names = await Promise.all(Array.from({ length: 20 }, identify));
    assert.deepEqual([new Set(names.map(({ id }) => id)), asked], [new Set(["patient"]), 2]);
    await identify();
    assert.equal(asked, 2);
    const stranger = callers.identify({ authorization: `Bearer air_${"x".repeat(43)}` }, ["service:generate"]);
    await assert.rejects(stranger, { status: 503, message: "keys cannot be looked up now; try again" });
    const counted = databaseCounters((work) => stuck.transaction(undefined, work)).add("patient", "requests", 1, 1, 60);
    await assert.rejects(counted, /no answer within 1000 ms/);
  });

  it("does not start where nobody could get in", async () => {
    const start = (environment: Readonly<Record<string, string>>, given: object = {}) =>
      startService(service, { given: { port: 0, ...given }, environment, logger: createLogger("ai-router", "silent") });
    const environment = { SILVER_URL: silver.url, API_KEY: "a-key-of-ours" };
    await assert.rejects(start({ SILVER_URL: silver.url }), /^InputError: keys: nothing .* a database of keys/);
    await assert.rejects(start({ API_KEY: "a-key-of-ours" }), /GOLD_URL or SILVER_URL/);
    await assert.rejects(start({ ...environment, GOLD_URL: "gold" }), /GOLD_URL: "gold" is not allowed/);
    await assert.rejects(start({ ...environment, GOLD_URL: "http://gold/?tier=1" }), /GOLD_URL: "http:/);
    await assert.rejects(start(environment, { hedgeMs: "soon" }), /--hedge-ms/);
    await assert.rejects(start(environment, { hedgeMs: " " }), /hedgeMs: " " is not allowed/);
  });

  it("says its API in a document from its contract, and serves the contract's typed client", async () => {
    const document = await (await fetch(`${running.url}/openapi.json`)).json();
    assert.deepEqual(document, JSON.parse(JSON.stringify(openApiDocument())));
    const client = clientOf(aiRouter, { url: running.url, key: ownKey, around: realSurroundings });
    const body = { archetype: "lich", npc_id: "typed", message: "hello", latency_budget_ms: 500 } as const;
    const answer = await client.createNpcTurn({ body });
    assert.deepEqual(
      [answer.headers.get("x-ai-router-tier"), answer.body.choices[0]!.message.content, answer.body.usage.total_tokens],
      ["silver", "silver: user: hello", answer.body.usage.prompt_tokens + 2],
    );
    await assert.rejects(client.retrieveModel({ params: { model: "nobody/none" } }), {
      name: "CallFailed",
      status: 404,
    });
  });
});
