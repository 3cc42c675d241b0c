import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { CallFailed, clientOf } from "./client";
import { inCall } from "./context";
import { realSurroundings } from "./surroundings";
import { notesContract } from "./testing/notes";

const note = { id: "a", owner: "o", words: "w", count: 1, version: 3, changedAt: "2026-01-01T00:00:00Z" };

describe("a typed client", () => {
  let server: Server;
  let answer: (request: IncomingMessage, response: ServerResponse, attempt: number) => void;
  let seen: { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders }[];
  let client: ReturnType<typeof clientOf<typeof notesContract>>;
  before(async () => {
    server = createServer((request, response) => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers });
      answer(request, response, seen.length);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    client = clientOf(notesContract, { url: `http://127.0.0.1:${port}`, key: "k", around: realSurroundings });
  });
  beforeEach(() => {
    seen = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  const unavailable = (response: ServerResponse) => json(response, 503, {}, { "retry-after": "0" });

  it("fills the path, sends lists as repeated parameters, and reads the version", async () => {
    answer = (_, response) => json(response, 200, note, { etag: '"3"' });
    const read = await client.getNote({ params: { id: "a/b c" } });
    assert.deepEqual([seen[0]!.url, read.version, read.body.words], ["/notes/a%2Fb%20c", 3, "w"]);
    answer = (_, response) => json(response, 200, { items: [], nextCursor: null, deep: false, tags: [], more: 1 });
    await client.listNotes({ query: { tags: ["a", "b"], deep: true } });
    assert.equal(seen[1]!.url, "/notes?tags=a&tags=b&deep=true");
    assert.equal(seen[1]!.headers["x-api-key"], "k");
  });

  it("tries again what may be sent twice: reads, and writes with an Idempotency-Key", async () => {
    answer = (_, response, attempt) => (attempt < 3 ? unavailable(response) : json(response, 200, note));
    await client.getNote({ params: { id: "a" } });
    assert.equal(seen.length, 3);
    seen = [];
    answer = (_, response, attempt) => (attempt < 2 ? response.destroy() : json(response, 201, note));
    await client.makeNote({ body: { words: "w" }, idempotencyKey: "once" });
    assert.deepEqual(
      seen.map(({ headers }) => headers["idempotency-key"]),
      ["once", "once"],
    );
  });

  it("never sends another write twice, nor what was refused", async () => {
    answer = (_, response) => unavailable(response);
    await assert.rejects(client.makeNote({ body: { words: "w" } }), failed(503));
    assert.equal(seen.length, 1);
    seen = [];
    const type = "urn:game-ai-platform:problem:not-found";
    answer = (_, response) =>
      json(response, 404, { type, title: "T", status: 404, detail: "no such note", instance: "i" });
    await assert.rejects(
      client.getNote({ params: { id: "a" } }),
      (error) => failed(404)(error) && (error as CallFailed).is("not-found"),
    );
    assert.equal(seen.length, 1);
  });

  it("gives up at its deadline, which it tells the service", async () => {
    answer = () => undefined;
    await assert.rejects(
      client.getNote({ params: { id: "a" }, deadlineMs: 60 }),
      (error) => failed(0)(error) && /within 60 ms/.test(String(error)),
    );
    assert.ok(Number(seen[0]!.headers["x-deadline-ms"]) <= 60);
  });

  it("inside a request passes on its id and what is left of its deadline", async () => {
    answer = (_, response) => json(response, 200, note);
    const call = { requestId: "outer", signal: new AbortController().signal, leftMs: () => 777 };
    await inCall(call, () => client.getNote({ params: { id: "a" } }));
    assert.equal(seen[0]!.headers["x-request-id"], "outer");
    assert.ok(Number(seen[0]!.headers["x-deadline-ms"]) <= 777);
  });

  it("takes no answer that breaks the contract", async () => {
    answer = (_, response) => json(response, 200, { ...note, version: "three" });
    await assert.rejects(client.getNote({ params: { id: "a" } }), failed(502));
  });
});

const failed = (status: number) => (error: unknown) => error instanceof CallFailed && error.status === status;
