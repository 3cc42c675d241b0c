import assert from "node:assert/strict";
import fc from "fast-check";
import { knowledgeBase } from "../../../contracts/services/knowledge-base";
import { clientOf } from "../../../runtime/service";
import { openApiDocument } from "../../../runtime/service/openapi";
import { readServiceSettings } from "../../../runtime/service/settings";
import { realSurroundings } from "../../../runtime/service/surroundings";
import { everything, insideWorld } from "../database/types";
import { createConcept } from "../items/concepts";
import { recordEvent } from "../items/events";
import type { World } from "../items/worlds";
import { service } from "../service";
import { startApi, type TestApi } from "../testing/api";
import { type TestMemory, testMemory } from "../testing/memory";
import { makeWorld, stories, tell } from "../testing/stories";

type Operation = { operationId: string; security?: unknown[]; parameters?: { name: string; in: string }[] };

describe("the HTTP API", () => {
  let memory: TestMemory;
  let api: TestApi;
  let mine: World;
  let other: World;
  let secrets: { document: string; concept: string; event: string };
  const keys: Record<"admin" | "mine" | "reader", string> = { admin: "", mine: "", reader: "" };
  const secret = "xylophone-conspiracy";

  before(async () => {
    memory = await testMemory();
    api = await startApi(memory, { trustedProxies: "10.0.0.0/24", corsOrigins: "https://game.example" });
  });
  after(async () => {
    await api.close();
    await memory.dispose();
  });

  const call = (...request: Parameters<TestApi["call"]>) => api.call(...request);

  it("is closed while there is no key", async () => {
    assert.equal((await call("GET", "/documents/stats", `kb_${"a".repeat(43)}`)).status, 401);
    assert.equal((await call("GET", "/health")).status, 200);
  });

  it("takes keys that are known, valid, permitted, and nothing else", async () => {
    mine = await makeWorld(memory.indexer, "mine");
    other = await makeWorld(memory.indexer, "other");
    keys.admin = await api.key("admin", ["read", "write", "admin"]);
    keys.mine = await api.key("mine", ["read", "write"], { worldId: mine.id });
    keys.reader = await api.key("reader", ["read"]);
    const expired = await api.key("expired", ["read"], { expiresAt: "2999-01-01" });
    await memory.database.transaction(everything, (session) =>
      session.query("UPDATE api_keys SET expires_at = '2001-01-01' WHERE name = 'expired'"),
    );
    const revoked = await api.key("revoked", ["read"]);
    await api.running.kit.keys.revoke("revoked");
    for (const [key, status] of [
      [keys.reader, 200],
      [expired, 401],
      [revoked, 401],
      ["wrong", 401],
      [`${keys.reader}x`, 401],
    ] as const) {
      assert.equal((await call("GET", "/documents/stats", key)).status, status);
    }
    assert.equal(
      (await call("GET", "/documents/stats", undefined, undefined, { authorization: `Bearer ${keys.reader}` })).status,
      200,
    );
    const refused = await call("POST", "/concepts/create", keys.reader, {
      name: "x",
      type: "t",
      description: "d",
      scope: "global",
    });
    assert.equal(refused.status, 403);
    assert.match(String(refused.headers["content-type"]), /application\/problem\+json/);
    const { rows } = await memory.database.asOwner((session) =>
      session.query<{ key_hash: string }>("SELECT key_hash FROM api_keys"),
    );
    for (const { key_hash } of rows) assert.ok(!Object.values(keys).some((key) => key_hash.includes(key.slice(3))));
  });

  it("counts requests of a key in the database, so that a second replica knows them", async () => {
    const key = await api.key("slow", ["read"], { requestsPerMinute: 3 });
    const replica = await startApi(memory);
    const statuses: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      const { status, headers } = await (index % 2 === 0 ? api : replica).call("GET", "/documents/stats", key);
      statuses.push(status);
      if (status === 429) assert.ok(Number(headers["retry-after"]) > 0);
    }
    // A minute may begin in between: at most two windows of three.
    assert.ok(statuses.filter((status) => status === 200).length <= 6);
    assert.ok(statuses.includes(429));
    await replica.close();
  });

  it("stores, finds, pages and removes documents", async () => {
    for (const [file, content] of Object.entries(stories)) {
      const { status, json } = await call("PUT", "/documents", keys.admin, { source: "tales", file, content });
      assert.equal(status, 200);
      assert.equal(json().status, "added");
    }
    assert.equal(
      (
        await call("PUT", "/documents", keys.admin, {
          source: "tales",
          file: "notes.txt",
          content: stories["notes.txt"],
        })
      ).json().status,
      "unchanged",
    );
    const found = (
      await call("POST", "/search/semantic", keys.reader, { query: "who guards the gate", limit: 2, explain: true })
    ).json() as never as {
      hits: { file: string; id: string; explanation: object }[];
      nextCursor: string;
    };
    assert.equal(found.hits[0]?.file, "01-gate.md");
    assert.ok(found.hits[0]?.explanation);

    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = (
        await call("GET", `/documents?limit=2${cursor === undefined ? "" : `&cursor=${cursor}`}`, keys.reader)
      ).json() as never as {
        items: { file: string }[];
        nextCursor: string | null;
      };
      listed.push(...page.items.map(({ file }) => file));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(listed.sort(), Object.keys(stories).sort());
    const id = found.hits[0]?.id;
    assert.equal((await call("DELETE", `/documents/${id}`, keys.admin)).status, 204);
    assert.equal((await call("GET", `/documents/${id}`, keys.reader)).status, 404);
  });

  it("pages through a search without repeating or losing a hit", async () => {
    const body = { query: "the dragon and the ferryman in the arena of the valley", group: "passage" };
    const all = (await call("POST", "/search/semantic", keys.reader, { ...body, limit: 100 })).json() as never as {
      hits: { id: string; chunk: object }[];
    };
    const paged: { id: string; chunk: object }[] = [];
    let cursor: string | undefined;
    do {
      const page = (
        await call("POST", "/search/semantic", keys.reader, { ...body, limit: 2, cursor })
      ).json() as never as {
        hits: { id: string; chunk: object }[];
        nextCursor: string | null;
      };
      paged.push(...page.hits);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(paged, all.hits);
    assert.ok(all.hits.length > 2);
  });

  it("lets no row, count, cursor or error text of another world through any route", async () => {
    const inOther = insideWorld(other.id);
    const documents = await tell(
      memory.indexer,
      { "secret.md": `# ${secret}\n\nThe ${secret} begins.` },
      { worldId: other.id, source: secret },
    );
    const concept = await createConcept(memory.indexer, inOther, {
      name: secret,
      type: secret,
      description: secret,
      scope: "day_world",
      worldId: other.id,
    });
    const event = await recordEvent(memory.indexer, inOther, {
      worldId: other.id,
      type: "plot",
      summary: secret,
      npcs: [secret],
    });
    secrets = { document: documents["secret.md"] as string, concept: concept.id, event: event.id };
    const adminPage = (await call("GET", `/documents?limit=1&worldId=${other.id}`, keys.admin)).json() as never as {
      nextCursor: string;
    };

    const document = JSON.parse(JSON.stringify(openApiDocument(knowledgeBase))) as {
      paths: Record<string, Record<string, Operation>>;
    };
    const bodies: Record<string, unknown> = {
      search: { query: secret },
      putDocument: { source: "s", file: "f.md", content: "x", worldId: other.id },
      createConcept: { name: "n", type: "t", description: "d", scope: "day_world", worldId: other.id },
      reviseConcept: { description: "stolen" },
      relateConcepts: { to: secrets.concept, type: "knows" },
      updateWorld: { active: false },
      recordEvent: { worldId: other.id, type: "t", summary: "s" },
      createWorld: { playerId: "p", name: "n", type: "day" },
    };
    let tried = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if ((operation.security ?? []).length === 0) continue;
        for (const id of [other.id, secrets.document, secrets.concept, secrets.event]) {
          for (const query of ["", `?worldId=${other.id}`, `?cursor=${adminPage.nextCursor ?? "x"}`]) {
            const url = `${path.replace("{id}", id)}${method === "get" ? query : ""}`;
            const { status, text } = await call(method.toUpperCase(), url, keys.mine, bodies[operation.operationId]);
            tried += 1;
            assert.ok(!text.includes(secret), `${operation.operationId} ${url}: ${text}`);
            assert.ok(status < 500, `${operation.operationId} ${url}: ${status}`);
            // A route about one thing refuses: the id, or the world that it names, is not this key's.
            if (path.includes("{id}") || query.includes("worldId"))
              assert.ok(status >= 400, `${operation.operationId} ${url}: ${status}`);
            if (!path.includes("{id}")) break;
          }
        }
      }
    }
    assert.ok(tried > 60);
    const stats = (await call("GET", "/documents/stats", keys.mine)).json() as never as {
      concepts: number;
      events: number;
    };
    assert.deepEqual([stats.concepts, stats.events], [0, 0]);
    const kept = await call("GET", `/concepts/${secrets.concept}?worldId=${other.id}`, keys.admin);
    assert.equal((kept.json() as never as { description: string }).description, secret, "nothing of it was changed");
  });

  it("reads SQL and wildcards as the text they are", async () => {
    for (const name of ["100% pure", "100 pure", "under_score", "underXscore", "back\\slash"]) {
      assert.equal(
        (await call("POST", "/concepts/create", keys.admin, { name, type: "thing", description: "d", scope: "global" }))
          .status,
        201,
      );
    }
    const names = async (part: string) =>
      (
        (await call("GET", `/concepts/global?name=${encodeURIComponent(part)}`, keys.reader)).json() as never as {
          items: { name: string }[];
        }
      ).items.map((one) => one.name);
    assert.deepEqual(await names("100%"), ["100% pure"]);
    assert.deepEqual(await names("under_"), ["under_score"]);
    assert.deepEqual(await names("\\"), ["back\\slash"]);
    for (const evil of ["'; DROP TABLE worlds; --", "$1", "%'); SELECT pg_sleep(9)--", "\\'; --"]) {
      assert.deepEqual(await names(evil), []);
      assert.equal((await call("POST", "/search/semantic", keys.reader, { query: evil })).status, 200);
    }
    assert.equal((await call("GET", "/worlds", keys.admin)).status, 200);
  });

  it("says clearly what is wrong, with 4xx", async () => {
    const search = (body: unknown) => call("POST", "/search/semantic", keys.reader, body);
    for (const body of [
      {},
      { query: "" },
      { query: "x".repeat(1001) },
      { query: "x", limit: 101 },
      { query: "x", limit: "5" },
      { query: "x", unknown: 1 },
      { query: "a\u0000b" },
      { query: "x", worldId: "no" },
      { query: "x", since: "yesterday" },
      { query: "x", cursor: "forged.cursor" },
    ]) {
      const { status, json } = await search(body);
      assert.equal(status, 400, JSON.stringify(body));
      assert.ok(String(json().detail).length > 10);
    }
    for (const [method, url, payload, status] of [
      ["POST", "/concepts/create", { name: "100% pure", type: "t", description: "d", scope: "global" }, 409],
      ["POST", "/concepts/create", { name: "n", type: "t", description: "d", scope: "galaxy" }, 400],
      ["GET", "/concepts/00000000-0000-4000-8000-000000000000", undefined, 404],
      ["GET", "/world/not-a-uuid/events", undefined, 400],
      ["GET", "/world/00000000-0000-4000-8000-000000000000/events", undefined, 404],
      ["POST", "/events/record", { worldId: "00000000-0000-4000-8000-000000000000", type: "t", summary: "s" }, 404],
      ["GET", "/nowhere", undefined, 404],
    ] as const) {
      const answer = await call(method, url, keys.admin, payload);
      assert.equal(answer.status, status, `${method} ${url}: ${answer.text}`);
    }
    const tooLarge = await call("PUT", "/documents", keys.admin, {
      source: "s",
      file: "f",
      content: "x".repeat(7 * 1024 * 1024),
    });
    assert.equal(tooLarge.status, 413);
  });

  it("answers every request that its document allows or forbids without failing", async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 30, unit: "binary" }),
      fc.constantFrom("%", "_", "\\", "'", '"', "\u0000", "龍", "-1", "null"),
    );
    const value = fc.oneof(
      text,
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.uuid(),
      fc.array(text, { maxLength: 3 }),
      fc.dictionary(text, text, { maxKeys: 2 }),
    );
    const names = [
      "query",
      "worldId",
      "limit",
      "types",
      "since",
      "conceptId",
      "ranking",
      "name",
      "type",
      "description",
      "scope",
      "source",
      "file",
      "content",
      "summary",
      "to",
      "strength",
      "playerId",
      "state",
      "impact",
      "data",
    ];
    const paths = ["/search/semantic", "/documents", "/concepts/create", "/events/record", "/worlds"] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 }),
        async (path, body) => {
          const { status, text: answer } = await call(path === "/documents" ? "PUT" : "POST", path, keys.admin, body);
          assert.ok(status < 500, `${path} ${JSON.stringify(body)}: ${answer}`);
        },
      ),
      { numRuns: 150 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("/documents", "/concepts/global", "/worlds", `/world/${mine.id}/events`),
        fc.dictionary(fc.constantFrom("limit", "cursor", "name", "type", "worldId", "source", "since"), text, {
          maxKeys: 3,
        }),
        async (path, query) => {
          const { status, text: answer } = await call("GET", `${path}?${new URLSearchParams(query)}`, keys.admin);
          assert.ok(status < 500, `${path} ${JSON.stringify(query)}: ${answer}`);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("carries a request id", async () => {
    const carried = async (id: string) =>
      (await call("GET", "/health", undefined, undefined, { "x-request-id": id })).headers["x-request-id"];
    assert.equal(await carried("abc-1"), "abc-1");
    assert.match(String(await carried("a b")), /^[0-9a-f-]{36}$/);
  });

  it("lets browsers of the listed origins in only", async () => {
    const allow = async (origin: string) =>
      (await call("GET", "/health", undefined, undefined, { origin })).headers["access-control-allow-origin"];
    assert.equal(await allow("https://game.example"), "https://game.example");
    assert.equal(await allow("https://evil.example"), undefined);
    for (const wrong of [{ KB_CORS_ORIGINS: "*" }, { KB_TRUSTED_PROXIES: "0.0.0.0/0" }]) {
      assert.throws(() => readServiceSettings(service, {}, wrong), new RegExp(Object.keys(wrong)[0]!));
    }
  });

  it("is ready and has metrics", async () => {
    assert.equal((await call("GET", "/ready")).status, 200);
    const { text } = await call("GET", "/metrics");
    assert.match(text, /^ready 1$/m);
    assert.match(text, /^kb_passages [1-9]/m);
    assert.match(text, /http_request_duration_seconds_count\{method="POST",route="\/search\/semantic",status="200"\}/);
  });

  it("serves its typed client over a socket", async () => {
    const client = clientOf(knowledgeBase, { url: api.url, key: keys.reader, around: realSurroundings });
    const { body } = await client.search({ body: { query: "dragon hoard" } });
    assert.equal(body.hits[0]?.file, "guides/dragon.md");
    await assert.rejects(client.getDocument({ params: { id: secrets.document } }), { status: 404 });
  });
});
