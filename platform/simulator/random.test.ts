import assert from "node:assert/strict";
import { Random } from "./random";

const draws = (count: number, draw: () => number) => Array.from({ length: count }, draw);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("seeded random numbers", () => {
  it("repeats with the same seed and differs with another", () => {
    const [a, b, c] = [new Random(7), new Random(7), new Random(8)];
    assert.deepEqual(
      draws(50, () => a.next()),
      draws(50, () => b.next()),
    );
    assert.notDeepEqual(
      draws(50, () => new Random(7).next()),
      draws(50, () => c.next()),
    );
  });

  it("keeps purposes apart", () => {
    const first = new Random(1).fork("boot");
    const second = new Random(1).fork("spot");
    assert.notEqual(first.next(), second.next());
  });

  it("has the moments that its distributions promise", () => {
    const random = new Random(42);
    const near = (value: number, expected: number, tolerance: number) =>
      assert.ok(Math.abs(value - expected) < tolerance, `${value} is not near ${expected}`);
    near(mean(draws(20_000, () => random.poisson(4))), 4, 0.1);
    near(mean(draws(20_000, () => random.poisson(400))), 400, 1);
    near(mean(draws(20_000, () => random.exponential(10))), 10, 0.3);
    near(mean(draws(20_000, () => random.triangular(60, 90, 150))), 100, 0.7);
    const factors = draws(20_000, () => random.factor(0.5));
    near(mean(factors), 1, 0.02);
    near(Math.sqrt(mean(factors.map((value) => (value - 1) ** 2))), 0.5, 0.03);
  });
});
