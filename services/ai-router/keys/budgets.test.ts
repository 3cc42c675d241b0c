import assert from "node:assert/strict";
import { localCounters } from "../../../runtime/service/limits";
import { TokenBudgets } from "./budgets";

const key = { id: "key", tokensPerDay: 100 };
const noon = Date.UTC(2026, 10, 25, 12);

describe("the token budget of a key", () => {
  let now = noon;
  const never = (error: unknown) => assert.fail(String(error));
  beforeEach(() => {
    now = noon;
  });

  it("is spent at its last token until the next day, on every replica that has asked since", async () => {
    const counters = localCounters();
    const [one, other] = [0, 1].map(() => new TokenBudgets(counters, never, () => now));
    await one!.spend(key, 99);
    assert.equal(await one!.spentFor(key), undefined);
    await one!.spend(key, 1);
    assert.deepEqual([await one!.spentFor(key), await other!.spentFor(key)], [12 * 3600, 12 * 3600]);
    now += 12 * 3_600_000;
    assert.equal(await one!.spentFor(key), undefined);
  });

  it("is let through while nobody can count, and that is said", async () => {
    const said: unknown[] = [];
    const away = { add: () => Promise.reject(new Error("away")) };
    const budgets = new TokenBudgets(
      away,
      (error) => said.push(error),
      () => now,
    );
    assert.equal(await budgets.spentFor(key), undefined);
    await budgets.spend(key, 5);
    assert.equal(said.length, 2);
  });
});
