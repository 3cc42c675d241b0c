import assert from "node:assert/strict";
import { findPrice, hoursPerMonth, instancePrice, prices } from "./prices";

describe("prices", () => {
  it("gives every price a positive amount, a source and a date or the word unknown", () => {
    for (const [id, price] of Object.entries(prices)) {
      assert.ok(price.usd > 0, id);
      assert.ok(price.source.length > 0, id);
      assert.match(price.asOf, /^(unknown|\d{4}(-\d{2}(-\d{2})?)?)$/, id);
    }
  });

  it("puts spot well below on-demand for the GPU types: about 57 % off", () => {
    for (const type of ["g5.xlarge", "g5.2xlarge"]) {
      const ratio = instancePrice(type, "spot")!.usd / instancePrice(type, "on-demand")!.usd;
      assert.ok(ratio > 0.42 && ratio < 0.44, `${type} ${ratio}`);
    }
  });

  it("adds up to the known cost of the full fleet on demand: 50 g5.xlarge and 30 g5.2xlarge", () => {
    const hourly = 50 * prices["ec2.g5.xlarge.on-demand"].usd + 30 * prices["ec2.g5.2xlarge.on-demand"].usd;
    assert.equal(Math.round(hourly * hoursPerMonth), 63_262);
  });

  it("says that it does not know a price instead of guessing", () => {
    assert.equal(instancePrice("p5.48xlarge", "on-demand"), undefined);
    assert.equal(findPrice("toString"), undefined);
  });
});
