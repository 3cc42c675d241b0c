import assert from "node:assert/strict";
import type { Client as PgClient } from "pg";
import { problemUri } from "../../contracts/problems";
import { CallFailed } from "./client";
import { notes, notesContract } from "./testing/notes";
import { noEvents } from "./testing/quiet";
import { startTestService, type TestService } from "./testing/start";

describe("writes", () => {
  let service: TestService<typeof notesContract>;
  let other: TestService<typeof notesContract>;
  let client: PgClient;
  before(async () => {
    service = await startTestService(notesContract, notes, { environment: noEvents });
    other = await startTestService(notesContract, notes, { environment: noEvents, place: service.place });
    client = await service.place!.connect();
  });
  after(async () => {
    await client.end();
    await other.close();
    await service.close();
  });

  const stored = async (words: string) => {
    const { rows } = await client.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM notes WHERE words = $1",
      [words],
    );
    return rows[0]!.count;
  };
  const send = (key: string, body: unknown, from = service, apiKey?: string) =>
    from.ask("POST", "/notes", { body, headers: { "idempotency-key": key }, key: apiKey });

  it("that come 50 times at once to two replicas with one Idempotency-Key have one effect and one answer", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => send("once", { words: "once" }, index % 2 === 0 ? service : other)),
    );
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    assert.deepEqual(
      [answers.every(({ status }) => status === 201), new Set(texts).size, await stored("once")],
      [true, 1, 1],
    );
    const locations = new Set(answers.map(({ headers }) => headers.get("location")));
    assert.equal(locations.size, 1);
    assert.equal(answers.filter(({ headers }) => headers.get("idempotency-replayed") === null).length, 1);
  });

  it("with a key that came with another request are refused", async () => {
    assert.equal((await send("reused", { words: "first" })).status, 201);
    const second = await send("reused", { words: "second" });
    assert.deepEqual(
      [second.status, ((await second.json()) as { type: string }).type],
      [409, problemUri("idempotency-key-reused")],
    );
    assert.equal(await stored("second"), 0);
  });

  it("of two callers with the same key are two writes", async () => {
    const { key } = await service.running.kit.keys.create({ name: "another", scopes: ["write"] });
    const both = [await send("shared", { words: "shared" }), await send("shared", { words: "shared" }, service, key)];
    assert.deepEqual([both.map(({ status }) => status), await stored("shared")], [[201, 201], 2]);
  });

  it("that are refused leave nothing behind, and a repeat is refused alike", async () => {
    const first = await send("full", { words: "too much" });
    const again = await send("full", { words: "too much" });
    assert.deepEqual([first.status, again.status, await stored("too much")], [409, 409, 0]);
    assert.equal(((await first.json()) as { type: string }).type, problemUri("note-full"));
    assert.equal(again.headers.get("idempotency-replayed"), "true");
    const refused = () =>
      service.ask("POST", "/misbehave/write-and-refuse", { headers: { "idempotency-key": "refuse" } });
    assert.deepEqual([(await refused()).status, (await refused()).status, await stored("left behind")], [409, 409, 0]);
  });

  it("that fail here leave nothing behind and keep no answer", async () => {
    const fail = () => service.ask("POST", "/misbehave/write-and-fail", { headers: { "idempotency-key": "fail" } });
    assert.deepEqual([(await fail()).status, await stored("left behind")], [500, 0]);
    const { rows } = await client.query("SELECT FROM idempotency_keys WHERE key = 'fail'");
    assert.equal(rows.length, 0);
    assert.equal((await fail()).headers.get("idempotency-replayed"), null);
  });

  it("take no key that cannot be one", async () => {
    for (const key of ["a b", "x".repeat(256)]) assert.equal((await send(key, { words: "never" })).status, 400);
    assert.equal(await stored("never"), 0);
  });

  it("from a version that somebody else has changed are refused with the present one: no update is lost", async () => {
    const id = (await service.client.makeNote({ body: { words: "counted" } })).body.id;
    const clients = 8;
    const each = 5;
    let refused = 0;
    await Promise.all(
      Array.from({ length: clients }, async (_, index) => {
        const { client: from } = index % 2 === 0 ? service : other;
        for (let done = 0; done < each; ) {
          const { body } = await from.getNote({ params: { id } });
          try {
            await from.countNote({ params: { id }, body: { count: body.count + 1 }, ifMatch: body.version });
            done += 1;
          } catch (error) {
            assert.ok(error instanceof CallFailed && error.is("version-mismatch"), String(error));
            refused += 1;
          }
        }
      }),
    );
    const { body, version } = await service.client.getNote({ params: { id } });
    assert.deepEqual([body.count, version], [clients * each, clients * each + 1]);
    assert.ok(refused > 0, "nobody was in anybody's way, so nothing was tried");
  });

  it("need a precondition where the contract says so, and readers who know the version get 304", async () => {
    const { body, version } = await service.client.makeNote({ body: { words: "versioned" } });
    assert.equal(version, 1);
    const path = `/notes/${body.id}`;
    const put = (headers: Readonly<Record<string, string>>) =>
      service.ask("PUT", `${path}/count`, { body: { count: 1 }, headers });
    const statuses = [];
    for (const headers of [
      {},
      { "if-match": '"9"' },
      { "if-match": '"one"' },
      { "if-none-match": "*" },
      { "if-match": 'W/"1"' },
      { "if-match": '"9", "1"' },
    ]) {
      const answer = await put(headers as Readonly<Record<string, string>>);
      statuses.push([answer.status, answer.headers.get("etag")]);
    }
    assert.deepEqual(statuses, [
      [428, null],
      [412, '"1"'],
      [412, '"1"'],
      [412, '"1"'],
      [412, '"1"'],
      [200, '"2"'],
    ]);
    const read = (etag: string) => service.ask("GET", path, { headers: { "if-none-match": etag } });
    const known = await read('"2"');
    assert.deepEqual([known.status, await known.text(), known.headers.get("etag")], [304, "", '"2"']);
    assert.equal((await read('"1"')).status, 200);
  });
});
