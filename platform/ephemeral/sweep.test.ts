import assert from "node:assert/strict";
import type { Removal } from "./cloud/cloud";
import type { TaggedResource } from "./decisions";
import { sweep } from "./sweep";

/** A double of a cloud in which some things stand on others, some fail, and some go slowly. */
class Double {
  readonly there: Set<string>;
  readonly attempts: string[] = [];

  constructor(
    names: readonly string[],
    private readonly rules: Readonly<Record<string, { standsOn?: string[]; fails?: string; slow?: number }>> = {},
  ) {
    this.there = new Set(names);
  }

  readonly slowLeft = new Map<string, number>();
  orderOf = ({ arn }: TaggedResource): number => (arn.startsWith("vpc") ? 90 : 10);
  remove = async ({ arn }: TaggedResource): Promise<Removal> => {
    this.attempts.push(arn);
    if (!this.there.has(arn)) return "gone";
    const { fails, slow = 0 } = this.rules[arn] ?? {};
    if (fails !== undefined) throw new Error(fails);
    const above = [...this.there].filter((name) => this.rules[name]?.standsOn?.includes(arn));
    if (above.length > 0) return { waits: `${above.join(", ")} uses it` };
    const left = this.slowLeft.get(arn) ?? slow;
    this.slowLeft.set(arn, left - 1);
    if (left > 0) return "started";
    this.there.delete(arn);
    return "removed";
  };
}

const found = (...names: string[]): TaggedResource[] => names.map((arn) => ({ arn, stack: "pr-1" }));

describe("sweeping what a stack left behind", () => {
  it("removes what stands on others first", async () => {
    const cloud = new Double(["vpc", "queue"], { queue: { standsOn: ["vpc"] } });
    assert.deepEqual(await sweep(cloud, found("vpc", "queue")), { removed: ["queue", "vpc"], remaining: [] });
    assert.deepEqual(cloud.attempts, ["queue", "vpc"]);
  });

  it("tries again what waits for another, as long as anything moves", async () => {
    const cloud = new Double(["a", "b", "c"], { a: {}, b: { standsOn: ["a"] }, c: { standsOn: ["b"] } });
    const { removed, remaining } = await sweep(cloud, found("a", "b", "c"));
    assert.deepEqual([removed.length, remaining], [3, []]);
  });

  it("does not let one failure stop the others, and says what remains and why", async () => {
    const cloud = new Double(["a", "b", "vpc"], { a: { fails: "AccessDenied", standsOn: ["vpc"] } });
    const { removed, remaining } = await sweep(cloud, found("vpc", "a", "b"));
    assert.deepEqual(removed, ["b"]);
    assert.deepEqual(remaining, [
      { arn: "a", why: "AccessDenied" },
      { arn: "vpc", why: "a uses it" },
    ]);
  });

  it("says of what goes slowly that it is still there, and finds it gone the next time", async () => {
    const cloud = new Double(["database"], { database: { slow: 99 } });
    const first = await sweep(cloud, found("database"));
    assert.deepEqual(first, { removed: [], remaining: [{ arn: "database", why: "AWS is removing it" }] });
    cloud.there.clear();
    assert.deepEqual((await sweep(cloud, found("database"))).remaining, []);
  });

  it("ends by itself when nothing moves", async () => {
    const cloud = new Double(["a"], { a: { fails: "no" } });
    await sweep(cloud, found("a"));
    assert.equal(cloud.attempts.length, 1);
  });
});
