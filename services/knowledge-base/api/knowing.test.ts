import assert from "node:assert/strict";
import type { World } from "../items/worlds";
import { startApi, type TestApi } from "../testing/api";
import { type TestMemory, testMemory } from "../testing/memory";
import { makeWorld } from "../testing/stories";

type Item = {
  id: string;
  kind: string;
  version: number;
  validUntil: string | null;
  replacedBy: string | null;
  status: string;
};

describe("what characters need of the story memory", () => {
  let memory: TestMemory;
  let api: TestApi;
  let world: World;
  const keys: Record<string, string> = {};
  before(async () => {
    memory = await testMemory();
    api = await startApi(memory);
    world = await makeWorld(memory.indexer, "w");
    for (const [name, permissions, worldId] of [
      ["writer", ["read", "write"], undefined],
      ["judge", ["read", "write", "decide"], undefined],
      ["admin", ["read", "write", "decide", "admin"], undefined],
      ["world", ["read", "write", "decide"], world.id],
    ] as const) {
      keys[name] = await api.key(name, permissions, { worldId });
    }
  });
  after(async () => {
    await api.close();
    await memory.dispose();
  });

  const call = async (as: string, method: string, url: string, body?: object, headers: Record<string, string> = {}) => {
    const { status, headers: got, json } = await api.call(method, url, keys[as], body, headers);
    return { status, headers: got, json: json<Item & { items: Item[]; hits: Item[] }>() };
  };
  const found = async (body: object, as = "writer") =>
    (await call(as, "POST", "/search/semantic", body)).json.hits.map(({ id }) => id);
  const provenance = { model: "toy", heard: "in the tavern" };
  const propose = async (fact: object, as = "writer") =>
    (await call(as, "POST", "/facts", { provenance, ...fact })).json;
  const accept = (id: string, as = "judge") =>
    call(as, "POST", `/facts/${id}/decision`, { accept: true, kind: "person", by: "the writer" });

  it("finds no fact before a person or a rule accepts it, and lets nobody else decide", async () => {
    const fact = await propose({ subject: "Bran", predicate: "owns", object: "a copper lantern" });
    assert.equal(fact.status, "proposed");
    assert.deepEqual(await found({ query: "Bran copper lantern" }), []);
    assert.equal((await accept(fact.id, "writer")).status, 403);
    const model = { accept: true, kind: "model", by: "toy" };
    assert.equal((await call("judge", "POST", `/facts/${fact.id}/decision`, model)).status, 400);
    assert.equal((await accept(fact.id)).json.status, "accepted");
    assert.deepEqual(await found({ query: "Bran copper lantern" }), [fact.id]);
    assert.equal((await accept(fact.id)).status, 409);
    const other = await propose({ subject: "Bran", predicate: "owns", object: "the moon" });
    assert.equal(
      (await call("judge", "POST", `/facts/${other.id}/decision`, { accept: false, kind: "rule", by: "no-moons" })).json
        .status,
      "rejected",
    );
    assert.ok(!(await found({ query: "Bran the moon" })).includes(other.id));
  });

  it("answers where somebody lives now, lived then, and lives in a world of its own", async () => {
    const lives = { subject: "Alice", predicate: "lives in", exclusive: true };
    const old = await propose({ ...lives, object: "Oakhollow", validFrom: "2001-01-01T00:00:00Z" });
    const now = await propose({ ...lives, object: "Stormgate", validFrom: "2010-01-01T00:00:00Z" });
    await accept(old.id);
    await accept(now.id);
    const query = "where does Alice live";
    const types = ["lives in"];
    assert.deepEqual(await found({ query, types }), [now.id]);
    assert.deepEqual(await found({ query, types, at: "2005-01-01T00:00:00Z" }), [old.id]);
    assert.deepEqual(await found({ query, types, at: "2000-01-01T00:00:00Z" }), []);
    assert.equal((await found({ query, types, includeEnded: true })).length, 2);
    const read = (await call("writer", "GET", `/facts/${old.id}`)).json;
    assert.deepEqual([read.replacedBy, read.validUntil], [now.id, "2010-01-01T00:00:00.000Z"]);
    const own = await propose(
      { ...lives, object: "the moon", replaces: [now.id], validFrom: "2012-01-01T00:00:00Z" },
      "world",
    );
    assert.equal((await accept(own.id, "world")).status, 200);
    assert.deepEqual(await found({ query, types }, "world"), [own.id]);
    assert.deepEqual(await found({ query, types }), [now.id], "the canon stays as it is");
    const listed = async (more: string) =>
      (await call("writer", "GET", `/facts?subject=alice${more}`)).json.items.map(({ id }) => id);
    assert.deepEqual(await listed(""), [now.id]);
    assert.deepEqual(await listed("&history=true"), [old.id, now.id]);
    assert.equal((await call("world", "DELETE", `/facts/${own.id}`)).status, 204);
    assert.deepEqual(await found({ query, types }, "world"), [now.id]);
    assert.equal(
      (await call("judge", "PATCH", `/facts/${now.id}`, { validUntil: "2015-01-01T00:00:00Z" })).status,
      200,
    );
    assert.deepEqual(await found({ query, types }), []);
  });

  it("finds for a character what that character knows", async () => {
    const record = async (more: object) =>
      (await call("writer", "POST", "/events/record", { worldId: world.id, type: "talk", ...more })).json.id;
    const secret = await record({ summary: "The crown was buried.", npcs: ["Mira"], knownBy: ["Tam"] });
    const open = await record({ summary: "The crown was shown." });
    const concept = (
      await call("writer", "POST", "/concepts/create", {
        name: "Buried Crown",
        type: "relic",
        description: "A crown.",
        scope: "global",
        knownBy: ["Mira"],
      })
    ).json;
    const knows = async (knownBy?: string) =>
      new Set(
        await found({
          query: "crown",
          kinds: ["event", "concept"],
          worldId: world.id,
          ...(knownBy === undefined ? {} : { knownBy }),
        }),
      );
    assert.deepEqual(await knows("Mira"), new Set([secret, open, concept.id]));
    assert.deepEqual(await knows("Tam"), new Set([secret, open]));
    assert.deepEqual(await knows("Stranger"), new Set([open]));
    assert.deepEqual(await knows(), new Set([secret, open, concept.id]));
    const listed = (await call("writer", "GET", `/world/${world.id}/events?knownBy=Stranger`)).json.items.map(
      ({ id }) => id,
    );
    assert.deepEqual(listed, [open]);
    assert.deepEqual((await call("writer", "GET", "/concepts?knownBy=Stranger&name=Buried")).json.items, []);
    await call("writer", "PATCH", `/events/${secret}`, { learnedBy: ["Stranger"], worldId: world.id });
    await call("writer", "PATCH", `/concepts/${concept.id}`, { learnedBy: ["Stranger"] });
    assert.deepEqual(await knows("Stranger"), new Set([secret, open, concept.id]));
  });

  it("puts the latest first where recency is asked for, however many there are", async () => {
    const record = async (day: number) =>
      (
        await call("writer", "POST", "/events/record", {
          worldId: world.id,
          type: "weather",
          summary: `Rain fell on the valley.`,
          occurredAt: new Date(Date.UTC(2020, 0, day)).toISOString(),
        })
      ).json.id;
    const ids: string[] = [];
    for (let day = 1; day <= 25; day += 1) ids.push(await record(day));
    const asked = { query: "rain valley", worldId: world.id, types: ["weather"], at: "2020-02-01T00:00:00Z", limit: 3 };
    const latest = await found({ ...asked, ranking: { recencyWeight: 0.5, recencyHalfLifeHours: 24 } });
    assert.deepEqual(latest, ids.slice(-3).reverse());
  });

  it("changes and removes an event, by its version", async () => {
    const { json, status } = await call("writer", "POST", "/events/record", {
      worldId: world.id,
      type: "duel",
      summary: "Kestrel won.",
    });
    assert.equal(status, 201);
    const path = `/events/${json.id}`;
    const changed = await call("world", "PATCH", path, { summary: "Falcon won the duel." }, { "if-match": '"1"' });
    assert.deepEqual([changed.status, changed.json.version, changed.headers.etag], [200, 2, '"2"']);
    assert.equal((await call("world", "PATCH", path, { summary: "Nobody won." }, { "if-match": '"1"' })).status, 412);
    assert.equal((await found({ query: "falcon won the duel" }, "world"))[0], json.id);
    assert.equal((await call("world", "GET", path)).json.version, 2);
    assert.equal((await call("world", "DELETE", path)).status, 204);
    assert.equal((await call("world", "GET", path)).status, 404);
    assert.ok(!(await found({ query: "falcon won the duel" }, "world")).includes(json.id));
  });

  it("takes a command once, however often it is sent", async () => {
    const event = { worldId: world.id, type: "theft", summary: "The bell was stolen." };
    const key = { "idempotency-key": "theft-1" };
    const answers = await Promise.all([1, 2, 3].map(() => call("writer", "POST", "/events/record", event, key)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 201],
    );
    assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1);
    assert.deepEqual(answers[2]?.json, answers[0]?.json);
    assert.equal((await call("writer", "POST", "/events/record", { ...event, summary: "Another." }, key)).status, 409);
    const other = { ...event, worldId: (await makeWorld(memory.indexer, "once")).id };
    assert.equal((await call("writer", "POST", "/events/record", other, key)).status, 409, "in another world too");
    assert.notEqual((await call("judge", "POST", "/events/record", event, key)).json.id, answers[0]?.json.id);
    for (const [path, body] of [
      ["/facts", { subject: "s", predicate: "p", object: "o", provenance }],
      ["/concepts/create", { name: "Once", type: "t", description: "d", scope: "global" }],
    ] as const) {
      const twice = [
        await call("writer", "POST", path, body, { "idempotency-key": path }),
        await call("writer", "POST", path, body, { "idempotency-key": path }),
      ];
      assert.deepEqual(twice[1]?.json, twice[0]?.json);
    }
    assert.equal((await call("writer", "POST", "/events/record", event, { "idempotency-key": "a b" })).status, 400);
    const to = (
      await call("writer", "POST", "/concepts/create", { name: "Far", type: "t", description: "d", scope: "global" })
    ).json.id;
    const from = (
      await call("writer", "POST", "/concepts/create", { name: "Near", type: "t", description: "d", scope: "global" })
    ).json.id;
    for (const [as, method, path, body] of [
      ["admin", "POST", "/worlds", { playerId: "p", name: "sent twice", type: "day" }],
      ["writer", "POST", `/concepts/${from}/relationships`, { to, type: "near" }],
      ["writer", "PUT", "/documents", { source: "once", file: "a.md", content: "# A bell\n\nIt rang twice." }],
    ] as const) {
      const send = () => call(as, method, path, body, { "idempotency-key": path });
      const [first, second] = [await send(), await send()];
      assert.ok([200, 201].includes(first.status), first.status.toString());
      assert.deepEqual([second.status, second.json], [first.status, first.json], path);
    }
  });

  it("changes and removes a fact, a concept and a world only at the version that If-Match names", async () => {
    const fact = await propose({ subject: "Ivo", predicate: "is", object: "tall" });
    const concept = (
      await call("writer", "POST", "/concepts/create", { name: "Tower", type: "t", description: "d", scope: "global" })
    ).json;
    const own = await makeWorld(memory.indexer, "conditions");
    for (const [path, change] of [
      [`/facts/${fact.id}`, { learnedBy: ["Mira"] }],
      [`/concepts/${concept.id}`, { description: "It fell." }],
      [`/worlds/${own.id}`, { active: false }],
    ] as const) {
      const first = (await call("admin", "GET", path)).headers.etag as string;
      const changed = await call("admin", "PATCH", path, change, { "if-match": first });
      assert.equal(changed.status, 200, path);
      const now = changed.headers.etag as string;
      assert.notEqual(now, first);
      assert.equal((await call("admin", "GET", path)).headers.etag, now);
      assert.equal((await call("admin", "PATCH", path, change, { "if-match": first })).status, 412, path);
      assert.equal((await call("admin", "DELETE", path, undefined, { "if-match": first })).status, 412, path);
      assert.equal((await call("admin", "DELETE", path, undefined, { "if-match": `"x", ${now}` })).status, 204, path);
      assert.equal((await call("admin", "GET", path)).status, 404);
    }
  });

  it("leads only over what a character knows, as the world tells it", async () => {
    const make = async (name: string, knownBy?: string[]) =>
      (
        await call("writer", "POST", "/concepts/create", {
          name,
          type: "chain",
          description: name,
          scope: "global",
          ...(knownBy === undefined ? {} : { knownBy }),
        })
      ).json.id;
    const [inn, cellar, tunnel] = [await make("Inn"), await make("Cellar", ["Mira"]), await make("Tunnel")];
    for (const [from, to] of [
      [inn, cellar],
      [cellar, tunnel],
    ]) {
      await call("writer", "POST", `/concepts/${from}/relationships`, { to, type: "below" });
    }
    const around = async (who: string, as = "writer") =>
      (await call(as, "GET", `/concepts/${inn}/neighbours?knownBy=${who}`)).json.items.map(({ id }) => id);
    const listed = async (who: string, as = "writer") =>
      (await call(as, "GET", `/concepts?type=chain&knownBy=${who}`)).json.items.map(({ id }) => id);
    assert.deepEqual(await around("Mira"), [cellar, tunnel]);
    assert.deepEqual(await around("Tam"), []);
    await call("world", "PATCH", `/concepts/${cellar}`, { learnedBy: ["Tam"] });
    assert.deepEqual(await around("Tam", "world"), [cellar, tunnel]);
    assert.deepEqual(await around("Tam"), [], "the canon stays as it is");
    assert.deepEqual(await listed("Tam", "world"), [inn, cellar, tunnel]);
    assert.deepEqual(await listed("Tam"), [inn, tunnel]);
    const secret = (
      await call("world", "POST", "/events/record", {
        worldId: world.id,
        type: "plot",
        summary: "A plot.",
        npcs: ["Mira"],
      })
    ).json.id;
    const knowledge = async (who: string) =>
      (
        (await call("world", "GET", `/world/${world.id}/knowledge?knownBy=${who}&limit=500`)).json as unknown as {
          events: Item[];
        }
      ).events.some(({ id }) => id === secret);
    assert.deepEqual([await knowledge("Mira"), await knowledge("Tam")], [true, false]);
  });
});
