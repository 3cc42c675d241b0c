import type { Evaluation } from "../engine";
import { enginesOf, scalingPlanOf } from "../simulator/adapter";
import { readDemand } from "../simulator/demand/read";
import { tierCharts } from "../simulator/page";
import { simulate } from "../simulator/simulate";

export interface ReportChart {
  readonly title: string;
  /** One SVG element that stands alone. */
  readonly svg: string;
}

const policyType = "aws:autoscaling/policy:Policy";
const players = 5_000;

/**
 * Charts of one simulated run of every tier, where the program declares scaling policies; none otherwise.
 * @param preset A demand preset of the simulator.
 * @throws InputError for a preset that is none.
 */
export async function simulationCharts(evaluation: Evaluation, preset: string): Promise<ReportChart[]> {
  const demand = await readDemand(preset, { players, scale: 1, seed: 1 });
  if (!evaluation.resources.some(({ type }) => type === policyType)) return [];
  const { tiers } = simulate({ plan: scalingPlanOf(evaluation), engines: enginesOf(evaluation), demand });
  return tiers.flatMap((tier) =>
    tierCharts(tier, demand.durationSeconds).map((svg) => ({
      title: `Simulated: ${tier.group.tier}, demand "${preset}", ${players.toLocaleString("en-US")} players at the peak`,
      svg,
    })),
  );
}
