import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { openApiDocument } from "../../../runtime/service/openapi";
import { canon } from "../database/types";
import { rank } from "../search/search";
import { service } from "../service";
import { startApi, type TestApi } from "../testing/api";
import { type TestMemory, testMemory } from "../testing/memory";
import { makeWorld } from "../testing/stories";

describe("what the HTTP API refuses", () => {
  let memory: TestMemory;
  let api: TestApi;
  let key: string;
  const unknown = "00000000-0000-4000-8000-000000000000";

  before(async () => {
    memory = await testMemory();
    api = await startApi(memory, { corsOrigins: "https://game.example" });
    key = await api.key("k", ["read", "write", "admin"]);
  });
  after(async () => {
    await api.close();
    await memory.dispose();
  });

  const ask = async (path: string, options: { method?: string; body?: unknown; headers?: object } = {}) => {
    const { method = "GET", body, headers = {} } = options;
    return api.call(method, path, key, body, headers as Record<string, string>);
  };
  /** Sends bytes as they are, which no client of HTTP would. */
  const send = async (request: string) => {
    const socket = connect(api.running.port, "127.0.0.1");
    socket.end(request);
    let answer = "";
    socket.on("data", (part) => {
      answer += part;
    });
    await once(socket, "close");
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    return { status: Number(head.split(" ")[1]), head: head.toLowerCase(), body };
  };
  const isProblem = (text: string, status: number) => {
    const problem = JSON.parse(text) as { type: string; title: string; status: number; detail: string };
    assert.equal(problem.status, status);
    assert.notEqual(problem.title, "Error");
    assert.ok(problem.detail.length > 5);
  };

  it("answers with a problem where no route is reached", async () => {
    for (const path of ["/documents/%ff", "/%", "/nowhere"]) {
      const { status, headers, text } = await ask(path);
      assert.match(String(headers["content-type"]), /^application\/problem\+json/, path);
      assert.equal(status, path === "/nowhere" ? 404 : 400);
      isProblem(text, status);
    }
  });

  it("answers with a problem where the request cannot be read", async () => {
    for (const [request, expected] of [
      [`GET /health HTTP/1.1\r\nhost: a\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`, 431],
      ["NOT HTTP\r\n\r\n", 400],
    ] as const) {
      const { status, head, body } = await send(request);
      assert.equal(status, expected);
      assert.match(head, /content-type: application\/problem\+json/);
      isProblem(body, expected);
    }
  });

  it("says which methods a path takes", async () => {
    const trace = await send("TRACE /documents/stats HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert.equal(trace.status, 405);
    assert.match(trace.head, /allow: delete, get, head/);
    const { status, headers, text } = await ask(`/concepts/${unknown}`, { method: "PUT", body: {} });
    assert.equal(status, 405);
    assert.equal(headers.allow, "DELETE, GET, HEAD, PATCH");
    isProblem(text, 405);
  });

  it("knows no world that is not there, in any route that names one", async () => {
    for (const [path, body] of [
      ["/search/semantic", { query: "gate", worldId: unknown }],
      [`/documents?worldId=${unknown}`],
      [`/documents/stats?worldId=${unknown}`],
      [`/concepts?worldId=${unknown}`],
      [`/world/${unknown}/events`],
      [`/world/${unknown}/knowledge`],
      ["/concepts/create", { name: "n", type: "t", description: "d", scope: "day_world", worldId: unknown }],
      ["/events/record", { worldId: unknown, type: "t", summary: "s" }],
    ] as [string, object?][]) {
      const { status, text } = await ask(path, body === undefined ? {} : { method: "POST", body });
      assert.equal(status, 404, path);
      assert.match(text, /no such world/);
    }
    const document = { source: "s", file: "f.md", content: "x", worldId: unknown };
    assert.equal((await ask("/documents", { method: "PUT", body: document })).status, 404);
    await assert.rejects(rank(memory.indexer, { sees: "world", worldId: unknown }, { query: "gate" }), /no such world/);
    assert.deepEqual((await rank(memory.indexer, canon, { query: "gate" })).hits, []);
  });

  it("refuses JSON that nests deeper than it could be stored", async () => {
    const world = await makeWorld(memory.indexer, "deep");
    const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    const event = (data: string) => `{"worldId":"${world.id}","type":"t","summary":"s","data":${data}}`;
    assert.equal((await ask("/events/record", { method: "POST", body: event(nested(60)) })).status, 201);
    for (const depth of [64, 8_000, 100_000]) {
      const { status, text } = await ask("/events/record", { method: "POST", body: event(nested(depth)) });
      assert.equal(status, 400);
      assert.match(text, /at most 64/);
    }
  });

  it("tells browsers the headers of its limits", async () => {
    const { headers } = await ask("/documents/stats", { headers: { origin: "https://game.example" } });
    const exposed = String(headers["access-control-expose-headers"]);
    for (const name of ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after", "x-request-id"]) {
      assert.ok(exposed.includes(name), name);
    }
  });

  it("describes the problems it answers with", () => {
    const { paths } = JSON.parse(JSON.stringify(openApiDocument(service.contract))) as {
      paths: Record<string, Record<string, { responses: Record<string, unknown>; requestBody?: unknown }>>;
    };
    for (const [path, methods] of Object.entries(paths)) {
      for (const { responses, requestBody } of Object.values(methods)) {
        assert.ok("500" in responses, path);
        if (requestBody !== undefined) assert.ok("413" in responses && "415" in responses, path);
      }
    }
  });
});
