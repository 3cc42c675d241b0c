import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { type Evaluation, evaluate } from "../engine";
import { enginesOf, scalingPlanOf } from "./adapter";
import { candidates } from "./candidates";
import { ranked, recommend, rowOf } from "./compare";
import { generateDemand, type PresetName } from "./demand/generators";
import { type SimulateOptions, simulate } from "./simulate";

const projectDir = join(__dirname, "..", "..");
const timeout = 540_000;
const gpuKey = "game-ai-platform:gpu";

describe("the policies that prod declares", () => {
  let prod: Evaluation;
  before(async () => {
    prod = await evaluate({ projectDir, stack: "prod", timeoutMs: timeout });
  });
  const against = (demand: PresetName, days: number): SimulateOptions => ({
    plan: scalingPlanOf(prod),
    engines: enginesOf(prod),
    demand: generateDemand(demand, { players: 4000, days }),
  });
  const policiesOf = (evaluation: Evaluation) =>
    scalingPlanOf(evaluation).groups.map(({ tier, targetTracking }) => ({
      tier,
      policies: targetTracking
        .map(({ query, target }) => `${query.terms[0]?.metric} ${target}`)
        .sort((a, b) => a.localeCompare(b)),
    }));

  it("are read from the evaluated program, and every one of them sees data", () => {
    const guards = ["memoryPressure 75", "queueDepth 4"];
    assert.deepEqual(policiesOf(prod), [
      { tier: "gold", policies: [...guards, "requestsPerTarget 342"] },
      { tier: "silver", policies: [...guards, "requestsPerTarget 84"] },
    ]);
    assert.deepEqual(
      scalingPlanOf(prod).warnings.filter((warning) => /sees no data/.test(warning)),
      [],
    );
  });

  /** The declared policies, the defaults, and targets on either side of the declared one; not the whole comparison, for speed. */
  const rivals = ["declared", "defaults", "requests 50 % + queue 4", "requests 70 % + queue 4"];
  const compared = (options: SimulateOptions, names = rivals) =>
    candidates(options)
      .filter(({ name }) => names.includes(name))
      .map(({ name, about, plan }) => rowOf(name, about, simulate({ ...options, plan }), 0.99));

  it("are the cheapest that keep 99 % of requests within the SLO on a daily curve, reconnects and bursts alike", () => {
    const runs = (["daily", "reconnect", "bursts"] as const).map((demand) => compared(against(demand, 1.5)));
    const together = runs[0]!.map((row, place) => ({
      ...row,
      monthly: runs.reduce((sum, rows) => sum + rows[place]!.monthly, 0),
      meetsSlo: runs.every((rows) => rows[place]!.meetsSlo),
    }));
    const kept = ranked(together).filter(({ meetsSlo }) => meetsSlo);
    assert.deepEqual(
      kept.map(({ name }) => name),
      ["declared", "requests 50 % + queue 4", "defaults"],
    );
    assert.ok(2 * kept[0]!.monthly < kept.at(-1)!.monthly);
  });

  it("cost less than the defaults on launch day, where neither keeps Silver, and answer as much within the SLO", () => {
    const [declared, defaults] = compared(against("launch", 1.5), ["declared", "defaults"]);
    assert.ok(!declared!.meetsSlo && !defaults!.meetsSlo);
    assert.ok(declared!.monthly < 0.85 * defaults!.monthly);
    assert.ok(declared!.sloAttainment > defaults!.sloAttainment - 0.001);
  });

  it("can be replaced by what a recommendation prints: the program takes it and declares just that", async () => {
    const { config, plan } = recommend(against("daily", 0.2), 0.99);
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
