import assert from "node:assert/strict";
import { tierLimits } from "../../../catalog/serving-limits";
import { type Effort, fairMs, firstByteMs, patienceMs } from "./patience";

const gold = tierLimits("gold", 30_000);
const turn: Effort = { stream: true, promptTokens: 500, tokens: 512 };

describe("patience with a tier", () => {
  for (const [what, budgetMs, leftMs, expected] of [
    ["three times the budget", 50, 300_000, 150],
    ["never so little that a pause would end it", 1, 300_000, 100],
    ["none where nobody said how soon, and the deadline is far", undefined, 300_000, undefined],
    ["half of a deadline that leaves no time for more", undefined, 6_000, 3_000],
    ["none where half a deadline is less than a healthy tier may need", undefined, 1_000, undefined],
  ] as const) {
    it(what, () => assert.equal(patienceMs(budgetMs, leftMs, turn, gold), expected));
  }

  it("is as long as the whole answer takes at the catalogue's speed where nothing is streamed", () => {
    const whole = { ...turn, stream: false };
    assert.equal(patienceMs(50, 300_000, whole, gold), 150 + Math.ceil(2 * 512 * gold.tokenMs));
    assert.ok(firstByteMs(whole, gold) > firstByteMs(turn, gold) + 512 * gold.tokenMs);
  });

  it("blames a tier only for silence beyond the time that it reads the prompt in", () => {
    assert.ok(fairMs(turn, gold) >= 500 + 500 * gold.prefillMsPerToken);
    assert.ok(fairMs({ ...turn, promptTokens: 8_000 }, gold) >= 8_000 * gold.prefillMsPerToken);
  });
});
