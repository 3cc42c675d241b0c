import assert from "node:assert/strict";
import { Histogram, Registry } from "prom-client";
import { IntervalHistogram } from "./interval-histogram";

describe("the histogram of intervals", () => {
  it("prints what prom-client's own prints for the same values", async () => {
    const bounds = [0.01, 0.1, 1];
    const [name, help, label] = ["gap_seconds", "seconds between two tokens", "archetype"];
    const ours = new Registry();
    const theirs = new Registry();
    const histogram = new IntervalHistogram(name, help, label, bounds, ours);
    const reference = new Histogram({ name, help, labelNames: [label], buckets: bounds, registers: [theirs] });
    const values = { vampire: [0.001, 0.01, 0.0100001, 0.5, 1, 7], lich: [0.1], ghoul: [2, 3] };
    for (const [archetype, seconds] of Object.entries(values)) {
      for (const value of seconds) {
        histogram.observer(archetype)(value);
        reference.observe({ archetype }, value);
      }
    }
    assert.equal(await ours.metrics(), await theirs.metrics());
  });
});
