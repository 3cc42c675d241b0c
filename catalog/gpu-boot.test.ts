import assert from "node:assert/strict";
import fc from "fast-check";
import { bootPhases, bootToReady, networkGbps, type Preparation } from "./gpu-boot";
import { findInstanceType, gpuModels, instanceTypes, singleGpuTypes } from "./instance-types";

const gold = { weightBytes: 2.06e9, networkGbps: networkGbps("g5.xlarge") };
const preparations: Preparation[] = ["stock", "baked", "warm-pool-stopped", "warm-pool-running"];

describe("boot of a GPU node", () => {
  it("is the shorter the more is prepared", () => {
    const typical = preparations.map((preparation) => bootToReady({ preparation, ...gold }).typical);
    assert.deepEqual(
      [...typical].sort((a, b) => b - a),
      typical,
    );
    assert.ok(typical[0]! > 400 && typical.at(-1)! < 30, String(typical));
  });

  it("copies weights again after a stop, since the NVMe disk loses them, and never for a running node", () => {
    const copy = (preparation: Preparation) =>
      bootPhases({ preparation, ...gold }).find(({ phase }) => phase.includes("weights"))?.worst;
    assert.equal(copy("warm-pool-stopped"), copy("baked"));
    assert.equal(copy("warm-pool-running"), 0);
  });

  it("copies 15.2 GB in 25 s at what a g5.2xlarge sustains", () => {
    const phases = bootPhases({ preparation: "baked", weightBytes: 15.2e9, networkGbps: networkGbps("g5.2xlarge") });
    assert.equal(phases.find(({ phase }) => phase.includes("weights"))?.worst, 25);
  });

  it("takes longer without the compile cache", () => {
    const without = bootToReady({ preparation: "baked", ...gold, compileCache: false });
    assert.ok(without.typical >= bootToReady({ preparation: "baked", ...gold }).typical + 30);
  });

  it("never takes less at worst than as a rule, nor less as a rule than at best", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...preparations),
        fc.integer({ min: 0, max: 2e10 }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        (preparation, weightBytes, gbps) => {
          for (const { phase, best, typical, worst } of bootPhases({
            preparation,
            weightBytes,
            networkGbps: Math.min(gbps, 10),
          })) {
            assert.ok(best <= typical && typical <= worst, phase);
          }
        },
      ),
    );
  });
});

describe("instance types", () => {
  it("give g5 an A10G with 22,888 MiB, and c5 none", () => {
    const gpu = findInstanceType("g5.2xlarge")?.gpu;
    assert.deepEqual(gpu, { model: "A10G", count: 1 });
    assert.equal(gpuModels.A10G.memoryMiB, 22_888);
    assert.equal(findInstanceType("c5.4xlarge")?.gpu, undefined);
  });

  it("know no type by the name of a property of every object", () => {
    assert.equal(findInstanceType("constructor"), undefined);
    assert.equal(findInstanceType("toString"), undefined);
  });

  it("offer a tier only types with one GPU", () => {
    assert.ok(singleGpuTypes.includes("g6.xlarge"));
    assert.ok(!singleGpuTypes.includes("g5.12xlarge") && !singleGpuTypes.includes("c5.4xlarge"));
    assert.ok(singleGpuTypes.every((name) => name in instanceTypes));
  });
});
