import assert from "node:assert/strict";
import fc from "fast-check";
import { FairQueue, type Priority, priorities, type QueueItem } from "./fair-queue";

interface Item extends QueueItem {
  readonly id: number;
}

let nextId = 0;
const item = (lane: string, more: Partial<Item> = {}): Item => ({
  id: nextId++,
  lane,
  priority: priorities.normal,
  cost: 100,
  group: "",
  enqueuedAt: 0,
  deadlineAt: Number.POSITIVE_INFINITY,
  ...more,
});
const queue = (more = {}) => new FairQueue<Item>({ perLane: 1_000, total: 10_000, ageBoundMs: 1_000, ...more });
const ready = () => "now" as const;

describe("fair queue", () => {
  it("gives a quiet archetype its turn beside one that floods", () => {
    const fair = queue();
    for (let index = 0; index < 100; index++) fair.push(item("vampire", { enqueuedAt: index }));
    for (let index = 0; index < 5; index++) fair.push(item("lich", { enqueuedAt: 200 + index }));
    const lanes = Array.from({ length: 10 }, () => fair.next(300, ready)!.lane);
    assert.equal(lanes.filter((lane) => lane === "lich").length, 5);
  });

  it("shares tokens, not requests", () => {
    const fair = queue();
    for (let index = 0; index < 60; index++) {
      fair.push(item("vampire", { cost: 400 }));
      fair.push(item("lich", { cost: 100 }));
    }
    const served = Array.from({ length: 50 }, () => fair.next(0, ready)!.lane);
    const vampires = served.filter((lane) => lane === "vampire").length;
    assert.ok(vampires >= 9 && vampires <= 11, `${vampires} of 50`);
  });

  it("lets nobody save up turns while it asks for nothing", () => {
    const fair = queue();
    for (let index = 0; index < 50; index++) fair.push(item("vampire"));
    for (let index = 0; index < 40; index++) fair.next(0, ready);
    for (let index = 0; index < 50; index++) {
      fair.push(item("lich"));
      fair.push(item("vampire"));
    }
    const next = Array.from({ length: 20 }, () => fair.next(0, ready)!.lane);
    assert.ok(next.filter((lane) => lane === "vampire").length >= 9);
  });

  it("puts priority first, then a resident adapter, and age before both", () => {
    const fair = queue();
    fair.push(item("vampire", { priority: priorities.low, enqueuedAt: 10 }));
    fair.push(item("lich", { priority: priorities.high, group: "cold", enqueuedAt: 500 }));
    fair.push(item("lich", { priority: priorities.high, group: "warm", enqueuedAt: 600 }));
    const readiness = ({ group }: Item) => (group === "cold" ? "swap" : "now");
    assert.equal(fair.next(700, readiness)!.group, "warm");
    assert.equal(fair.next(1_200, readiness)!.priority, priorities.low);
    assert.equal(fair.next(1_300, readiness)!.group, "cold");
  });

  it("finds the item that starves, passes over what must wait, and drops what is too late", () => {
    const fair = queue();
    fair.push(item("vampire", { group: "blocked", enqueuedAt: 0 }));
    fair.push(item("vampire", { group: "free", enqueuedAt: 1, deadlineAt: 2_000 }));
    const readiness = ({ group }: Item) => (group === "blocked" ? "wait" : "now");
    assert.equal(fair.starving(500, readiness), undefined);
    assert.equal(fair.starving(1_000, readiness)!.group, "blocked");
    assert.deepEqual(
      fair.expire(2_000).map(({ group }) => group),
      ["free"],
    );
    assert.equal(fair.next(2_000, readiness), undefined);
    assert.equal(fair.size, 1);
  });

  it("is bounded per lane and in total, and never loses or doubles an item", () => {
    const lanes = ["vampire", "lich", "base"];
    const action = fc.oneof(
      fc.record({
        kind: fc.constant("push" as const),
        lane: fc.constantFrom(...lanes),
        priority: fc.constantFrom<Priority>(0, 1, 2),
      }),
      fc.record({ kind: fc.constant("next" as const) }),
      fc.record({ kind: fc.constant("remove" as const), at: fc.nat(50) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 150 }), (actions) => {
        const fair = queue({ perLane: 5, total: 8 });
        const inside = new Set<Item>();
        for (const [now, step] of actions.entries()) {
          if (step.kind === "push") {
            const pushed = item(step.lane, { priority: step.priority, enqueuedAt: now, group: `g${now % 3}` });
            const lane = [...inside].filter((other) => other.lane === step.lane).length;
            const expected = inside.size >= 8 ? "total" : lane >= 5 ? "lane" : undefined;
            assert.equal(fair.push(pushed), expected);
            if (expected === undefined) inside.add(pushed);
          } else if (step.kind === "next") {
            const taken = fair.next(now, ready);
            assert.equal(taken !== undefined, inside.size > 0);
            if (taken) assert.ok(inside.delete(taken));
          } else {
            const victim = [...inside][step.at];
            if (victim) {
              assert.equal(fair.remove(victim), true);
              assert.equal(fair.remove(victim), false);
              inside.delete(victim);
            }
          }
          assert.equal(fair.size, inside.size);
        }
      }),
    );
  });
});
