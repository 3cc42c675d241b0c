import assert from "node:assert/strict";
import { tierDefaults, tierEngine } from "../../catalog/gpu-tiers";
import type { InstanceTypeName } from "../../catalog/instance-types";
import {
  type CurvePoint,
  curveKey,
  findCurve,
  type NodeCurve,
  objectiveShare,
  outstandingAt,
  pointAt,
  sustainableRate,
} from "../../catalog/node-curves";
import { type ServingModel, servingModel } from "../../catalog/serving-model";
import { defaultWorkload, type TierWorkload } from "../../catalog/workload";
import { adapterDemand, productRegistry } from "../../contracts/archetypes";
import { FleetModel, placeOf, valueAt } from "./fleet-model";
import { calibrate } from "./reference/calibrate";
import { arrivals, goodShare, quantile, runReference } from "./reference/fleet";
import { comparedTypes } from "./reference/types";

type Tier = "gold" | "silver";
const serving = (tier: Tier, type: InstanceTypeName): ServingModel =>
  servingModel(type, tierEngine(tier, adapterDemand(productRegistry)), tierDefaults[tier].instanceTypes)!;

/** A run of the reference with requests that no curve was fitted to. */
function measure(node: ServingModel, workload: TierWorkload, nodes: number, rate: number, count: number) {
  const fleet = Array.from({ length: nodes }, () => node);
  const seeds = [101, 102];
  const runs = seeds.map((seed) =>
    runReference(fleet, arrivals({ rate: rate * nodes, count, workload, adapters: node.adapterCount, seed })),
  );
  const answers = runs.flatMap((run) => run.answers);
  const first = answers.map(({ firstTokenMs }) => firstTokenMs);
  const inter = answers.map(({ interTokenMs }) => interTokenMs);
  return {
    good: goodShare(answers, workload),
    first: [0.5, 0.95, 0.99].map((share) => quantile(first, share)),
    inter: [0.5, 0.95, 0.99].map((share) => quantile(inter, share)),
    running: runs.reduce((sum, run) => sum + run.running + run.waiting, 0) / runs.length,
  };
}

/** The rate at which the reference loses the objective, by halving. */
function edgeOf(node: ServingModel, workload: TierWorkload, nodes: number, near: number): number {
  let [low, high] = [near * 0.8, near * 1.2];
  for (let round = 0; round < 6; round++) {
    const middle = (low + high) / 2;
    if (measure(node, workload, nodes, middle, 16_000).good >= objectiveShare) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function holdTogether(
  node: ServingModel,
  workload: TierWorkload,
  curve: NodeCurve,
  nodes: number,
  edgeTolerance = 0.05,
): void {
  const edge = sustainableRate(curve, nodes);
  assert.ok(Math.abs(edgeOf(node, workload, nodes, edge) / edge - 1) < edgeTolerance, `edge ${edge}`);
  for (const share of [0.35, 0.7, 0.9]) {
    const rate = edge * share;
    const point = pointAt(curve, nodes, rate);
    const measured = measure(node, workload, nodes, rate, 20_000);
    const near = (of: CurvePoint["firstToken"], values: readonly number[], what: string) =>
      values.forEach((value, index) => {
        // The last percent is where the objective is lost: near the edge its value says how many were lost, not how long they took.
        const tail = index === 2;
        if (tail && share > 0.7) return;
        const modelled = of[(index + 1) as 1 | 2 | 3];
        assert.ok(
          Math.abs(modelled / value - 1) < (tail ? 0.15 : 0.1),
          `${what} ${index} at ${rate}: ${modelled} against ${value}`,
        );
      });
    near(point.interToken, measured.inter, "interval");
    // Near the edge of a tier that waits for adapter slots, the reference's own first tokens differ by more from seed to seed.
    if (share <= 0.8 || curve.maxRate > 5) near(point.firstToken, measured.first, "first token");
    const outstanding = outstandingAt(curve, point);
    assert.ok(Math.abs(outstanding / measured.running - 1) < 0.1, `${outstanding} against ${measured.running}`);
  }
}

describe("the fast model of a node", () => {
  for (const tier of ["gold", "silver"] as const) {
    const [type] = tierDefaults[tier].instanceTypes;
    for (const nodes of [1, 8]) {
      it(`is within 10 % of the reference up to the edge of the objective, and within 5 % at it: ${nodes} of ${tier}`, () => {
        const node = serving(tier, type);
        const curve = findCurve(node, defaultWorkload[tier]);
        assert.ok(
          curve,
          `no curve of ${curveKey(node, defaultWorkload[tier])}; run platform/simulator/reference/fit.ts`,
        );
        holdTogether(node, defaultWorkload[tier], curve, nodes);
      });
    }
  }

  it("is so for other prompts and answers as well", () => {
    const node = serving("gold", "g5.xlarge");
    for (const lengths of [
      { inputTokens: 1200, outputTokens: 60 },
      { inputTokens: 300, outputTokens: 200 },
    ]) {
      const workload = { ...defaultWorkload.gold, ...lengths };
      holdTogether(node, workload, calibrate(node, workload, { sizes: [1], requests: 32_000 }), 1, 0.1);
    }
  });

  it("has a curve for every type that a tier may buy, and for the one that it was compared with", () => {
    for (const tier of ["gold", "silver"] as const) {
      for (const type of [...tierDefaults[tier].instanceTypes, comparedTypes[tier]]) {
        assert.ok(findCurve(serving(tier, type), defaultWorkload[tier]), `${tier} ${type}`);
      }
    }
  });

  it("satisfies Little's law: requests on a node are their rate times the time that each stays", () => {
    const curve = findCurve(serving("gold", "g5.xlarge"), defaultWorkload.gold)!;
    const model = new FleetModel([{ type: "g5.xlarge", serving: serving("gold", "g5.xlarge"), curve }]);
    const table = model.table([10]);
    for (const rate of [5, 20, 40, 60]) {
      const place = placeOf(table, rate, { index: 0, share: 0 });
      const stay = valueAt(table.first[0], place) + 119 * valueAt(table.inter, place);
      const law = (rate / 10) * (stay / 1000);
      assert.ok(Math.abs(valueAt(table.outstanding, place) / law - 1) < 0.02, `${rate}`);
    }
  });

  it("keeps a node's rate within the objective below what it can do at all, and lets it grow with the fleet that evens chance out", () => {
    const curve = findCurve(serving("gold", "g5.xlarge"), defaultWorkload.gold)!;
    assert.ok(sustainableRate(curve, 1) < 0.4 * curve.maxRate);
    assert.ok(sustainableRate(curve, 8) > 1.4 * sustainableRate(curve, 1));
  });
});

describe("a mixed fleet", () => {
  const kinds = (["g5.xlarge", "g6.xlarge"] as const).map((type) => {
    const node = serving("gold", type);
    return { type, serving: node, curve: findCurve(node, defaultWorkload.gold)! };
  });

  it("is as full on slow nodes as on fast ones, and loses the objective for what the slow ones answer, as in the reference", () => {
    const counts = [3, 7];
    const table = new FleetModel(kinds).table(counts);
    const fleet = counts.flatMap((count, index) => Array.from({ length: count }, () => kinds[index]!.serving));
    for (const rate of [8, 20, 30]) {
      const measured = runReference(
        fleet,
        arrivals({ rate, count: 12_000, workload: defaultWorkload.gold, adapters: 35, seed: 5 }),
      );
      const good = valueAt(table.good, placeOf(table, rate, { index: 0, share: 0 }));
      const reference = goodShare(measured.answers, defaultWorkload.gold);
      assert.ok(Math.abs(good - reference) < 0.06, `${rate}: ${good} against ${reference}`);
    }
    // At what A10G nodes alone would carry, three of ten are not enough by far.
    const target = valueAt(table.good, placeOf(table, (10 * 310) / 60, { index: 0, share: 0 }));
    assert.ok(target < 0.05, `${target}`);
  });
});
