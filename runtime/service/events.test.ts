import assert from "node:assert/strict";
import type { Envelope } from "../../contracts/events/define";
import { applyOnce, runRelay } from "./events";
import { PoisonMessage, readEvent } from "./inbox";
import { relayOnce } from "./outbox";
import { realSurroundings } from "./surroundings";
import { killRelays } from "./testing/kill-relays";
import { notes, notesContract } from "./testing/notes";
import { noEvents } from "./testing/quiet";
import { startTestService, type TestService, until } from "./testing/start";
import { batchesOf } from "./topic";

describe("events", () => {
  let service: TestService<typeof notesContract>;
  before(async () => {
    service = await startTestService(notesContract, notes, { environment: noEvents });
  });
  after(() => service.close());
  beforeEach(() =>
    service.running.kit.database.asOwner(({ script }) => script("TRUNCATE outbox, outbox_sequences, inbox, notes")),
  );

  const emit = (subject: string, version: string) =>
    service.running.kit.database.transaction(undefined, (session) =>
      service.running.kit.emit(session, {
        type: "engine.version-registered",
        subject,
        data: { version, stage: "release", releasedAt: null },
      }),
    );
  const relay = (publish: (events: readonly Envelope[]) => Promise<void>) =>
    relayOnce((work) => service.running.kit.database.transaction(undefined, work), publish);

  it("are written with the change that they tell of, or not at all", async () => {
    const { database, emit: write } = service.running.kit;
    const failed = database.transaction(undefined, async (session) => {
      await write(session, {
        type: "engine.version-registered",
        subject: "a",
        data: { version: "1", stage: "release", releasedAt: null },
      });
      throw new Error("the change did not come about");
    });
    await assert.rejects(failed);
    assert.equal(await relay(async () => assert.fail("nothing was to be published")), 0);
    await assert.rejects(emit("a", 7 as unknown as string), /does not fit its contract/);
  });

  it("are published in the order of each subject by relays that run at the same time, each once", async () => {
    const subjects = ["a", "b", "c", "d"];
    const published: Envelope[] = [];
    const relays = Array.from({ length: 3 }, () =>
      runRelay({
        turn: () =>
          relay(async (events) => {
            await new Promise((resolve) => setImmediate(resolve));
            published.push(...events);
          }),
        onPublished: () => undefined,
        onFailure: (error) => assert.fail(String(error)),
        around: realSurroundings,
      }),
    );
    await Promise.all(
      subjects.map(async (subject) => {
        for (let count = 1; count <= 25; count += 1) {
          await emit(subject, String(count));
          for (const each of relays) each.wake();
        }
      }),
    );
    await until(() => published.length >= 100);
    await Promise.all(relays.map((each) => each.stop()));
    for (const subject of subjects) {
      const versions = published
        .filter((each) => each.subject === subject)
        .map(({ data }) => Number((data as { version: string }).version));
      assert.deepEqual(
        versions,
        Array.from({ length: 25 }, (_, index) => index + 1),
      );
    }
    assert.equal(published.length, 100);
    assert.deepEqual([published[0]!.source, published[0]!.sequence], ["/services/settings", "1"]);
  });

  it("that cannot be published stay, and go in their order later", async () => {
    await emit("a", "1");
    await emit("a", "2");
    await assert.rejects(relay(() => Promise.reject(new Error("no topic"))));
    const went: unknown[] = [];
    await relay(async (events) => void went.push(...events.map(({ sequence }) => sequence)));
    assert.deepEqual(went, ["1", "2"]);
  });

  it("of one subject are one relay's while it publishes them, without a connection of the database", async () => {
    await emit("a", "1");
    await relay(async () => {
      await emit("a", "2");
      assert.equal(await relay(async () => assert.fail("another relay has the subject")), 0);
      const { rows } = await service.running.kit.database.asOwner((session) =>
        session.query<{ open: number }>(
          `SELECT count(*)::int AS open FROM pg_stat_activity
           WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
        ),
      );
      assert.deepEqual(rows, [{ open: 0 }]);
    });
    assert.equal(await relay(async () => undefined), 1);
  });

  it("are applied once, however often and however many at a time they come; one that fails is applied later", async () => {
    await emit("a", "5.0.0");
    let text = "";
    await relay(async ([event]) => {
      text = JSON.stringify(event);
    });
    const apply = async () => {
      const event = readEvent(text);
      assert.ok("id" in event);
      return applyOnce(notes, service.running.kit, undefined, event);
    };
    const outcomes = await Promise.all(Array.from({ length: 10 }, apply));
    assert.equal(outcomes.filter((outcome) => outcome === "applied").length, 1);
    assert.equal(await count("notes"), 1);

    const bad = JSON.stringify({
      ...(JSON.parse(text) as Envelope),
      id: "bad",
      data: { version: "9.9.9", stage: "release", releasedAt: null },
    });
    const event = readEvent(bad);
    assert.ok("id" in event);
    await assert.rejects(applyOnce(notes, service.running.kit, undefined, event), /cannot be borne/);
    assert.deepEqual([await count("notes"), await count("inbox")], [1, 1]);
  });

  it("of a newer writer are understood with fields that are not known here, and nonsense is named as such", () => {
    const event = {
      specversion: "1.0",
      id: "1",
      source: "/services/settings",
      type: "engine.version-registered",
      newExtension: 1,
      data: { version: "5.0.0", stage: "release", releasedAt: null, colour: "new" },
    };
    const read = readEvent(JSON.stringify(event));
    assert.ok("data" in read);
    assert.equal((read.data as { colour?: string }).colour, "new");
    assert.deepEqual(readEvent(JSON.stringify({ ...event, type: "moon.rose" })), { unknownType: "moon.rose" });
    for (const poison of ["", "{", "[]", "{}", JSON.stringify({ ...event, data: {} })]) {
      assert.throws(() => readEvent(poison), PoisonMessage);
    }
  });

  it("go in batches that a call takes: ten events, 256 KiB", () => {
    const event = (size: number) => ({ data: "x".repeat(size) }) as unknown as Envelope;
    const sizes = (list: readonly number[]) => batchesOf(list.map(event)).map((batch) => batch.length);
    assert.deepEqual(sizes(Array.from({ length: 23 }, () => 10)), [10, 10, 3]);
    assert.deepEqual(sizes([100_000, 100_000, 100_000, 10]), [2, 2]);
    assert.deepEqual(sizes([]), []);
  });

  it("are neither lost nor applied twice when relays are killed between publishing and noting it", async () => {
    const outcome = await killRelays(service, 3);
    assert.deepEqual([outcome.lost, outcome.twice], [0, 0]);
    assert.ok(outcome.published > outcome.events, "no event was published twice, so nothing was tried");
  });

  async function count(table: string): Promise<number> {
    const { rows } = await service.running.kit.database.transaction(undefined, (session) =>
      session.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`),
    );
    return rows[0]!.count;
  }
});
