import assert from "node:assert/strict";
import { stallLimitMs, tierLimits } from "./serving-limits";

describe("the time limits of serving", () => {
  it("take an engine for hung after twice the prefill of the longest prompt, and not for a pause", () => {
    assert.equal(stallLimitMs(3_000), 6_000);
    assert.equal(stallLimitMs(10), 5_000);
  });

  it("follow from the slowest of a tier's instance types", () => {
    const { firstByteMs, idleMs, prefillMsPerToken, tokenMs } = tierLimits("gold", 30_000);
    // An A10G reads 5,000 tokens a second and needs 7.5 + 64 x 0.2 ms for a token of a full batch; twice its longest prompt is below 5 s.
    assert.equal(prefillMsPerToken, 0.2);
    assert.ok(Math.abs(tokenMs - 20.3) < 1e-9);
    assert.equal(idleMs, 2 * 5_000);
    assert.equal(firstByteMs, 30_000 + 5_000);
  });

  it("grow with the slowness of the nodes, but for the queue", () => {
    const [one, ten] = [tierLimits("silver", 30_000), tierLimits("silver", 30_000, 10)];
    assert.ok(Math.abs(ten.idleMs - 10 * one.idleMs) <= 10);
    assert.ok(Math.abs(ten.firstByteMs - 30_000 - 10 * (one.firstByteMs - 30_000)) <= 10);
  });
});
