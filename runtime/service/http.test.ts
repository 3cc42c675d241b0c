import assert from "node:assert/strict";
import { connect } from "node:net";
import { text as allOf } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { problemUri } from "../../contracts/problems";
import { notes, notesContract } from "./testing/notes";
import { noEvents } from "./testing/quiet";
import { startTestService, type TestService, until } from "./testing/start";

interface Seen {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}
const problemOf = async (answer: Response) => {
  assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
  return (await answer.json()) as Seen;
};

describe("a service on the kit", () => {
  let service: TestService<typeof notesContract>;
  const environment = noEvents;
  before(async () => {
    service = await startTestService(notesContract, notes, { environment });
  });
  after(() => service.close());

  it("answers health, readiness, metrics and its document without a key", async () => {
    const texts: [number, string][] = [];
    for (const path of ["/healthz", "/ready", "/metrics", "/openapi.json"]) {
      const answer = await service.ask("GET", path, { key: null });
      texts.push([answer.status, await answer.text()]);
    }
    assert.deepEqual(
      texts.map(([status]) => status),
      [200, 200, 200, 200],
    );
    assert.match(texts[2]![1], /^ready 1$/m);
    assert.match(texts[2]![1], /http_request_duration_seconds_count\{method="GET",route="\/ready",status="200"\} \d/);
    assert.equal((JSON.parse(texts[3]![1]) as { openapi: string }).openapi, "3.1.0");
  });

  it("turns the texts of a query into what the contract asks for, and of a path takes any depth", async () => {
    const list = await service.ask("GET", "/notes?limit=7&deep=true&tags=a&tags=b");
    assert.deepEqual(await list.json(), { items: [], nextCursor: null, deep: true, tags: ["a", "b"] });
    const one = await service.ask("GET", "/notes?tags=a");
    assert.deepEqual(((await one.json()) as { tags: string[] }).tags, ["a"]);
    const file = await service.ask("GET", "/files/a/b%20c/d", { key: null });
    assert.deepEqual(await file.json(), { path: "a/b c/d" });
  });

  for (const [what, method, path, options, status, name, told] of [
    ["a path that is none", "GET", "/nothing", {}, 404, "no-such-route", /no such path/],
    ["a method that the path has not", "DELETE", "/notes/1", {}, 405, "method-not-allowed", /takes GET, HEAD/],
    ["a query out of range", "GET", "/notes?limit=0", {}, 400, "invalid-request", /^query.limit: /],
    ["a number that is none", "GET", "/notes?limit=many", {}, 400, "invalid-request", /^query.limit: /],
    ["a parameter that is not known", "GET", "/notes?colour=red", {}, 400, "invalid-request", /not known: colour/],
    ["no body", "POST", "/notes", {}, 400, "invalid-request", /^body: /],
    ["an empty body", "POST", "/notes", { body: "" }, 400, "invalid-request", /^body: /],
    ["a body of another type", "POST", "/notes", { body: '"words"' }, 400, "invalid-request", /^body: /],
    ["a number in place of text", "POST", "/notes", { body: { words: 7 } }, 400, "invalid-request", /^body.words: /],
    ["a body that is not JSON", "POST", "/notes", { body: "{" }, 400, "unreadable-body", /JSON/],
    [
      "a prototype in the body",
      "POST",
      "/notes",
      { body: '{"words":"a","__proto__":{}}' },
      400,
      "unreadable-body",
      /JSON/,
    ],
    ["a null character", "POST", "/notes", { body: { words: "a\u0000" } }, 400, "invalid-request", /no null character/],
    [
      "a body that nests without end",
      "POST",
      "/notes",
      { body: "[".repeat(200_000) },
      400,
      "unreadable-body",
      /at most 64 levels/,
    ],
    [
      "a body that is too large",
      "POST",
      "/notes",
      { body: { words: "a".repeat(300_000) } },
      413,
      "body-too-large",
      /too large/,
    ],
    [
      "another media type",
      "POST",
      "/notes",
      { body: "a=b", headers: { "content-type": "text/plain" } },
      415,
      "unsupported-media-type",
      /application\/json/,
    ],
    [
      "a deadline that is none",
      "GET",
      "/deadline",
      { headers: { "x-deadline-ms": "soon" } },
      400,
      "invalid-request",
      /whole number/,
    ],
    ["no key", "GET", "/notes", { key: null }, 401, "unauthenticated", /send a key/],
    ["a wrong key", "GET", "/notes", { key: "nonsense" }, 401, "unauthenticated", /not known/],
    [
      "a token where no issuer is configured",
      "GET",
      "/notes",
      { key: null, headers: { authorization: "Bearer a.b.c" } },
      401,
      "unauthenticated",
      /no issuer/,
    ],
    ["a cursor that somebody made up", "GET", "/notes?cursor=abc.def", {}, 400, "invalid-request", /cursor/],
  ] as const) {
    it(`refuses ${what} with a problem of a stable type`, async () => {
      const answer = await service.ask(method, path, options);
      const seen = await problemOf(answer);
      assert.deepEqual([answer.status, seen.type], [status, problemUri(name)]);
      assert.equal(seen.status, status);
      assert.match(seen.detail, told);
      assert.equal(seen.instance, answer.headers.get("x-request-id"));
      if (status === 405) assert.equal(answer.headers.get("allow"), "GET, HEAD");
      if (status === 401) assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    });
  }

  it("refuses with a problem what never becomes a request of a route", async () => {
    const bytes = async (request: string) => {
      const socket = connect(service.running.port, "127.0.0.1");
      socket.end(request);
      const [head = "", body = "{}"] = (await allOf(socket)).split("\r\n\r\n");
      return [Number(head.split(" ")[1]), (JSON.parse(body) as Seen).type, /allow: (.*)\r/i.exec(head)?.[1]];
    };
    const long = `GET /ready HTTP/1.1\r\nhost: a\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`;
    assert.deepEqual(await bytes(long), [431, problemUri("headers-too-large"), undefined]);
    assert.deepEqual(await bytes("NOT HTTP\r\n\r\n"), [400, problemUri("invalid-request"), undefined]);
    const trace = "TRACE /notes/1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert.deepEqual(await bytes(trace), [405, problemUri("method-not-allowed"), "GET, HEAD"]);
    for (const path of ["/notes/%ff", "/%"]) {
      const answer = await service.ask("GET", path);
      assert.deepEqual([answer.status, (await problemOf(answer)).type], [400, problemUri("invalid-request")], path);
    }
  });

  it("reads a body of more than a mebibyte in a worker thread, and takes a few texts in it", async () => {
    const large = await startTestService(notesContract, notes, {
      environment,
      given: { maxBodyBytes: 4_000_000 },
      place: service.place,
    });
    const parse = JSON.parse;
    let longest = 0;
    try {
      JSON.parse = (given: string, reviver) => {
        longest = Math.max(longest, given.length);
        return parse(given, reviver);
      };
      for (const [body, name, told] of [
        [`{"words":"${"a".repeat(1_500_000)}"}`, "invalid-request", /^body.words: /],
        [`{"words":[${"1,".repeat(700_000)}1]}`, "invalid-request", /an object of a few texts/],
        ["x".repeat(1_500_000), "invalid-request", /JSON/],
      ] as const) {
        const seen = await problemOf(await large.ask("POST", "/notes", { body }));
        assert.equal(seen.type, problemUri(name));
        assert.match(seen.detail, told);
      }
      assert.ok(longest < 1_000_000);
    } finally {
      JSON.parse = parse;
      await large.close();
    }
  });

  it("keeps a request's id where it can be logged, and makes one where it cannot", async () => {
    const sent = async (id: string) =>
      (await service.ask("GET", "/ready", { headers: { "x-request-id": id } })).headers.get("x-request-id");
    assert.equal(await sent("abc-1"), "abc-1");
    assert.match((await sent('a"b c')) ?? "", /^[0-9a-f-]{36}$/);
  });

  it("tells nobody what failed inside, and leaves out what the contract does not know", async () => {
    const failed = await problemOf(await service.ask("POST", "/misbehave/throw"));
    assert.deepEqual([failed.status, failed.type], [500, problemUri("internal")]);
    assert.doesNotMatch(JSON.stringify(failed), /hunter2/);
    const made = await service.ask("POST", "/notes", { body: { words: "hello" } });
    const body = (await made.json()) as Record<string, unknown>;
    assert.deepEqual(Object.keys(body).sort(), ["changedAt", "count", "id", "owner", "version", "words"]);
    assert.equal(made.headers.get("location"), `/notes/${body.id}`);
  });

  it("refuses to send an answer that breaks the contract; in production it logs and counts it", async () => {
    assert.equal((await service.ask("POST", "/misbehave/break")).status, 500);
    const lenient = await startTestService(notesContract, notes, {
      environment,
      given: { answerChecks: "log" },
      place: service.place,
    });
    try {
      const answer = await lenient.ask("POST", "/misbehave/break");
      assert.deepEqual([answer.status, await answer.json()], [200, { fine: false }]);
      const metrics = await (await lenient.ask("GET", "/metrics")).text();
      assert.match(metrics, /answers_against_contract_total\{route="misbehave"\} 1/);
    } finally {
      await lenient.close();
    }
  });

  it("ends a request at its caller's deadline, and takes back what it had written", async () => {
    const answer = await service.ask("POST", "/misbehave/wait", { headers: { "x-deadline-ms": "50" } });
    const seen = await problemOf(answer);
    assert.deepEqual([seen.status, seen.type], [504, problemUri("deadline-exceeded")]);
    const left = (await (await service.ask("GET", "/deadline", { headers: { "x-deadline-ms": "60000" } })).json()) as {
      leftMs: number;
    };
    assert.ok(left.leftMs > 30_000 && left.leftMs <= 60_000);
  });

  it("gives the bytes of a body as they came to a route that asks for them", async () => {
    const body = '{ "a":   1 }';
    for (const type of ["application/json", "text/plain"]) {
      const answer = await service.ask("POST", "/signed", { body, headers: { "content-type": type } });
      assert.deepEqual(await answer.json(), { bytes: body.length });
    }
  });

  it("limits a key over all replicas, and tells it so", async () => {
    const { key } = await service.running.kit.keys.create({ name: "few", scopes: ["read"], requestsPerMinute: 5 });
    const other = await startTestService(notesContract, notes, { environment, place: service.place });
    try {
      // The clock may pass into another minute once.
      await until(async () => {
        const answers = await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            (index % 2 === 0 ? service : other).ask("GET", "/notes/none", { key }),
          ),
        );
        const refused = answers.filter(({ status }) => status === 429);
        if (refused.length !== 7) return wait(200).then(() => false);
        assert.ok(answers.every(({ status }) => status === 404 || status === 429));
        const { headers } = refused[0]!;
        assert.equal(headers.get("ratelimit-limit"), "5");
        assert.ok(Number(headers.get("retry-after")) >= 1);
        return true;
      });
    } finally {
      await other.close();
    }
  });

  it("limits an address, before it looks at any key", async () => {
    const tight = await startTestService(notesContract, notes, {
      environment,
      given: { addressRequestsPerMinute: 3 },
      place: service.place,
    });
    try {
      const statuses = [];
      for (let count = 0; count < 5; count += 1)
        statuses.push((await tight.ask("GET", "/notes", { key: "wrong" })).status);
      assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
      assert.equal((await tight.ask("GET", "/healthz")).status, 200);
    } finally {
      await tight.close();
    }
  });

  it("believes a forwarded address only from its proxies", async () => {
    let app: FastifyInstance | undefined;
    const extend = (given: FastifyInstance) => {
      app = given;
    };
    const behind = await startTestService(
      notesContract,
      { ...notes, definition: { ...notes.definition, extend } },
      { environment, given: { addressRequestsPerMinute: 1, trustedProxies: "10.0.0.0/24" }, place: service.place },
    );
    try {
      const from = async (remoteAddress: string, forwarded: string) =>
        (await app!.inject({ url: "/deadline", remoteAddress, headers: { "x-forwarded-for": forwarded } })).statusCode;
      assert.deepEqual([await from("10.0.0.5", "198.51.100.1"), await from("10.0.0.6", "198.51.100.2")], [200, 200]);
      const written = await from("10.0.0.7", "203.0.113.9, 198.51.100.1");
      assert.equal(written, 429, "what a client writes before its own address does not count");
      assert.deepEqual([await from("192.0.2.1", "198.51.100.7"), await from("192.0.2.1", "198.51.100.8")], [200, 429]);
    } finally {
      await behind.close();
    }
  });

  it("lets browsers of named origins in, and no others", async () => {
    const open = await startTestService(notesContract, notes, {
      environment,
      given: { corsOrigins: "https://play.example" },
      place: service.place,
    });
    try {
      const origin = async (from: string) =>
        (await open.ask("GET", "/ready", { headers: { origin: from } })).headers.get("access-control-allow-origin");
      assert.equal(await origin("https://play.example"), "https://play.example");
      assert.equal(await origin("https://evil.example"), null);
    } finally {
      await open.close();
    }
  });

  it("streams, and says goodbye on a stream that is still open when it stops", async () => {
    const other = await startTestService(notesContract, notes, {
      environment,
      given: { drainSeconds: 0 },
      place: service.place,
    });
    assert.equal(await (await other.ask("GET", "/stream")).text(), "data: one\n\ndata: two\n\ndata: three\n\n");
    const open = await other.ask("GET", "/stream?forever=true");
    const text = open.text();
    await other.close();
    assert.match(await text, /event: goodbye\ndata: this replica is stopping/);
  });
});
