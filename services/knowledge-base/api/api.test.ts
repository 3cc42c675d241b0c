import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { createLogger } from "../../../runtime/logger";
import { serverSettings } from "../cli/serve";
import { knowledgeBaseClient } from "../client/client";
import { openApiDocument } from "../client/document";
import { insideWorld } from "../database/types";
import { createConcept } from "../items/concepts";
import { recordEvent } from "../items/events";
import type { World } from "../items/worlds";
import { createKey, revokeKey } from "../keys/keys";
import { type TestMemory, testMemory } from "../testing/memory";
import { makeWorld, stories, tell } from "../testing/stories";
import { buildServer } from "./server";

type Operation = { operationId: string; security?: unknown[]; parameters?: { name: string; in: string }[] };

describe("the HTTP API", () => {
  let memory: TestMemory;
  let app: FastifyInstance;
  let mine: World;
  let other: World;
  let secrets: { document: string; concept: string; event: string };
  const keys: Record<"admin" | "mine" | "reader", string> = { admin: "", mine: "", reader: "" };
  const secret = "xylophone-conspiracy";

  before(async () => {
    memory = await testMemory();
    app = await buildServer({
      indexer: memory.indexer,
      logger: createLogger("test", "silent"),
      trustedProxies: ["10.0.0.0/24"],
      corsOrigins: ["https://game.example"],
      addressLimit: 100_000,
    });
  });
  after(async () => {
    await app.close();
    await memory.dispose();
  });

  const call = async (
    method: string,
    url: string,
    key?: string,
    payload?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.inject({
      method: method as "GET",
      url,
      headers: { ...(key === undefined ? {} : { "x-api-key": key }), ...headers },
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    return {
      status: response.statusCode,
      text: response.body,
      headers: response.headers,
      json: () => response.json() as Record<string, never>,
    };
  };

  it("is closed while there is no key", async () => {
    assert.equal((await call("GET", "/documents/stats", `kb_${"a".repeat(43)}`)).status, 401);
    assert.equal((await call("GET", "/health")).status, 200);
  });

  it("takes keys that are known, valid, permitted, and nothing else", async () => {
    mine = await makeWorld(memory.indexer, "mine");
    other = await makeWorld(memory.indexer, "other");
    const make = async (name: string, more: object) =>
      (await createKey(memory.database, { name, permissions: ["read"], requestsPerMinute: 100_000, ...more })).key;
    keys.admin = await make("admin", { permissions: ["read", "write", "admin"] });
    keys.mine = await make("mine", { permissions: ["read", "write"], worldId: mine.id });
    keys.reader = await make("reader", {});
    const expired = await make("expired", { expiresAt: "2001-01-01T00:00:00Z" });
    const revoked = await make("revoked", {});
    await revokeKey(memory.database, "revoked");
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
    const { key } = await createKey(memory.database, { name: "slow", permissions: ["read"], requestsPerMinute: 3 });
    const replica = await buildServer({ indexer: memory.indexer, logger: createLogger("test", "silent") });
    const statuses: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      const at = index % 2 === 0 ? app : replica;
      const response = await at.inject({ url: "/documents/stats", headers: { "x-api-key": key } });
      statuses.push(response.statusCode);
      if (response.statusCode === 429) assert.ok(Number(response.headers["retry-after"]) > 0);
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

    const document = JSON.parse(JSON.stringify(await openApiDocument())) as {
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

  it("carries a request id, and believes a forwarded address only from its proxies", async () => {
    assert.equal(
      (await call("GET", "/health", undefined, undefined, { "x-request-id": "abc-1" })).headers["x-request-id"],
      "abc-1",
    );
    assert.match(
      String((await call("GET", "/health", undefined, undefined, { "x-request-id": "a b\n" })).headers["x-request-id"]),
      /^[0-9a-f-]{36}$/,
    );
    const limited = await buildServer({
      indexer: memory.indexer,
      logger: createLogger("test", "silent"),
      trustedProxies: ["10.0.0.0/24"],
      addressLimit: 1,
    });
    const from = async (remoteAddress: string, forwarded: string) =>
      (await limited.inject({ url: "/openapi.json", remoteAddress, headers: { "x-forwarded-for": forwarded } }))
        .statusCode;
    assert.deepEqual([await from("10.0.0.5", "198.51.100.1"), await from("10.0.0.6", "198.51.100.2")], [200, 200]);
    assert.equal(
      await from("10.0.0.7", "203.0.113.9, 198.51.100.1"),
      429,
      "what a client writes before its own address does not count",
    );
    assert.deepEqual([await from("192.0.2.1", "198.51.100.7"), await from("192.0.2.1", "198.51.100.8")], [200, 429]);
    await limited.close();
  });

  it("lets browsers of the listed origins in only", async () => {
    const allow = async (origin: string) =>
      (await call("GET", "/health", undefined, undefined, { origin })).headers["access-control-allow-origin"];
    assert.equal(await allow("https://game.example"), "https://game.example");
    assert.equal(await allow("https://evil.example"), undefined);
    assert.throws(() => serverSettings({ KB_CORS_ORIGINS: "*" }), /no wildcard/);
    assert.throws(() => serverSettings({ KB_TRUSTED_PROXIES: "0.0.0.0/0" }), /KB_TRUSTED_PROXIES/);
  });

  it("is ready and has metrics", async () => {
    assert.equal((await call("GET", "/ready")).status, 200);
    const { text } = await call("GET", "/metrics");
    assert.match(text, /kb_ready 1/);
    assert.match(
      text,
      /kb_http_request_duration_seconds_count\{method="POST",route="\/search\/semantic",status="200"\}/,
    );
  });

  it("is described by the committed OpenAPI document", async () => {
    const committed = JSON.parse(readFileSync(join(__dirname, "../client/openapi.json"), "utf8")) as {
      openapi: string;
    };
    assert.deepEqual(committed, await openApiDocument(), 'run "npm run kb:client"');
    assert.equal(committed.openapi, "3.1.0");
  });

  it("serves its typed client over a socket", async () => {
    const address = await app.listen({ host: "127.0.0.1", port: 0 });
    const client = knowledgeBaseClient({ url: address, apiKey: keys.reader });
    const { data } = await client.POST("/search/semantic", { body: { query: "dragon hoard" } });
    assert.equal(data?.hits[0]?.file, "guides/dragon.md");
    const { error, response } = await client.GET("/documents/{id}", { params: { path: { id: secrets.document } } });
    assert.deepEqual([response.status, (error as { status?: number } | undefined)?.status], [404, 404]);
  });
});
