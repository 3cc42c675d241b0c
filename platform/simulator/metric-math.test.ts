import assert from "node:assert/strict";
import { compileMath } from "./metric-math";

const evaluate = (expression: string, values: Record<string, number>) =>
  compileMath(expression, Object.keys(values))(new Map(Object.entries(values)));

describe("metric math", () => {
  it("computes backlog per instance with the usual precedence", () => {
    assert.equal(evaluate("m1/m2", { m1: 1500, m2: 10 }), 150);
    assert.equal(evaluate("(m1 + 2 * m2) / 4 - 1", { m1: 2, m2: 3 }), 1);
    assert.equal(evaluate("-m1 * 2", { m1: 3 }), -6);
  });

  it("gives no datapoint for a missing metric or a division by zero, unless it is filled", () => {
    assert.ok(Number.isNaN(evaluate("m1/m2", { m1: 5, m2: 0 })));
    assert.ok(Number.isNaN(evaluate("m1/m2", { m1: Number.NaN, m2: 2 })));
    assert.equal(evaluate("FILL(m1, 0) / MAX([m2, 1])", { m1: Number.NaN, m2: 0 }), 0);
    assert.equal(evaluate("IF(m2 > 0, m1 / m2, m1)", { m1: 7, m2: 0 }), 7);
  });

  it("names what it cannot read", () => {
    assert.throws(() => compileMath("m1 / m3", ["m1", "m2"]), /metric expression: "m1 \/ m3".*ids m1, m2/);
    assert.throws(() => compileMath("m1 / ", ["m1"]), /a number, an id or a function/);
    assert.throws(() => compileMath("(m1", ["m1"]), /"\)" at "the end"/);
    assert.throws(() => compileMath("m1 m1", ["m1"]), /the end at "m1"/);
  });
});
