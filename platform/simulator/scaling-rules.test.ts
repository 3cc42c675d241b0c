import assert from "node:assert/strict";
import fc from "fast-check";
import {
  clamp,
  findStep,
  purchaseSplit,
  roundPercentChange,
  type StepAdjustment,
  stepCapacity,
  targetTrackingCapacity,
} from "./scaling-rules";

/** Capacities that one policy walks through while its metric stands still. */
function walk(from: number, metric: number, target: number, max: number): number[] {
  const seen = [from];
  for (let capacity = from; capacity < max; ) {
    capacity = clamp(targetTrackingCapacity(capacity, metric, target), 0, max);
    seen.push(capacity);
  }
  return seen;
}

describe("target tracking arithmetic", () => {
  it("pins the group when preallocated framebuffer of 90 % is tracked at 75 %: ceil(n x 90 / 75), 16 decisions to 50", () => {
    // 1 x 1.2 = 1.2 -> 2; 2 x 1.2 = 2.4 -> 3; ... 40 x 1.2 = 48; 48 x 1.2 = 57.6 -> 50, the maximum.
    const path = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 48, 50];
    assert.deepEqual(walk(1, 90, 75, 50), path);
    assert.equal(path.length - 1, 16);
  });

  it("grows by at most 100 / 70 a decision on saturated utilisation: 1 to 50 in nine", () => {
    // 1 x 100 / 70 = 1.43 -> 2; 2.86 -> 3; 4.29 -> 5; 7.14 -> 8; 11.4 -> 12; 17.1 -> 18; 25.7 -> 26; 37.1 -> 38; 54.3 -> 50.
    const path = [1, 2, 3, 5, 8, 12, 18, 26, 38, 50];
    assert.deepEqual(walk(1, 100, 70, 50), path);
    assert.equal(path.length - 1, 9);
  });

  it("follows a queue without a ceiling: 10 instances at 150 waiting each against 100 become 15 at once", () => {
    assert.equal(targetTrackingCapacity(10, 150, 100), 15);
  });

  it("reproduces the recorded events of a WorkerBacklog policy with target 20: 2 to 3 and 2 to 1", () => {
    // High alarm above 20: any backlog in (20, 30] gives ceil(2 x m / 20) = 3. Low alarm below 14: any in (0, 10] gives 1.
    assert.equal(targetTrackingCapacity(2, 25, 20), 3);
    assert.equal(targetTrackingCapacity(2, 9, 20), 1);
  });

  it("never leaves a metric that falls with capacity above its target", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0.01, max: 1000, noNaN: true }),
        fc.double({ min: 0.5, max: 100, noNaN: true }),
        (capacity, metric, target) => {
          const next = targetTrackingCapacity(capacity, metric, target);
          assert.ok((capacity * metric) / next <= target * (1 + 1e-6));
        },
      ),
    );
  });
});

describe("step scaling arithmetic", () => {
  const out: StepAdjustment[] = [
    { lower: 0, upper: 10, adjustment: 0 },
    { lower: 10, upper: 20, adjustment: 10 },
    { lower: 20, upper: null, adjustment: 30 },
  ];
  const inwards: StepAdjustment[] = [
    { lower: -10, upper: 0, adjustment: 0 },
    { lower: -20, upper: -10, adjustment: -10 },
    { lower: null, upper: -20, adjustment: -30 },
  ];
  const apply = (capacity: number, metric: number, steps: readonly StepAdjustment[]) =>
    stepCapacity(capacity, "PercentChangeInCapacity", findStep(steps, metric, 50)!.adjustment);

  it("walks the user guide's example around a threshold of 50: 10, 11, 14, 13, 10", () => {
    assert.equal(apply(10, 60, out), 11); // 10 % of 10 = 1
    assert.equal(apply(11, 70, out), 14); // 30 % of 11 = 3.3 -> 3
    assert.equal(apply(14, 40, inwards), 13); // 10 % of 14 = 1.4 -> 1
    assert.equal(apply(13, 30, inwards), 10); // 30 % of 13 = 3.9 -> 3
  });

  it("counts a bound to the step away from the threshold's side, and changes nothing near the threshold", () => {
    assert.equal(findStep(out, 59.9, 50)?.adjustment, 0);
    assert.equal(findStep(out, 70, 50)?.adjustment, 30);
    assert.equal(findStep(inwards, 40.1, 50)?.adjustment, 0);
    assert.equal(findStep(inwards, 30, 50)?.adjustment, -30);
    assert.equal(findStep([{ lower: 5, upper: null, adjustment: 1 }], 52, 50), undefined);
  });

  it("rounds percentages away from zero below one and towards zero above", () => {
    assert.deepEqual([12.7, 0.67, -0.58, -6.67].map(roundPercentChange), [12, 1, -1, -6]);
  });

  it("adds at least the minimum magnitude, and knows the two other kinds", () => {
    assert.equal(stepCapacity(4, "PercentChangeInCapacity", 25, 2), 6);
    assert.equal(stepCapacity(3, "ChangeInCapacity", 5), 8);
    assert.equal(stepCapacity(3, "ExactCapacity", 5), 5);
    assert.equal(stepCapacity(2, "ChangeInCapacity", -5), 0);
  });
});

describe("on demand and spot", () => {
  it("splits 10, 20, 30 and 40 as the user guide's five examples do", () => {
    const table: [base: number, percent: number, onDemand: number[]][] = [
      [10, 50, [10, 15, 20, 25]],
      [0, 0, [0, 0, 0, 0]],
      [0, 60, [6, 12, 18, 24]],
      [0, 100, [10, 20, 30, 40]],
      [12, 0, [10, 12, 12, 12]],
    ];
    for (const [base, percent, expected] of table) {
      const split = [10, 20, 30, 40].map((total) => purchaseSplit(total, base, percent));
      assert.deepEqual(
        split.map(({ onDemand }) => onDemand),
        expected,
      );
      assert.deepEqual(
        split.map(({ onDemand, spot }) => onDemand + spot),
        [10, 20, 30, 40],
      );
    }
  });

  it("rounds a fraction in favour of on demand", () => {
    assert.deepEqual(purchaseSplit(5, 1, 30), { onDemand: 3, spot: 2 }); // 1 + ceil(4 x 0.3 = 1.2)
  });
});
