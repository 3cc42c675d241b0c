import assert from "node:assert/strict";
import fc from "fast-check";
import { ResidencyTable } from "./residency";

const add = (table: ResidencyTable, name: string, cost = 10, pinned = false, now = 0) =>
  table.add({ engineName: name, name, pinned, cost }, now);

describe("adapter residency", () => {
  it("moves the cheapest idle adapter off the GPU and never one with requests in flight", () => {
    const table = new ResidencyTable({ gpu: 2, held: 3, minHoldMs: 0 });
    add(table, "cheap", 1);
    add(table, "dear", 100);
    add(table, "new", 1);
    for (const name of ["cheap", "dear"]) {
      assert.equal(table.acquire(name, 0), true);
      table.release(name, 10, 1);
    }
    assert.equal(table.access("new", 10), "swap");
    assert.equal(table.acquire("new", 10), true);
    assert.equal(table.get("cheap")!.place, "cpu");
    assert.equal(table.get("dear")!.place, "gpu");
    table.acquire("dear", 11);
    assert.equal(table.access("cheap", 12), "blocked");
  });

  it("lets an adapter age that was once dear and is not used any more", () => {
    const table = new ResidencyTable({ gpu: 1, held: 4, minHoldMs: 0 });
    add(table, "dear", 20);
    table.acquire("dear", 0);
    table.release("dear", 0, 0);
    let now = 1;
    for (let round = 0; round < 40 && table.get("dear")!.place === "gpu"; round++) {
      // Others come and go through the same slot; each eviction raises the floor.
      const name = `other-${round}`;
      add(table, name, 5, false, now);
      table.acquire(name, now++);
      table.release(name, 0, now++);
    }
    assert.equal(table.get("dear")!.place, "cpu");
  });

  it("promises the next slot to an adapter that waited too long, and withdraws a claim nobody uses", () => {
    const table = new ResidencyTable({ gpu: 1, held: 2, minHoldMs: 0 });
    add(table, "hot");
    add(table, "cold");
    table.acquire("hot", 0);
    table.claim("cold", 1);
    assert.equal(table.access("hot", 2), "blocked", "the hot adapter takes nothing new");
    table.release("hot", 5, 3);
    assert.equal(table.acquire("cold", 4), true);
    assert.equal(table.get("hot")!.place, "cpu");

    const other = new ResidencyTable({ gpu: 1, held: 2, minHoldMs: 0 });
    add(other, "hot");
    add(other, "cold");
    other.acquire("hot", 0);
    other.claim("cold", 1);
    assert.equal(other.access("hot", 20_000), "resident");
  });

  it("keeps pinned adapters, and what was loaded for a waiting request until it is served", () => {
    const table = new ResidencyTable({ gpu: 2, held: 2, minHoldMs: 0 });
    add(table, "pinned", 1, true);
    table.add({ engineName: "awaited", name: "awaited", pinned: false, cost: 1 }, 0, 1_000);
    assert.equal(table.toUnload(500), null);
    assert.equal(table.toUnload(1_500)!.engineName, "awaited");
    table.makeWay();
    assert.equal(table.get("pinned")!.retiring, false);
    assert.equal(table.get("awaited")!.retiring, true);
  });

  it("holds its limits and its word through any course of events", () => {
    const names = ["a", "b", "c", "d", "e"];
    const event = fc.record({
      kind: fc.constantFrom("add", "acquire", "release", "claim", "retire", "remove"),
      name: fc.constantFrom(...names),
      step: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const table = new ResidencyTable({ gpu: 2, held: 5 });
        let now = 0;
        for (const { kind, name, step } of events) {
          now += step;
          const held = table.get(name);
          if (kind === "add" && !held) add(table, name, 1 + step, name === "a", now);
          if (kind === "acquire") {
            const access = table.access(name, now);
            assert.equal(table.acquire(name, now), access !== "blocked" && access !== "absent");
          }
          if (kind === "release" && held && held.inFlight > 0) table.release(name, step, now);
          if (kind === "claim") table.claim(name, now);
          if (kind === "retire") table.retire(name);
          if (kind === "remove" && held?.inFlight === 0) table.remove(name);
          const all = table.all();
          assert.ok(all.filter(({ place }) => place === "gpu").length <= 2);
          assert.ok(all.every(({ place, inFlight }) => place === "gpu" || inFlight === 0));
        }
      }),
      { numRuns: 300 },
    );
  });
});
