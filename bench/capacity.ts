/**
 * The table of docs/simulator.md: what prod declares against every shape of platform/simulator/shapes.ts, each with its start shifted,
 * its height changed and seeds that no setting was chosen on, beside an oracle that knows demand a boot ahead. Part of `npm run
 * bench:simulator`; by itself `npx tsx bench/capacity.ts [--runs 10] [--shapes daily,bursts] [--json]`.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { objectiveShare } from "../catalog/node-curves";
import { evaluate } from "../platform/engine";
import { enginesOf, scalingPlanOf } from "../platform/simulator/adapter";
import { BootModel } from "../platform/simulator/boot";
import { causalBound, withLead } from "../platform/simulator/oracle";
import type { ScalingPlan } from "../platform/simulator/plan";
import { Random } from "../platform/simulator/random";
import { type Shape, shapes, type Variation } from "../platform/simulator/shapes";
import {
  costOf,
  fleetModelOf,
  type SimulateOptions,
  simulate,
  sustainableRates,
  type TierResult,
} from "../platform/simulator/simulate";
import { percent, table } from "../platform/simulator/text";

const stepSeconds = 10;
/** Seeds that no target was chosen on. */
const firstSeed = 1001;

/** One tier of one run. */
interface Row {
  readonly shape: string;
  readonly tier: string;
  readonly ratio: number;
  readonly good: number;
}

/** What no setting could better on a shape, as factors on the oracle's cost. */
interface Bounds {
  /** The declared least number of nodes at all times, and the oracle's beyond. */
  readonly least: number;
  /** The cheapest group that sees demand as it comes and not ahead. */
  readonly causal: number;
}

function variationOf(run: number): Variation {
  const random = new Random(firstSeed + run);
  return { seed: firstSeed + run, shiftHours: 24 * random.next(), height: 0.7 + 0.6 * random.next() };
}

const rowOf = (shape: Shape, { group, monthly, oracle, sloAttainment }: TierResult): Row => ({
  shape: shape.name,
  tier: group.tier,
  ratio: monthly.total / oracle.withLead,
  good: sloAttainment,
});

/** The bounds of each tier, by the oracle's own arithmetic: the same curves, the same boots, the same prices. */
function boundsOf(shape: Shape, plan: ScalingPlan, engines: SimulateOptions["engines"]): Map<string, Bounds> {
  const demand = shape.demand({ ...variationOf(0), height: 1 });
  const steps = Math.floor(demand.durationSeconds / stepSeconds);
  return new Map(
    plan.groups.map((group) => {
      const model = fleetModelOf(group, { demand, engines });
      const sustainable = sustainableRates(group, model);
      const boot = new BootModel(model.kinds[0]!.type, model.kinds[0]!.serving.model, 1).typicalSeconds("baked");
      const only = { ...plan, groups: [group] };
      const { need } = simulate({ plan: only, engines, demand }).tiers[0]!;
      const ahead = withLead(need, Math.round(boot / stepSeconds));
      const oracle = costOf(ahead, group, stepSeconds);
      const least = costOf(
        ahead.map((nodes) => Math.max(nodes, group.min)),
        group,
        stepSeconds,
      );
      const { paid } = causalBound(demand.tiers[group.tier], sustainable, steps, stepSeconds, boot, 1 - objectiveShare);
      return [group.tier, { least: least / oracle, causal: costOf(paid, group, stepSeconds) / oracle }] as const;
    }),
  );
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const median = (values: readonly number[]) => sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Runs every shape and prints the table. @returns False where a bar is missed that no bound excuses */
export async function capacityTable(runs: number, names: readonly string[], json: boolean): Promise<boolean> {
  const prod = await evaluate({ projectDir: join(__dirname, ".."), stack: "prod", timeoutMs: 600_000 });
  const plan = scalingPlanOf(prod);
  const engines = enginesOf(prod);
  const chosen = shapes.filter(({ name }) => names.length === 0 || names.includes(name));
  const rows: Row[] = [];
  const lines: string[][] = [];
  let missed = 0;
  for (const shape of chosen) {
    const own: Row[] = [];
    for (let run = 0; run < runs; run++) {
      const variation = variationOf(run);
      const result = simulate({ plan, engines, demand: shape.demand(variation), seed: variation.seed });
      own.push(...result.tiers.map((tier) => rowOf(shape, tier)));
    }
    rows.push(...own);
    const bounds = boundsOf(shape, plan, engines);
    for (const { tier } of plan.groups) {
      const of = own.filter((row) => row.tier === tier);
      const ratios = of.map(({ ratio }) => ratio);
      const good = of.map((row) => row.good);
      const { least, causal } = bounds.get(tier)!;
      const bar = Math.max(1.5, least, causal);
      const met = of.filter((row) => row.good >= objectiveShare && row.ratio <= bar).length;
      missed += of.length - met;
      lines.push([
        `${shape.name}, ${tier}`,
        median(ratios).toFixed(2),
        Math.max(...ratios).toFixed(2),
        percent(median(good)),
        percent(Math.min(...good)),
        least.toFixed(2),
        causal.toFixed(2),
        `${met} of ${of.length}`,
      ]);
    }
  }
  const ratios = rows.map(({ ratio }) => ratio);
  const kept = rows.filter(({ good }) => good >= objectiveShare);
  const summary = {
    runs: rows.length,
    median: median(ratios),
    worst: Math.max(...ratios),
    kept: kept.length,
    medianOfKept: median(kept.map(({ ratio }) => ratio)),
    missed,
  };
  if (json) console.log(JSON.stringify({ rows, summary }));
  else {
    const head = ["", "median", "worst", "within, median", "lowest", "one node at least", "no foresight", "bar met"];
    console.log(`Cost over an oracle a boot ahead, ${runs} variations of each shape\n\n${table([head, ...lines])}\n`);
    console.log(
      `all: median ${summary.median.toFixed(2)} (bar 1.25), worst ${summary.worst.toFixed(2)} (bar 1.5 or the bound), 99 % kept in ` +
        `${kept.length} of ${rows.length}, where the median is ${summary.medianOfKept.toFixed(2)}`,
    );
  }
  return missed === 0 && summary.median <= 1.25;
}

if (require.main === module) {
  const { values } = parseArgs({
    options: { runs: { type: "string", default: "10" }, shapes: { type: "string" }, json: { type: "boolean" } },
  });
  void capacityTable(Number(values.runs), values.shapes?.split(",") ?? [], values.json === true).then((met) => {
    process.exitCode = met ? 0 : 1;
  });
}
