import { columnsOf } from "./charts";
import type { Comparison, Recommendation } from "./compare";
import type { SimulationResult } from "./simulate";
import { seriesNames } from "./tier-run";

/** Points of each series in the JSON; a point is the most of what falls on it. */
const points = 500;

export interface SimulationFindings {
  readonly result: SimulationResult;
  readonly comparison?: readonly Comparison[];
  readonly sensitivity?: readonly Comparison[];
  readonly recommendation?: Recommendation;
}

/** A run as plain JSON: figures and decisions in full, series thinned out. Unknown prices are null. */
export function jsonOf({ result, comparison, sensitivity, recommendation }: SimulationFindings) {
  const thin = (values: ArrayLike<number>) =>
    columnsOf(values, points).map(({ high }) => Math.round(high * 1000) / 1000);
  return {
    stack: result.stack,
    demand: {
      name: result.demand.name,
      about: result.demand.about,
      start: result.demand.start.toISOString(),
      durationSeconds: result.demand.durationSeconds,
    },
    stepSeconds: result.stepSeconds,
    seed: result.seed,
    assumptions: result.assumptions,
    monthlyUsd: result.monthly,
    sloAttainment: result.sloAttainment,
    warnings: result.warnings,
    tiers: result.tiers.map(({ series, need, ...tier }) => ({
      ...tier,
      series: { ...Object.fromEntries(seriesNames.map((name) => [name, thin(series[name])])), need: thin(need) },
    })),
    comparison,
    sensitivity,
    recommendation,
  };
}
