/** Prints what each instance type carries within the objective: `npx tsx platform/simulator/reference/edges.ts`. */
import { tierDefaults, tierEngine } from "../../../catalog/gpu-tiers";
import type { InstanceTypeName } from "../../../catalog/instance-types";
import { findCurve, sustainableRate } from "../../../catalog/node-curves";
import { servingModel } from "../../../catalog/serving-model";
import { defaultWorkload } from "../../../catalog/workload";
import { adapterDemand, productRegistry } from "../../../contracts/archetypes";
import { comparedTypes } from "./types";

const sizes = [1, 2, 4, 8, 16, 32];
const cells = (row: readonly (string | number)[]) => `| ${row.join(" | ")} |`;
console.log(cells(["tier", "type", ...sizes.map((nodes) => `of ${nodes}`), "at most"]));
console.log(cells(["---", "---", ...sizes.map(() => "---:"), "---:"]));
for (const tier of ["gold", "silver"] as const) {
  const { instanceTypes } = tierDefaults[tier];
  const engine = tierEngine(tier, adapterDemand(productRegistry));
  const types: readonly InstanceTypeName[] = [...instanceTypes, comparedTypes[tier]];
  for (const type of types) {
    const serving = servingModel(type, engine, instanceTypes);
    const curve = serving && findCurve(serving, defaultWorkload[tier]);
    const perMinute = (rate: number) => String(Math.round(rate * 60));
    if (curve === undefined) console.log(cells([tier, type, ...sizes.map(() => "not fitted"), ""]));
    else {
      const rates = sizes.map((nodes) => perMinute(sustainableRate(curve, nodes)));
      console.log(cells([tier, type, ...rates, perMinute(curve.maxRate)]));
    }
  }
}
