/**
 * Fits the curves of catalog/node-curves.generated.json: the tiers' own instance types, and the L4 of each size for comparison. Run
 * it after a change of node speeds, engines or the workload: `npx tsx platform/simulator/reference/fit.ts`, some minutes. What is
 * fitted already is kept; `--all` fits it again.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tierDefaults, tierEngine } from "../../../catalog/gpu-tiers";
import type { InstanceTypeName } from "../../../catalog/instance-types";
import { curveKey, findCurve, type NodeCurve } from "../../../catalog/node-curves";
import { servingModel } from "../../../catalog/serving-model";
import { defaultWorkload } from "../../../catalog/workload";
import { adapterDemand, productRegistry } from "../../../contracts/archetypes";
import { calibrate } from "./calibrate";
import { comparedTypes } from "./types";

const curves: Record<string, NodeCurve> = {};
for (const tier of ["gold", "silver"] as const) {
  const { instanceTypes } = tierDefaults[tier];
  const engine = tierEngine(tier, adapterDemand(productRegistry));
  const types: readonly InstanceTypeName[] = [...instanceTypes, comparedTypes[tier]];
  for (const type of types) {
    const serving = servingModel(type, engine, instanceTypes);
    if (serving === undefined) continue;
    const key = curveKey(serving, defaultWorkload[tier]);
    const known = process.argv.includes("--all") ? undefined : findCurve(serving, defaultWorkload[tier]);
    curves[key] ??= known ?? calibrate(serving, defaultWorkload[tier]);
    console.error(`${tier} ${type}: ${curves[key].maxRate} requests/s at most`);
  }
}
const lines = Object.entries(curves).map(([key, curve]) => `${JSON.stringify(key)}: ${JSON.stringify(curve)}`);
writeFileSync(join(__dirname, "../../../catalog/node-curves.generated.json"), `{\n${lines.join(",\n")}\n}\n`);
