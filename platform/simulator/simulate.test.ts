import assert from "node:assert/strict";
import fc from "fast-check";
import { hoursPerMonth, prices } from "../../catalog/prices";
import { defaultWorkload } from "../../catalog/workload";
import { defaultAssumptions, spotMarkets } from "./assumptions";
import { describeDecision } from "./decision-log";
import type { Demand } from "./demand/demand";
import { generateDemand, type PresetName, playerDemand, presets } from "./demand/generators";
import { goldGroup, nodeMetric, silverGroup, track } from "./fixtures";
import type { GroupPlan, TargetTrackingPlan } from "./plan";
import { simulate } from "./simulate";

const planOf = (...groups: GroupPlan[]) => ({ stack: "test", groups, warnings: [] });
const gold = (targetTracking: TargetTrackingPlan[], more: Partial<GroupPlan> = {}) =>
  planOf(goldGroup({ targetTracking, ...more }));

/** Players that change at given hours, minute by minute. */
function players(hours: number, at: (hour: number) => number): Demand {
  const series = Float64Array.from({ length: hours * 60 }, (_, minute) => at(minute / 60));
  return playerDemand("test", "test", series, 60, new Date("2026-01-05T00:00:00Z"), defaultWorkload);
}

describe("simulation of a stack", () => {
  it("walks to the maximum and stays there, with hardly a player, when framebuffer memory is tracked at 75 %", () => {
    const plan = gold([track("framebufferUsed", 75)], { desired: 1, defaultWarmupSeconds: 60 });
    // Boots that take no time, so that every decision sees all nodes of the one before.
    const assumptions = { ...defaultAssumptions, bootScale: 0 };
    const { tiers } = simulate({ plan, demand: players(6, () => 20), assumptions });
    const path = tiers[0]!.decisions.map(({ to }) => to);
    assert.deepEqual(path, [2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 48, 50]);
    assert.equal(tiers[0]!.series.desired.at(-1), 50);
    assert.match(
      describeDecision(tiers[0]!.decisions[0]!),
      /scale-out {2}1 -> 2 .*AlarmHigh > 75 .*= 90 .*ceil\(1 x 90 \/ 75\) = 2/,
    );
  });

  it("costs what the price table says when the fleet stands still: 50 + 30 nodes on demand", () => {
    const full = (group: GroupPlan) => ({
      ...group,
      desired: group.max,
      targetTracking: [track("framebufferUsed", 75)],
    });
    const plan = planOf(full(goldGroup()), full(silverGroup()));
    const { monthly, tiers } = simulate({ plan, demand: players(24, () => 100) });
    const disks = (50 * 100 + 30 * 150) * prices["ebs.gp3.storage"].usd;
    assert.ok(Math.abs(monthly - (63_262 + disks)) < 1, `${monthly}`);
    assert.ok(Math.abs(tiers[0]!.monthly.onDemand - 50 * 1.006 * hoursPerMonth) < 0.01);
  });

  it("keeps the signals apart: utilisation at 70 % pays for many times the nodes that players need, KV memory never asks", () => {
    const demand = players(12, () => 2000);
    const cost = (policies: TargetTrackingPlan[]) =>
      simulate({ plan: gold(policies, { desired: 10 }), demand }).tiers[0]!;
    const byUtilization = cost([track("gpuUtilization", 70)]);
    const byRequests = cost([track("requestsPerTarget", 220)]);
    assert.ok(byUtilization.monthly.total > 3 * byUtilization.oracle.instant);
    assert.ok(byRequests.monthly.total < 2 * byRequests.oracle.instant);
    assert.ok(byRequests.sloAttainment > 0.99);
    assert.equal(cost([track("memoryPressure", 75)]).decisions.filter(({ kind }) => kind === "scale-out").length, 0);
  });

  it("drags its own average down when cold nodes publish zeros", () => {
    const demand = players(2, (hour) => (hour < 0.2 ? 100 : 6000));
    const plan = gold([track("gpuUtilization", 70)], { desired: 1 });
    const naive = simulate({ plan, demand, assumptions: { ...defaultAssumptions, publishesWhileCold: true } });
    const silent = simulate({ plan, demand });
    const asked = (result: typeof naive) => result.tiers[0]!.series.desired.reduce((sum, desired) => sum + desired, 0);
    assert.ok(asked(naive) < asked(silent), `${asked(naive)} against ${asked(silent)}`);
  });

  it("wakes from zero on the requests that wait in the router, and not without that policy", () => {
    const demand = players(3, (hour) => (hour > 1 && hour < 2 ? 200 : 0));
    const base = { min: 0, desired: 0, defaultWarmupSeconds: 60, targetTracking: [track("gpuUtilization", 70)] };
    const wake = {
      name: "wake",
      adjustmentType: "ChangeInCapacity" as const,
      steps: [{ lower: 0, upper: null, adjustment: 1 }],
      minMagnitude: 0,
      alarms: [
        {
          name: "waiting",
          query: { ...nodeMetric("waitingRequests"), label: "WaitingRequests" },
          comparison: "GreaterThanThreshold" as const,
          threshold: 0,
          evaluationPeriods: 1,
          datapointsToAlarm: 1,
          treatMissingData: "notBreaching" as const,
        },
      ],
    };
    const asleep = simulate({ plan: planOf(goldGroup(base)), demand }).tiers[0]!;
    const woken = simulate({ plan: planOf(goldGroup({ ...base, steps: [wake] })), demand }).tiers[0]!;
    assert.equal(asleep.totals.completed, 0);
    assert.equal(woken.decisions[0]?.to, 1);
    assert.ok(woken.totals.completed > 0.8 * woken.totals.arrived);
  });

  it("repeats with the same seed and differs with another", () => {
    const run = (seed: number) =>
      simulate({ plan: gold([track("requestsPerTarget", 220)]), demand: players(4, () => 1500), seed });
    assert.deepEqual(run(5).tiers[0]!.decisions, run(5).tiers[0]!.decisions);
    assert.deepEqual(run(5).tiers[0]!.totals, run(5).tiers[0]!.totals);
    assert.notDeepEqual(run(5).tiers[0]!.totals, run(6).tiers[0]!.totals);
  });

  it("gives the same picture at 1 s as at 10 s steps", () => {
    const run = (stepSeconds: number) =>
      simulate({
        plan: gold([track("requestsPerTarget", 220)]),
        demand: players(6, (hour) => 1000 + 300 * hour),
        stepSeconds,
      });
    const [fine, coarse] = [run(1), run(10)];
    assert.ok(Math.abs(fine.monthly / coarse.monthly - 1) < 0.05);
    assert.ok(Math.abs(fine.sloAttainment - coarse.sloAttainment) < 0.02);
  });

  it("pays less than the declared policies, and never more than the oracle with lead, when it knows the future", () => {
    const { oracle, monthly } = simulate({
      plan: gold([track("requestsPerTarget", 220)]),
      demand: generateDemand("daily", { days: 1 }),
    }).tiers[0]!;
    assert.ok(oracle.instant <= oracle.withLead && oracle.withLead < monthly.total);
  });

  it("tells what its figures rest on", () => {
    const demand = players(2, () => 12_000);
    const { warnings } = simulate({ plan: gold([track("gpuUtilization", 70)], { max: 10 }), demand });
    assert.ok(warnings.some((line) => /speed of Qwen2.5-3B-Instruct-AWQ on g5.xlarge is an estimate/.test(line)));
    assert.ok(warnings.some((line) => /needs more than the maximum of 10 nodes in 100\.0 % of the time/.test(line)));
    const unpriced = simulate({
      plan: gold([track("gpuUtilization", 70)], { instanceTypes: ["g5.16xlarge"] }),
      demand,
    });
    assert.ok(Number.isNaN(unpriced.monthly));
    assert.ok(unpriced.warnings.some((line) => /g5\.16xlarge has no price/.test(line)));
  });

  it("refuses a stack without groups, a group without policies, a step that no period fits, an unknown node", () => {
    const demand = players(1, () => 1);
    assert.throws(() => simulate({ plan: planOf(), demand }), /a stack with an Auto Scaling group of GPU nodes/);
    assert.throws(() => simulate({ plan: gold([]), demand }), /gold: "no scaling policy"/);
    assert.throws(
      () => simulate({ plan: gold([track("queueDepth", 4, 10)]), demand, stepSeconds: 7 }),
      /divide the metric period of 10 s/,
    );
    const cpu = gold([track("queueDepth", 4)], { instanceTypes: ["c5.4xlarge"] });
    assert.throws(() => simulate({ plan: cpu, demand }), /an instance type with a GPU/);
  });
});

describe("conservation laws", () => {
  const presetNames = Object.keys(presets) as PresetName[];
  const scenario = fc.record({
    preset: fc.constantFrom(...presetNames),
    seed: fc.integer({ min: 1, max: 1000 }),
    players: fc.integer({ min: 0, max: 8000 }),
    percent: fc.constantFrom(0, 30, 100),
    base: fc.integer({ min: 0, max: 3 }),
    spot: fc.constantFrom("calm" as const, "scarce" as const),
    metric: fc.constantFrom(
      "gpuUtilization" as const,
      "queueDepth" as const,
      "requestsPerTarget" as const,
      "framebufferUsed" as const,
    ),
    pool: fc.boolean(),
    refresh: fc.boolean(),
    quota: fc.constantFrom(8, 60, Number.POSITIVE_INFINITY),
    failures: fc.constantFrom(0, 0.5),
  });

  it("lose no request, serve none twice, and bill exactly the seconds that instances ran", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const overrides: Partial<GroupPlan> = {
          targetTracking: [track(given.metric, given.metric === "requestsPerTarget" ? 220 : 70)],
          onDemandBase: given.base,
          onDemandPercentAboveBase: given.percent,
          warmPool: given.pool ? { state: "Stopped", minSize: 1, maxPrepared: 8, reuseOnScaleIn: true } : undefined,
        };
        const { tiers, stepSeconds } = simulate({
          plan: planOf(goldGroup(overrides), silverGroup(overrides)),
          demand: generateDemand(given.preset, { days: 0.5, seed: given.seed, players: given.players }),
          seed: given.seed,
          refreshAtSeconds: given.refresh ? 3600 : undefined,
          assumptions: {
            ...defaultAssumptions,
            spotMarket: spotMarkets[given.spot],
            onDemandFailureShare: given.failures,
            quotaVcpus: { onDemand: given.quota, spot: given.quota },
          },
        });
        for (const { totals, ledger, series, group } of tiers) {
          const left = totals.arrived - totals.completed - totals.gaveUp - totals.waiting - totals.running;
          assert.ok(Math.abs(left) < 1e-3 + totals.arrived * 1e-9, `${left} of ${totals.arrived} requests`);
          assert.ok(totals.good <= totals.completed + totals.running + 1e-6);
          assert.ok(Math.abs(totals.billedOnDemandSeconds - ledger.onDemandSeconds) < 1e-6);
          assert.ok(Math.abs(totals.billedSpotSeconds - ledger.spotSeconds) < 1e-6);
          const summed = series.billed.reduce((sum, count) => sum + count * stepSeconds, 0);
          assert.ok(Math.abs(summed - ledger.onDemandSeconds - ledger.spotSeconds) < 1e-6);
          assert.ok(series.desired.every((desired) => desired >= group.min && desired <= group.max));
          assert.ok(series.waiting.every((waiting) => waiting >= 0));
        }
      }),
      { numRuns: 60 },
    );
  });
});
