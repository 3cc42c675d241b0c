import assert from "node:assert/strict";
import { DemandEstimator, trendLeadSeconds } from "./demand";

/** Feeds one tier's requests, window by window; gives the demand of the last one. */
function last(estimator: DemandEstimator, requests: readonly number[], tier = 0): number {
  let demand = Number.NaN;
  for (const count of requests) {
    demand = estimator.add(tier, count);
    estimator.close();
  }
  return demand;
}
const flat = (length: number, value: number) => Array.from({ length }, () => value);

describe("demand that a tier has to be ready for", () => {
  it("is the mean of the last half minute while nothing changes, zero included", () => {
    assert.equal(last(new DemandEstimator(1, 10), flat(60, 50)), 50);
    assert.equal(last(new DemandEstimator(1, 10), flat(60, 0)), 0);
    assert.equal(last(new DemandEstimator(1, 10), [10]), 10);
  });

  it("sees a jump whole after half a minute, and takes it for no trend", () => {
    const estimator = new DemandEstimator(1, 10);
    last(estimator, flat(30, 10));
    assert.equal(last(estimator, [100, 100, 100]), 100);
    for (let window = 0; window < 30; window++) {
      const demand = estimator.add(0, 100);
      estimator.close();
      assert.ok(demand <= 100 + 1e-9, `${demand}`);
    }
  });

  it("follows a growth of three minutes to where it will be once a node serves", () => {
    const estimator = new DemandEstimator(1, 10);
    // 60 requests more in each minute's windows: 10 more from window to window.
    const demand = last(
      estimator,
      Array.from({ length: 60 }, (_, window) => 100 + 10 * window),
    );
    const later = 100 + 10 * (59 + trendLeadSeconds / 10);
    assert.ok(demand > 0.9 * later && demand < 1.2 * later, `${demand} against ${later}`);
  });

  it("takes falling demand as it is", () => {
    const demand = last(
      new DemandEstimator(1, 10),
      Array.from({ length: 40 }, (_, window) => 1000 - 10 * window),
    );
    assert.ok(demand < 640, `${demand}`);
  });

  it("lets the trend of all tiers count for one whose own is lost in chance", () => {
    const estimator = new DemandEstimator(2, 10);
    let small = 0;
    for (let window = 0; window < 60; window++) {
      estimator.add(0, 400 + 40 * window);
      small = estimator.add(1, 20 + (window % 2 === 0 ? 5 : -5));
      estimator.close();
    }
    assert.ok(small > 24, `${small}`);
  });
});
