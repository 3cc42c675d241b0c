import assert from "node:assert/strict";
import { productFigures, renderProductFigures } from "./product-figures";

const ours = (of: string): number => Math.round(productFigures.find((figure) => figure.of === of)!.ours);

describe("the product's own figures", () => {
  it("come to known sums by this table", () => {
    assert.equal(ours("today, as one node of each tier"), 2_035);
    assert.equal(ours("today, listed as four GPU nodes"), 3_654);
    assert.equal(ours("1,000 players, GPU nodes of the sizing table"), 11_768);
    assert.equal(ours("10,000 players, on demand"), 63_262);
    assert.equal(ours("10,000 players, the way the documents reach it"), 47_450);
  });

  it("say of 10,000 players that the declared mix fits the claim and of 1,000 that on demand does not", () => {
    const fits = productFigures.filter(({ claimed, ours: own }) => own <= claimed).map(({ of }) => of);
    assert.ok(fits.includes("10,000 players, nodes as prod declares them"));
    assert.ok(!fits.includes("1,000 players, GPU nodes of the sizing table"));
  });

  it("print one block each", () => {
    assert.equal(renderProductFigures().split("\n").length, 3 * productFigures.length);
  });
});
