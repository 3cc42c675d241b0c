import assert from "node:assert/strict";
import { CircuitBreaker, type Verdict } from "./breaker";
import { type TierView, tierOrder } from "./choose";

const gold: TierView = { tier: "gold", admits: true, busy: false, holds: true };
const silver: TierView = { tier: "silver", admits: true, busy: false, holds: true };

describe("the choice of a tier", () => {
  for (const [what, budget, tiers, order] of [
    ["a budget under 100 ms asks Gold", 99, [gold, silver], ["gold", "silver"]],
    ["a budget of 100 ms asks Silver", 100, [gold, silver], ["silver", "gold"]],
    ["a budget over a second asks Silver", 5000, [gold, silver], ["silver", "gold"]],
    ["no budget asks Silver", undefined, [gold, silver], ["silver", "gold"]],
    ["a full tier comes last", undefined, [gold, { ...silver, busy: true }], ["gold", "silver"]],
    ["a tier with an open breaker is left out", 50, [{ ...gold, admits: false }, silver], ["silver"]],
    ["a tier that holds the adapter goes first", 500, [gold, { ...silver, holds: false }], ["gold", "silver"]],
    ["a short budget goes before the adapter", 50, [{ ...gold, holds: false }, silver], ["gold", "silver"]],
    ["what a tier holds is not known yet", 500, [gold, { ...silver, holds: undefined }], ["silver", "gold"]],
    ["no tier is left", 50, [{ ...gold, admits: false }], []],
    [
      "a silent tier comes after a full one",
      50,
      [
        { ...gold, admits: false, silent: true },
        { ...silver, busy: true },
      ],
      ["silver", "gold"],
    ],
  ] as const) {
    it(what, () => assert.deepEqual(tierOrder(budget, tiers), order));
  }
});

describe("a circuit breaker", () => {
  let now = 0;
  const fresh = () => new CircuitBreaker({ failures: 2, openMs: 1000, now: () => now });
  const ask = (breaker: CircuitBreaker, outcome: Verdict) => {
    const leave = breaker.enter();
    assert.ok(leave);
    leave(outcome);
  };

  it("opens after failures in a row, and a success between them starts the count anew", () => {
    const breaker = fresh();
    ask(breaker, "failure");
    ask(breaker, "success");
    ask(breaker, "failure");
    assert.equal(breaker.state, "closed");
    ask(breaker, "failure");
    assert.equal(breaker.state, "open");
    assert.equal(breaker.enter(), false);
  });

  it("lets one probe through after a while, which closes it or opens it again", () => {
    const breaker = fresh();
    ask(breaker, "failure");
    ask(breaker, "failure");
    now += 1000;
    const probe = breaker.enter();
    assert.ok(probe);
    assert.equal(breaker.state, "half-open");
    assert.equal(breaker.enter(), false);
    probe("failure");
    assert.equal(breaker.state, "open");
    now += 1000;
    ask(breaker, "undecided");
    assert.equal(breaker.state, "open");
    ask(breaker, "success");
    assert.equal(breaker.state, "closed");
  });

  it("opens for silence too, but is asked where nothing else is left, and the first answer closes it", () => {
    const breaker = fresh();
    ask(breaker, "silence");
    ask(breaker, "silence");
    assert.deepEqual([breaker.state, breaker.admits, breaker.silent], ["open", false, true]);
    ask(breaker, "undecided");
    assert.equal(breaker.state, "open");
    ask(breaker, "success");
    assert.deepEqual([breaker.state, breaker.silent], ["closed", false]);
    ask(breaker, "silence");
    ask(breaker, "failure");
    assert.deepEqual([breaker.enter(), breaker.silent], [false, false]);
  });
});
