import assert from "node:assert/strict";
import { tierEngine } from "../../catalog/gpu-tiers";
import { servingModel } from "../../catalog/serving-model";
import { NodeModel, waitingByChance } from "./node-model";
import { defaultWorkload } from "./workload";

const product = { count: 35, rank: 32 };
const llama = servingModel("g5.2xlarge", {
  ...tierEngine("silver", { count: 0, rank: 32 }),
  model: "Llama-3.1-8B-Instruct",
  contextTokens: 8192,
})!;
const bench = { ...defaultWorkload.silver, inputTokens: 550, cachedInputShare: 0, outputTokens: 150 };

describe("model of one node", () => {
  it("reproduces the measured tokens a second of Llama-3-8B on a g5.2xlarge within 5 %", () => {
    const node = new NodeModel(llama, bench);
    for (const [streams, measured] of [
      [1, 31.9],
      [4, 110.9],
      [16, 289.9],
      [17, 301.2],
    ] as const) {
      const tokens = node.rateAt(streams) * 150;
      assert.ok(Math.abs(tokens / measured - 1) < 0.05, `${streams} streams: ${tokens} against ${measured}`);
    }
  });

  it("finds the batch that a rate leads to", () => {
    const node = new NodeModel(llama, bench);
    for (const batch of [0.2, 1, 5, 12]) {
      assert.ok(Math.abs(node.batchAt(node.rateAt(batch)) - batch) < 1e-9);
    }
    assert.equal(node.batchAt(0), 0);
    assert.equal(node.batchAt(1000), node.maxBatch);
  });

  it("lets the three signals disagree: utilisation is full long before the batch, the KV cache hardly used at all", () => {
    const gold = servingModel("g5.xlarge", tierEngine("gold", product))!;
    const node = new NodeModel(gold, defaultWorkload.gold);
    const batch = node.maxBatch / 10;
    assert.ok(node.utilization(batch) > 95);
    assert.ok(node.rateAt(batch) < 0.6 * node.maxRate);
    assert.ok(node.kvUsage(node.maxBatch) < 40, `${node.kvUsage(node.maxBatch)}`);
  });

  it("says which speeds are estimates, and halves the speed of a GPU with half the memory bandwidth", () => {
    const a10g = servingModel("g5.xlarge", tierEngine("gold", product))!;
    const l4 = servingModel("g6.xlarge", tierEngine("gold", product))!;
    assert.equal(llama.confidence, "measured");
    assert.equal(a10g.confidence, "estimate");
    assert.equal(l4.itlBaseMs, a10g.itlBaseMs * 2);
    assert.equal(servingModel("c5.4xlarge", tierEngine("gold", product)), undefined);
  });

  it("makes few requests wait by chance where slots are many, and more as the load nears one", () => {
    assert.equal(waitingByChance(64, 0.5), 0);
    assert.ok(waitingByChance(640, 0.9) < waitingByChance(64, 0.9));
    assert.ok(waitingByChance(64, 0.95) > waitingByChance(64, 0.9));
    assert.ok(Number.isFinite(waitingByChance(64, 5)));
  });
});
