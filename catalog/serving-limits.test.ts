import assert from "node:assert/strict";
import { tierDefaults } from "./gpu-tiers";
import { stallLimitMs, tierLimits } from "./serving-limits";
import { servingSpeed } from "./serving-model";

describe("the time limits of serving", () => {
  it("take an engine for hung after twice the prefill of the longest prompt, and not for a pause", () => {
    assert.equal(stallLimitMs(3_000), 6_000);
    assert.equal(stallLimitMs(10), 5_000);
  });

  it("follow from the slowest of a tier's instance types", () => {
    const { firstByteMs, idleMs, prefillMsPerToken, tokenMs } = tierLimits("gold", 30_000);
    const { engine, instanceTypes } = tierDefaults.gold;
    for (const type of instanceTypes) {
      const speed = servingSpeed(type, engine.model)!;
      assert.ok(prefillMsPerToken >= 1_000 / speed.prefillTokensPerSecond);
      assert.ok(tokenMs >= speed.itlBaseMs + speed.itlPerSequenceMs * engine.maxSequences);
    }
    const stallMs = stallLimitMs(engine.contextTokens * prefillMsPerToken);
    assert.deepEqual([idleMs, firstByteMs], [Math.ceil(2 * stallMs), Math.ceil(30_000 + stallMs)]);
  });

  it("grow with the slowness of the nodes, but for the queue", () => {
    const [one, ten] = [tierLimits("silver", 30_000), tierLimits("silver", 30_000, 10)];
    assert.ok(Math.abs(ten.idleMs - 10 * one.idleMs) <= 10);
    assert.ok(Math.abs(ten.firstByteMs - 30_000 - 10 * (one.firstByteMs - 30_000)) <= 10);
  });
});
