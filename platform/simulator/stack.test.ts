import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { type Evaluation, evaluate } from "../engine";
import { enginesOf, scalingPlanOf } from "./adapter";
import { candidates, demandPlan } from "./candidates";
import { recommend } from "./compare";
import { type Demand, defaultStart } from "./demand/demand";
import { generateDemand } from "./demand/generators";
import type { GroupPlan } from "./plan";
import { shapes } from "./shapes";
import { type SimulateOptions, simulate } from "./simulate";

const projectDir = join(__dirname, "..", "..");
const timeout = 540_000;
const gpuKey = "game-ai-platform:gpu";

describe("the policies that prod declares", () => {
  let prod: Evaluation;
  before(async () => {
    prod = await evaluate({ projectDir, stack: "prod", timeoutMs: timeout });
  });
  const policiesOf = (evaluation: Evaluation) =>
    scalingPlanOf(evaluation).groups.map(({ tier, targetTracking }) => ({
      tier,
      policies: targetTracking
        .map(({ query, target }) => `${query.terms[0]?.metric} ${target}`)
        .sort((a, b) => a.localeCompare(b)),
    }));

  it("are read from the evaluated program, and every one of them sees data", () => {
    assert.deepEqual(policiesOf(prod), [
      { tier: "gold", policies: ["demand 318", "memoryPressure 75"] },
      { tier: "silver", policies: ["demand 174", "memoryPressure 75"] },
    ]);
    assert.deepEqual(
      scalingPlanOf(prod).warnings.filter((warning) => /sees no data/.test(warning)),
      [],
    );
  });

  it("are those that comparisons make of the same target and spread", () => {
    const plan = scalingPlanOf(prod);
    const settings = { gold: { target: 318, spread: 1.2 }, silver: { target: 174, spread: 0.55 } };
    const made = demandPlan(plan, ({ tier }) => settings[tier]);
    const comparable = (groups: readonly GroupPlan[]) =>
      groups.map(({ targetTracking, steps }) => ({
        tracked: targetTracking.map(({ query, target, disableScaleIn }) => [query.expression, target, disableScaleIn]),
        steps: steps.map((policy) => [policy.steps, policy.minMagnitude, policy.alarms[0]?.query.expression]),
        alarms: steps.map(({ alarms }) => [alarms[0]?.threshold, alarms[0]?.evaluationPeriods]),
      }));
    assert.deepEqual(comparable(plan.groups), comparable(made.groups));
  });

  const shapeNamed = (name: string) => shapes.find((shape) => shape.name === name)!;
  const variation = { seed: 77, shiftHours: 3.5, height: 1 };

  for (const name of ["daily", "launch", "reconnect"]) {
    it(`keep 99 % within the objective on ${name}, at no more than half again what an oracle pays`, () => {
      const options: SimulateOptions = {
        plan: scalingPlanOf(prod),
        engines: enginesOf(prod),
        demand: shapeNamed(name).demand(variation),
        seed: variation.seed,
      };
      for (const { sloAttainment, monthly, oracle } of simulate(options).tiers) {
        assert.ok(sloAttainment >= 0.99, `${sloAttainment}`);
        assert.ok(monthly.total <= 1.5 * oracle.withLead, `${monthly.total / oracle.withLead}`);
      }
    });
  }

  it("scale in at night, when nobody asks, where the load balancer's count has nothing to say", () => {
    const plan = scalingPlanOf(prod);
    const evening = shapeNamed("evening").demand({ seed: 1, shiftHours: 0, height: 1 });
    const nightly = (policies: typeof plan) => {
      const { tiers, stepSeconds } = simulate({ plan: policies, engines: enginesOf(prod), demand: evening });
      // Three in the morning after the second evening.
      return tiers.map(({ series }) => series.ready[(51 * 3600) / stepSeconds]);
    };
    assert.deepEqual(nightly(plan), [1, 1]);
    const counted = candidates({ plan, engines: enginesOf(prod), demand: evening });
    const byBalancer = counted.find(({ name }) => name === "requests 60 % + queue 4")!.plan;
    assert.ok(
      nightly(byBalancer).every((nodes) => nodes! > 1),
      `${nightly(byBalancer)}`,
    );
  });

  it("go from one node to fifty within twelve minutes of a jump", () => {
    const plan = scalingPlanOf(prod);
    const gold = plan.groups.find(({ tier }) => tier === "gold")!;
    const only = { ...plan, groups: [gold] };
    const rates = Float64Array.from({ length: 120 }, (_, minute) => (minute < 30 ? 0.5 : 400));
    const series = { intervalSeconds: 60, rate: rates, exact: false };
    const demand: Demand = {
      name: "jump",
      about: "test",
      durationSeconds: 7200,
      start: defaultStart,
      tiers: { gold: series, silver: series },
    };
    const { series: run, group } = simulate({ plan: only, engines: enginesOf(prod), demand }).tiers[0]!;
    assert.equal(run.ready[(29 * 60) / 10], 1);
    const full = run.ready.indexOf(group.max);
    assert.ok(full > 0 && full * 10 - 1800 <= 12 * 60, `${full * 10 - 1800} s`);
  });

  it("can be replaced by what a recommendation prints: the program takes it and declares just that", async () => {
    const options: SimulateOptions = {
      plan: scalingPlanOf(prod),
      engines: enginesOf(prod),
      demand: generateDemand("daily", { players: 4000, days: 0.2 }),
    };
    const { config, plan } = recommend(options, 0.99);
    const printed = (parse(config) as { config: Record<string, object> }).config[gpuKey];
    const again = await evaluate({
      projectDir,
      stack: "prod",
      timeoutMs: timeout,
      config: { [gpuKey]: JSON.stringify(printed) },
    });
    assert.deepEqual(
      policiesOf(again),
      plan.groups.map(({ tier, targetTracking }) => ({
        tier,
        policies: targetTracking.map(({ name, target }) => `${name} ${target}`).sort((a, b) => a.localeCompare(b)),
      })),
    );
    assert.deepEqual(
      scalingPlanOf(again).groups.map(({ min }) => min),
      plan.groups.map(({ min }) => min),
    );
  });
});
