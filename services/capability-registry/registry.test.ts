import assert from "node:assert/strict";
import { capabilityRegistry } from "../../contracts/services/capability-registry";
import { CallFailed } from "../../runtime/service";
import { startTestService, type TestService } from "../../runtime/service/testing/start";
import { service } from "./service";

const foliage = { title: "Nanite foliage", area: "rendering", since: "5.7.0-preview-1" };

describe("the capability registry", () => {
  let running: TestService<typeof capabilityRegistry>;
  let registry: TestService<typeof capabilityRegistry>["client"];
  before(async () => {
    running = await startTestService(capabilityRegistry, service);
    registry = running.client;
    for (const version of ["5.6.1", "5.7.0-preview-1", "5.7", "5.6.1-hotfix-1", "5.3.0", "5.10.0"]) {
      await registry.registerEngine({ params: { version }, body: {} });
    }
    await registry.putFeature({ params: { name: "nanite-foliage" }, body: foliage, ifAbsent: true });
    const old = {
      title: "World Composition",
      area: "world",
      since: "4.0",
      deprecated: "5.0.0",
      removed: "5.7.0",
      replacedBy: "world-partition",
    };
    await registry.putFeature({ params: { name: "world-composition" }, body: old, ifAbsent: true });
    const partition = { title: "World Partition", area: "world", since: "5.0" };
    await registry.putFeature({ params: { name: "world-partition" }, body: partition, ifAbsent: true });
  });
  after(() => running.close());

  it("orders versions: previews before their release, hotfixes after it, numbers as numbers", async () => {
    const { body } = await registry.listEngines();
    assert.deepEqual(
      body.items.map(({ version, stage }) => [version, stage]),
      [
        ["5.10.0", "release"],
        ["5.7.0", "release"],
        ["5.7.0-preview-1", "preview"],
        ["5.6.1-hotfix-1", "hotfix"],
        ["5.6.1", "release"],
        ["5.3.0", "release"],
      ],
    );
  });

  it("lists page by page, and shows a cursor of another list nothing", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await registry.listEngines({ query: { limit: 2, cursor } });
      seen.push(...body.items.map(({ version }) => version));
      cursor = body.nextCursor ?? undefined;
    } while (cursor !== undefined);
    assert.equal(new Set(seen).size, 6);
    assert.equal(seen.length, 6);
    const first = (await registry.listEngines({ query: { limit: 2 } })).body.nextCursor!;
    await assert.rejects(registry.listFeatures({ query: { cursor: first } }), isProblem("invalid-request"));
  });

  it("announces a version once, however often it is registered", async () => {
    const given = { params: { version: "5.8.0" }, body: { releasedAt: "2026-06-01T12:00:00+02:00" } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => registry.registerEngine(given)));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    assert.ok(answers.every(({ body }) => body.releasedAt === "2026-06-01T10:00:00.000Z"));
    const client = await running.place!.connect();
    try {
      const { rows } = await client.query("SELECT event->'data' AS data FROM outbox WHERE subject = '5.8.0'");
      assert.deepEqual(rows, [
        { data: { version: "5.8.0", stage: "release", releasedAt: "2026-06-01T10:00:00.000Z" } },
      ]);
    } finally {
      await client.end();
    }
  });

  it("tells what a version has, with what it advises against", async () => {
    const has = async (version: string) =>
      (await registry.listEngineFeatures({ params: { version } })).body.items.map(
        ({ name, status }) => `${name} ${status}`,
      );
    assert.deepEqual(await has("5.6.1"), ["world-composition deprecated", "world-partition available"]);
    assert.deepEqual(await has("5.7.0-preview-1"), [
      "nanite-foliage available",
      "world-composition deprecated",
      "world-partition available",
    ]);
    assert.deepEqual(await has("5.7"), ["nanite-foliage available", "world-partition available"]);
    await assert.rejects(has("6.0.0"), isProblem("engine-unknown"));
  });

  it("tells what a need comes to: in which versions it is met, and what one version lacks", async () => {
    const { body } = await registry.checkNeeds({
      query: { need: ["nanite-foliage", "world-composition"], engine: "5.6.1" },
    });
    assert.deepEqual(body.engines, ["5.7.0-preview-1"]);
    assert.deepEqual(body.engine, {
      version: "5.6.1",
      fits: false,
      missing: [{ name: "nanite-foliage", title: "Nanite foliage", status: "not-yet", replacedBy: null }],
      deprecated: [
        { name: "world-composition", title: "World Composition", status: "deprecated", replacedBy: "world-partition" },
      ],
    });
    const none = await registry.checkNeeds({ query: { need: ["world-partition", "telepathy"] } });
    assert.deepEqual(none.body, { engines: [], unknown: ["telepathy"], engine: null });
  });

  it("compares two versions, in either direction", async () => {
    const names = async (from: string, version: string) => {
      const { gained, lost, deprecated } = (await registry.compareEngines({ params: { version }, query: { from } }))
        .body;
      return [gained, deprecated, lost].map((list) => list.map(({ name }) => name));
    };
    assert.deepEqual(await names("5.6.1", "5.7.0"), [["nanite-foliage"], [], ["world-composition"]]);
    assert.deepEqual(await names("5.7.0", "5.6.1"), [["world-composition"], [], ["nanite-foliage"]]);
  });

  it("changes a feature only from the version that the writer has seen", async () => {
    const params = { name: "lumen" };
    const body = { title: "Lumen", area: "rendering", since: "5.0.0" };
    assert.equal((await registry.putFeature({ params, body, ifAbsent: true })).status, 201);
    await assert.rejects(registry.putFeature({ params, body, ifAbsent: true }), isProblem("version-mismatch"));
    await assert.rejects(registry.putFeature({ params, body }), isProblem("precondition-required"));
    const changed = await registry.putFeature({ params, body: { ...body, summary: "Light" }, ifMatch: 1 });
    assert.deepEqual([changed.status, changed.version, changed.body.summary], [200, 2, "Light"]);
    await assert.rejects(registry.putFeature({ params, body, ifMatch: 1 }), isProblem("version-mismatch"));
    await assert.rejects(registry.deleteFeature({ params, ifMatch: 1 }), isProblem("version-mismatch"));
    assert.equal((await registry.deleteFeature({ params, ifMatch: 2 })).status, 204);
    await assert.rejects(registry.getFeature({ params }), isProblem("not-found"));
  });

  for (const [what, body, name] of [
    ["removed before it comes", { since: "5.2", removed: "5.1" }, "feature-range"],
    ["removed with the version that brings it", { since: "5.2", removed: "5.2.0" }, "feature-range"],
    ["deprecated after it is removed", { since: "5.0", deprecated: "5.3", removed: "5.2" }, "feature-range"],
    ["of a version that is none", { since: "five" }, "invalid-request"],
    ["with a property that is not known", { since: "5.0", colour: "red" }, "invalid-request"],
    ["without a title", { since: "5.0", title: undefined }, "invalid-request"],
    ["with a null character", { since: "5.0", title: "a\u0000b" }, "invalid-request"],
  ] as const) {
    it(`refuses a feature ${what}`, async () => {
      const whole = { title: "T", area: "a", ...body } as typeof foliage;
      await assert.rejects(
        registry.putFeature({ params: { name: "refused" }, body: whole, ifAbsent: true }),
        isProblem(name),
      );
    });
  }
});

const isProblem = (name: string) => (error: unknown) => error instanceof CallFailed && error.is(name);
