import assert from "node:assert/strict";
import fc from "fast-check";
import {
  adapterBytes,
  baseWeightBytes,
  describeGpuMemory,
  gpuMemoryMiB,
  kvBytesPerToken,
  planGpuMemory,
} from "./gpu-memory";
import { baseModels, findBaseModel, loraModules } from "./gpu-models";

const qwen7b = baseModels["Qwen2.5-7B-Instruct"];
const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);

describe("GPU memory arithmetic", () => {
  it("gives the published size of each base model's weights", () => {
    near(baseWeightBytes(baseModels["Qwen2.5-3B-Instruct-AWQ"]) / 1e9, 2.06, 0.02);
    near(baseWeightBytes(baseModels["Qwen2.5-7B-Instruct-AWQ"]) / 1e9, 5.57, 0.02);
    near(baseWeightBytes(qwen7b) / 1e9, 15.23, 0.02);
    near(baseWeightBytes(baseModels["Llama-3.1-8B-Instruct"]) / 1e9, 16.06, 0.02);
  });

  it("gives 36, 56 and 128 KiB of KV cache per token", () => {
    assert.equal(kvBytesPerToken(baseModels["Qwen2.5-3B-Instruct-AWQ"]), 36 * 1024);
    assert.equal(kvBytesPerToken(qwen7b), 56 * 1024);
    assert.equal(kvBytesPerToken(baseModels["Llama-3.1-8B-Instruct"]), 128 * 1024);
  });

  it("gives 20, 40 and 81 MB for an attention adapter of rank 16, 32 and 64 on the 7B model", () => {
    for (const [rank, megabytes] of [
      [16, 20],
      [32, 40],
      [64, 81],
    ] as const) {
      near(adapterBytes(qwen7b, rank) / 1e6, megabytes, 0.5);
    }
    near(adapterBytes(baseModels["Qwen2.5-3B-Instruct-AWQ"], 32) / 1e6, 29, 0.6);
    near(adapterBytes(baseModels["Llama-3.1-8B-Instruct"], 32) / 1e6, 55, 0.6);
  });

  it("shows why 35 adapters are 1.4 GB on the attention projections and 5.65 GB as vLLM reserves them", () => {
    near((35 * adapterBytes(qwen7b, 32)) / 1e9, 1.41, 0.01);
    near(adapterBytes(qwen7b, 32, loraModules) / 1e6, 161, 1);
    near((35 * adapterBytes(qwen7b, 32, loraModules)) / 1e9, 5.65, 0.01);
  });

  it("gives all 35 adapters a slot on Gold and fewer on Silver's 16-bit 7B model", () => {
    const adapters = { count: 35, rank: 32 };
    const gold = planGpuMemory({
      gpuMemoryMiB: gpuMemoryMiB.A10G,
      model: baseModels["Qwen2.5-3B-Instruct-AWQ"],
      adapters,
      utilization: 0.9,
    });
    assert.equal(gold.gpuSlots, 35);
    assert.equal(gold.cpuAdapters, 0);
    assert.ok(gold.fits);

    const silver = planGpuMemory({
      gpuMemoryMiB: gpuMemoryMiB.A10G,
      model: qwen7b,
      adapters,
      utilization: 0.85,
      contextTokens: 16_384,
      minConcurrent: 1,
    });
    assert.ok(silver.fits);
    assert.ok(silver.gpuSlots > 7 && silver.gpuSlots < 35, `${silver.gpuSlots} slots`);
    assert.equal(silver.gpuSlots + silver.cpuAdapters, 35);
  });

  it("refuses 35 slots of every module on Silver's 16-bit 7B model and says what to change", () => {
    const plan = planGpuMemory({
      gpuMemoryMiB: gpuMemoryMiB.A10G,
      model: qwen7b,
      adapters: { count: 35, rank: 32 },
      utilization: 0.85,
      slots: 35,
    });
    assert.equal(plan.fits, false);
    assert.match(plan.problems.join("\n"), /KV cache.*use fewer slots/);
    assert.match(describeGpuMemory(plan), /does not fit/);
  });

  it("refuses a rank that no slot can hold and a context above the model's", () => {
    const plan = planGpuMemory({
      gpuMemoryMiB: gpuMemoryMiB.A10G,
      model: baseModels["Qwen2.5-3B-Instruct-AWQ"],
      adapters: { count: 35, rank: 512 },
      contextTokens: 65_536,
    });
    assert.match(plan.problems.join("\n"), /rank 512 is above/);
    assert.match(plan.problems.join("\n"), /context of 65536 tokens is above/);
  });

  it("never plans more than the budget, and never loses an adapter", () => {
    const names = Object.values(baseModels);
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.integer({ min: 8_000, max: 80_000 }),
        fc.integer({ min: 0, max: 200 }),
        fc.constantFrom(8, 16, 24, 32, 64),
        fc.double({ min: 0.5, max: 0.95, noNaN: true }),
        (model, memory, count, rank, utilization) => {
          const plan = planGpuMemory({ gpuMemoryMiB: memory, model, adapters: { count, rank }, utilization });
          if (!plan.fits) return;
          const [budget, ...parts] = plan.lines;
          assert.ok(parts.reduce((sum, { bytes }) => sum + bytes, 0) <= budget!.bytes);
          assert.equal(plan.gpuSlots + plan.cpuAdapters, count);
          assert.ok(plan.concurrentAtFullContext >= 4);
        },
      ),
    );
  });

  it("prints each part with its arithmetic", () => {
    const plan = planGpuMemory({
      gpuMemoryMiB: gpuMemoryMiB.A10G,
      model: baseModels["Qwen2.5-7B-Instruct-AWQ"],
      adapters: { count: 35, rank: 32 },
    });
    const text = describeGpuMemory(plan);
    assert.match(text, /base weights\s+5\.19 GiB/);
    assert.match(text, /35 of 35 x 161\.5 MB/);
    assert.match(text, /tokens x 56 KiB/);
    assert.match(text, /^fits: /m);
  });

  it("finds a model by either name and none by a name it does not know", () => {
    assert.equal(findBaseModel("Qwen2.5-7B-Instruct"), qwen7b);
    assert.equal(findBaseModel("Qwen/Qwen2.5-7B-Instruct"), qwen7b);
    assert.equal(findBaseModel("constructor"), undefined);
  });
});
