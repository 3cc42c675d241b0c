import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { eventData } from "../run/sse";
import type { ChatChunk, LocalState } from "../state";
import { type LocalConsole, startConsole } from "./console";
import { LocalControlDouble } from "./control-double";

describe("the console's server", () => {
  let control: LocalControlDouble;
  let running: LocalConsole;

  beforeEach(async () => {
    control = new LocalControlDouble();
    running = await startConsole(control, { port: 0 });
  });
  afterEach(() => running.close());

  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(`${running.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
      signal,
    });

  /** A request with headers that fetch does not let one set. */
  const raw = async (path: string, headers: Record<string, string>, method = "GET"): Promise<IncomingMessage> => {
    const { hostname, port } = new URL(running.url);
    const asked = request({ hostname, port, path, method, headers }).end(
      method === "POST" ? '{"players":5}' : undefined,
    );
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.resume();
    return response;
  };

  it("serves a page that may run its own script only and be in no frame", async () => {
    const page = await fetch(running.url);
    assert.equal(page.status, 200);
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy")?.split("; ");
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"]) {
      assert.ok(policy?.includes(rule), rule);
    }
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
    assert.equal(page.headers.get("access-control-allow-origin"), null);
  });

  it("serves every file that the page and its modules name, and no other", async () => {
    const seen = new Set<string>();
    const wanted = ["/"];
    for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const response = await fetch(running.url + path);
      assert.equal(response.status, 200, path);
      const named = (await response.text()).matchAll(/(?:href="|src="|from "|import ")\.?(\/[\w.-]+)"/g);
      wanted.push(...[...named].map(([, name]) => name!));
    }
    assert.ok(seen.has("/console.css") && seen.has("/chart.mjs"), [...seen].join());
    for (const path of ["/console.ts", "/../console.ts", "/page/console.css", "/api/nothing"]) {
      assert.equal((await raw(path, {})).statusCode, 404, path);
    }
  });

  it("answers to names of this machine only, at any port, so that no other site's name leads here", async () => {
    for (const [host, status] of [
      ["127.0.0.1:9", 200],
      ["localhost:8080", 200],
      ["evil.example", 403],
      ["127.0.0.1.evil.example", 403],
      ["evil.example:7401", 403],
    ] as const) {
      assert.equal((await raw("/", { host })).statusCode, status, host);
    }
  });

  it("takes nothing from another origin, and no form", async () => {
    const { host } = new URL(running.url);
    const json = { host, "content-type": "application/json" };
    for (const origin of ["http://evil.example", "null", `https://${host}`, "http://127.0.0.1:9"]) {
      assert.equal((await raw("/api/players", { ...json, origin }, "POST")).statusCode, 403, origin);
    }
    assert.equal((await raw("/api/players", { host, "content-type": "text/plain" }, "POST")).statusCode, 415);
    assert.equal(control.state().load.players, 60);
    assert.equal((await raw("/api/players", { ...json, origin: running.url }, "POST")).statusCode, 200);
    assert.equal(control.state().load.players, 5);
  });

  it("sends what never changes, then a whole snapshot at once and after each change, until the reader leaves", async () => {
    const leave = new AbortController();
    const response = await fetch(`${running.url}/api/events`, { signal: leave.signal });
    assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    const events = eventData(response.body!)[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await events.next()).value as string) as Record<string, unknown>;
    assert.deepEqual((await next()).archetypes, ["vampire", "werewolf", "zombie", "ghoul", "lich"]);
    assert.deepEqual((await next()).state, JSON.parse(JSON.stringify(control.state())));
    control.change({ ready: false });
    const { state } = (await next()) as { state: LocalState };
    assert.equal(state.ready, false);
    assert.equal(state.services.length, control.state().services.length);
    leave.abort();
    await until(() => control.listeners === 0);
  });

  it("shows the output of a service and of a node, and knows no other name", async () => {
    for (const name of ["knowledge-base", "i-local3f20a1"]) {
      const response = await fetch(`${running.url}/api/logs?name=${name}`);
      assert.deepEqual(await response.json(), { name, lines: control.logs(name) });
    }
    const unknown = await fetch(`${running.url}/api/logs?name=${encodeURIComponent("../etc/passwd")}`);
    assert.equal(unknown.status, 404);
    assert.deepEqual(await unknown.json(), { error: 'No service or node is named "../etc/passwd".' });
  });

  it("hands a question on, and the knowledge base's answer back with its status", async () => {
    const found = await post("/api/search", { query: " who guards the gate " });
    assert.deepEqual(await found.json(), control.found.body);
    control.found = { status: 503, body: { detail: "knowledge-base does not run here" } };
    const refused = await post("/api/search", { query: "x" });
    assert.equal(refused.status, 503);
    assert.deepEqual(await refused.json(), control.found.body);
    assert.deepEqual(control.questions, ["who guards the gate", "x"]);
  });

  it("says in one line that a part did not answer", async () => {
    control.search = () => Promise.reject(new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }));
    const response = await post("/api/search", { query: "x" });
    assert.equal(response.status, 502);
    assert.deepEqual(await response.json(), { error: "fetch failed: connect ECONNREFUSED" });
  });

  const turn = { model: "vampire/dialogue_style", messages: [{ role: "user", content: "Who are you?" }] };

  it("streams a turn chunk by chunk, as it comes", async () => {
    let goOn = (): void => undefined;
    control.answer = async function* () {
      yield { tier: "gold", model: "vampire" };
      yield { text: "I am " };
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      yield { text: "old" };
    };
    const response = await post("/api/chat", turn);
    const chunks = eventData(response.body!)[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await chunks.next()).value as string) as ChatChunk;
    assert.deepEqual(await next(), { tier: "gold", model: "vampire" });
    assert.deepEqual(await next(), { text: "I am " });
    goOn();
    assert.deepEqual(await next(), { text: "old" });
    assert.equal((await chunks.next()).done, true);
    assert.deepEqual(control.turns[0]?.turn, turn);
  });

  it("ends a turn whose reader leaves, before its first chunk or between two", async () => {
    for (const first of [[], [{ text: "I am " }]]) {
      control.answer = async function* (_turn, signal) {
        yield* first;
        await once(signal, "abort");
        throw signal.reason;
      };
      const before = control.turns.length;
      const leave = new AbortController();
      const asked = post("/api/chat", turn, leave.signal);
      asked.catch(() => undefined);
      await until(() => control.turns.length > before);
      if (first.length > 0) await (await asked).body!.getReader().read();
      leave.abort();
      await until(() => control.turns[before]!.signal.aborted);
    }
  });

  it("tells a turn that breaks as a chunk with an error", async () => {
    control.answer = async function* () {
      yield { text: "I am " };
      throw new Error("the router went away");
    };
    const chunks: unknown[] = [];
    for await (const data of eventData((await post("/api/chat", turn)).body!)) chunks.push(JSON.parse(data));
    assert.deepEqual(chunks, [{ text: "I am " }, { error: "the router went away", status: 502 }]);
  });

  for (const [path, body, message] of [
    ["/api/players", "{", /JSON/],
    ["/api/players", {}, /players/],
    ["/api/players", { players: "9" }, /players/],
    ["/api/players", { players: 201 }, /^players: 201 is not allowed; allowed: a whole number from 0 to 200$/],
    ["/api/players", { players: 1, more: true }, /more/],
    ["/api/search", { query: " " }, /query/],
    ["/api/search", [], /object/],
    [
      "/api/chat",
      { ...turn, model: "vampire" },
      /model.*ARCHETYPE\/TASK, of vampire, .* and personality, [a-z_, ]+\.?$/,
    ],
    ["/api/chat", { ...turn, messages: [] }, /messages/],
    ["/api/chat", { ...turn, messages: [{ role: "system", content: "x" }] }, /messages\.0\.role/],
  ] as const) {
    it(`refuses ${JSON.stringify(body)} for ${path} in one line`, async () => {
      const response = await post(path, body);
      assert.equal(response.status, 400);
      const { error } = (await response.json()) as { error: string };
      assert.match(error, message);
      assert.ok(!error.includes("\n"), error);
      assert.deepEqual([control.turns, control.questions, control.state().load.players], [[], [], 60]);
    });
  }

  it("refuses a body that is too long, and another method", async () => {
    assert.equal((await post("/api/search", { query: "x".repeat(300_000) })).status, 413);
    const got = await fetch(`${running.url}/api/players`);
    assert.deepEqual([got.status, got.headers.get("allow")], [405, "POST"]);
  });

  it("says in one line that its port is taken", async () => {
    const port = Number(new URL(running.url).port);
    await assert.rejects(startConsole(control, { port }), { name: "InputError", message: /^port of the console: \d+/ });
  });

  it("closes at once, whoever looks on", async () => {
    const response = await fetch(`${running.url}/api/events`);
    await running.close();
    await assert.rejects(response.text());
    await until(() => control.listeners === 0);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
