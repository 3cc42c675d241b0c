import assert from "node:assert/strict";
import fc from "fast-check";
import { checkQuotas, checkTier, tierVcpus, worstBootSeconds } from "./gpu-checks";
import { resolveTier, type TierConfig } from "./gpu-settings";

const gold: TierConfig = { min: 1, max: 50, onDemandBase: 1, onDemandPercentage: 30 };
const silver: TierConfig = { min: 1, max: 30, onDemandBase: 1, onDemandPercentage: 30 };
const onDemand = { min: 1, max: 10 };

const findings = (config: TierConfig) =>
  checkTier(resolveTier("gold", config)).map(({ level, path, allowed }) => `${level} ${path}: ${allowed}`);

describe("checks of a GPU tier", () => {
  it("has nothing to say about the production tiers", () => {
    assert.deepEqual(checkTier(resolveTier("gold", { ...gold, demand: { target: 318, spread: 1.2 } })), []);
    assert.deepEqual(checkTier(resolveTier("silver", { ...silver, demand: { target: 174, spread: 0.55 } })), []);
  });

  const cases: readonly (readonly [string, TierConfig, RegExp])[] = [
    [
      "a type that is unknown",
      { ...gold, instanceTypes: ["g5.tiny", "g6.xlarge"] },
      /^refuse instanceTypes\.0: a known type.*g5\.xlarge/,
    ],
    [
      "a type without a GPU",
      { ...gold, instanceTypes: ["c5.4xlarge", "g6.xlarge"] },
      /^refuse instanceTypes\.0: a type that has a GPU/,
    ],
    [
      "a type with several GPUs",
      { ...gold, instanceTypes: ["g5.12xlarge", "g6.xlarge"] },
      /^refuse instanceTypes\.0: a type with one GPU/,
    ],
    ["a type twice", { ...gold, instanceTypes: ["g5.xlarge", "g5.xlarge"] }, /^refuse instanceTypes: each type once/],
    ["a min above max", { ...gold, min: 51 }, /^refuse min: at most max \(50\)/],
    ["bounds that pin the group", { ...gold, min: 50 }, /^refuse max: above min.*pin the group/],
    [
      "a group that can never wake",
      { ...gold, min: 0, wakeFromZero: false },
      /^refuse wakeFromZero.*missing data never scales/,
    ],
    [
      "a group that a schedule puts to sleep for ever",
      {
        ...gold,
        wakeFromZero: false,
        scheduled: [{ name: "night", recurrence: "0 2 * * *", timeZone: "UTC", min: 0 }],
      },
      /^refuse wakeFromZero/,
    ],
    ["an on-demand base above max", { ...gold, onDemandBase: 60 }, /^refuse onDemandBase: at most max/],
    ["spot from one pool a zone", { ...gold, instanceTypes: ["g5.xlarge"] }, /^warn instanceTypes: two types/],
    ["a model that is not in the catalog", { ...gold, engine: { model: "gpt-2" } }, /^refuse engine\.model: Qwen/],
    [
      "a model that does not fit",
      { ...gold, engine: { memoryUtilization: 0.2 } },
      /^refuse engine: an engine that fits.*KV cache/,
    ],
    ["a hook that gives slow nodes up", { ...gold, readyTimeoutSeconds: 120 }, /^refuse readyTimeoutSeconds.*307 s/],
    ["a warm-up without data", { ...gold, warmupSeconds: 30 }, /^refuse warmupSeconds: at least 50 s/],
    [
      "a target that the weakest type cannot carry",
      { ...gold, demand: { target: 310 }, instanceTypes: ["g5.xlarge", "g6.xlarge"] },
      /^refuse demand\.target: less; .* g6\.xlarge, the weakest of g5\.xlarge, g6\.xlarge, keeps the objective up to \d+$/,
    ],
    [
      "a target above what any type carries",
      { ...gold, demand: { target: 400 } },
      /^refuse demand\.target: less; .* g5\.xlarge, the weakest of/,
    ],
    [
      "a target on the load balancer's count above what the weakest type carries",
      { ...gold, requestRate: { target: 342, scaleIn: false } },
      /^refuse requestRate\.target: less; 8 nodes would get 342 requests a minute each/,
    ],
    [
      "a target for an engine that nobody has fitted",
      { ...gold, demand: { target: 100 }, engine: { maxSequences: 7 } },
      /^warn demand\.target: a target that was measured/,
    ],
    [
      "a vote that goes missing at night",
      { ...gold, requestRate: { target: 200 } },
      /^warn requestRate\.scaleIn: demand in its place; ELB reports nothing/,
    ],
    [
      "a target that saturates",
      { ...gold, gpuUtilization: { target: 100 } },
      /^refuse gpuUtilization\.target.*never grow/,
    ],
    [
      "no vote for fewer nodes",
      {
        ...gold,
        gpuUtilization: { scaleIn: false },
        memoryPressure: { scaleIn: false },
        queueDepth: { scaleIn: false },
      },
      /^refuse gpuUtilization\.scaleIn.*scale in/,
    ],
    [
      "no policy at all",
      {
        ...gold,
        gpuUtilization: { enabled: false },
        memoryPressure: { enabled: false },
        queueDepth: { enabled: false },
      },
      /^refuse demand\.enabled.*never change its size/,
    ],
    [
      "no vote for fewer nodes among those that are left on",
      {
        ...gold,
        requestRate: { target: 200, scaleIn: false },
        gpuUtilization: { enabled: false },
        memoryPressure: { enabled: false },
        queueDepth: { scaleIn: false },
      },
      /^refuse requestRate\.scaleIn: true for at least one of requestRate, queueDepth;/,
    ],
    [
      "a group that only its queue holds up",
      { ...gold, gpuUtilization: { enabled: false } },
      /^warn demand: demand, or a vote of requestRate or gpuUtilization.*shrink under load/,
    ],
    ["a warm pool with spot", { ...gold, warmPool: { state: "stopped", maxPrepared: 5 } }, /^refuse warmPool.*spot/],
    [
      "a warm pool as large as the group",
      { ...onDemand, warmPool: { state: "stopped" } },
      /^warn warmPool\.maxPrepared/,
    ],
    [
      "a warm pool that does not fit",
      { ...onDemand, warmPool: { state: "running", minSize: 10, maxPrepared: 10 } },
      /^refuse warmPool\.minSize: at most max - min \(9\)/,
    ],
    [
      "a schedule that pins",
      { ...gold, scheduled: [{ name: "event", recurrence: "0 18 * * 5", timeZone: "UTC", min: 50 }] },
      /^warn scheduled\.0.*pin/,
    ],
    [
      "a schedule above max",
      { ...gold, scheduled: [{ name: "event", recurrence: "0 18 * * 5", timeZone: "UTC", min: 60 }] },
      /^refuse scheduled\.0\.min/,
    ],
  ];
  for (const [what, config, expected] of cases) {
    it(`finds ${what}, and nothing else`, () => {
      const found = findings(config);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0]!, expected);
    });
  }

  it("lets a group follow its requests with utilisation only observed, and leaves the target of a policy that is off alone", () => {
    const byRequests = {
      ...gold,
      demand: { target: 310, spread: 1.1 },
      gpuUtilization: { enabled: false, target: 100 },
    };
    assert.deepEqual(findings(byRequests), []);
  });

  it("lets a warm pool stand on demand, and a tier sleep that can wake", () => {
    assert.deepEqual(findings({ ...onDemand, warmPool: { state: "stopped", maxPrepared: 4 } }), []);
    assert.deepEqual(findings({ min: 0, max: 2, onDemandPercentage: 0 }), []);
  });

  it("counts the full fleet as 880 vCPU, every node of its tier's largest type", () => {
    const needs = [tierVcpus(resolveTier("gold", gold)), tierVcpus(resolveTier("silver", silver))];
    assert.deepEqual(needs, [
      { onDemandVcpus: 128, spotVcpus: 272 },
      { onDemandVcpus: 160, spotVcpus: 320 },
    ]);
    assert.equal(
      needs.reduce((sum, need) => sum + need.onDemandVcpus + need.spotVcpus, 0),
      880,
    );
  });

  it("refuses quotas below max, warns without any, and accepts what is enough", () => {
    const tiers = [resolveTier("gold", gold), resolveTier("silver", silver)];
    assert.deepEqual(checkQuotas(tiers, { onDemandVcpus: 288, spotVcpus: 592 }), []);
    const [onDemandShort] = checkQuotas(tiers, { onDemandVcpus: 287, spotVcpus: 592 });
    assert.match(`${onDemandShort?.level} ${onDemandShort?.allowed}`, /^refuse at least 288.*L-DB2E81BA/);
    const [spotShort] = checkQuotas(tiers, { onDemandVcpus: 880, spotVcpus: 0 });
    assert.match(`${spotShort?.level} ${spotShort?.path}`, /^refuse quotas\.spotVcpus/);
    const [unknown] = checkQuotas(tiers, undefined);
    assert.match(`${unknown?.level} ${unknown?.allowed}`, /^warn .*880 vCPU/);
  });

  it("never counts fewer vCPU than the nodes that a split of max comes to", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(100), fc.nat(200), (max, percentage, base) => {
        const settings = resolveTier("gold", {
          min: 0,
          max,
          onDemandPercentage: percentage,
          onDemandBase: Math.min(base, max),
        });
        const { onDemandVcpus, spotVcpus } = tierVcpus(settings);
        assert.equal(onDemandVcpus + spotVcpus, max * 8);
        assert.ok(onDemandVcpus >= Math.min(base, max) * 8);
      }),
    );
  });

  it("keeps the hook's timeout far above the worst boot of both tiers", () => {
    for (const settings of [resolveTier("gold", gold), resolveTier("silver", silver)]) {
      const boot = worstBootSeconds(settings);
      assert.ok(settings.readyTimeoutSeconds >= 2.5 * boot, `${boot}`);
    }
  });
});
