/** Draws the pictures of docs/simulator.md into docs/images: `npx tsx platform/simulator/images.ts`. The same every time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tierEngine } from "../../catalog/gpu-tiers";
import { findCurve, outstandingAt, pointAt, sustainableRate } from "../../catalog/node-curves";
import { servingModel } from "../../catalog/serving-model";
import { defaultWorkload } from "../../catalog/workload";
import { adapterDemand, productRegistry } from "../../contracts/archetypes";
import { demandPlan, requestRatePolicies, sloRequestsPerMinute } from "./candidates";
import { timeChart } from "./charts";
import type { Demand } from "./demand/demand";
import { generateDemand } from "./demand/generators";
import { goldGroup, track } from "./fixtures";
import type { TargetTrackingPlan } from "./plan";
import { arrivals, goodShare, quantile, runReference } from "./reference/fleet";
import { simulate } from "./simulate";

const folder = join(__dirname, "..", "..", "docs", "images");
const colors = ["#cf222e", "#0969da", "#1a7f37", "#8250df", "#bf8700"];

/** Gold under the policy on demand, as prod declares it. */
function runOnDemand(demand: Demand, desired: number) {
  const plan = { stack: "docs", groups: [goldGroup({ desired })], warnings: [] };
  return simulate({ plan: demandPlan(plan, () => ({ target: 318, spread: 1.2 })), demand }).tiers[0]!;
}

function run(demand: Demand, targetTracking: readonly TargetTrackingPlan[], desired = 1) {
  const plan = { stack: "docs", groups: [goldGroup({ targetTracking, desired })], warnings: [] };
  return simulate({ plan, demand }).tiers[0]!;
}

function write(name: string, svg: string): void {
  writeFileSync(join(folder, `${name}.svg`), `${svg}\n`);
  console.log(`docs/images/${name}.svg`);
}

/** Framebuffer memory at 75 %: to the maximum with 50 players. */
function memoryPin(): void {
  const demand = generateDemand("flat", { players: 50, days: 0.25 });
  const { series, need } = run(demand, [track("framebufferUsed", 75)]);
  write(
    "memory-pin",
    timeChart({
      title: "Framebuffer memory tracked at 75 %: 50 players, one node needed",
      unit: "nodes",
      durationSeconds: demand.durationSeconds,
      series: [
        { name: "desired", values: series.desired, color: colors[0]! },
        { name: "serving", values: series.ready, color: colors[2]!, kind: "area" },
        { name: "needed", values: need, color: colors[3]! },
      ],
    }),
  );
}

/** Three signals of the same nodes while load rises. */
function signals(): void {
  const demand = generateDemand("ramp", { players: 320, days: 0.1 });
  const { series } = run(demand, [{ ...track("queueDepth", 1e6), disableScaleIn: true }]);
  write(
    "signals",
    timeChart({
      title: "One node while players rise from 0 to 320 within two hours: what it reports",
      unit: "%, requests",
      durationSeconds: demand.durationSeconds,
      series: [
        { name: "GPU utilisation, %", values: series.utilization, color: colors[0]! },
        { name: "running requests", values: series.batch, color: colors[1]! },
        { name: "KV cache, %", values: series.kvUsage, color: colors[2]! },
        { name: "requests a second x 10", values: series.arrivals.map((value) => value * 10), color: colors[3]! },
      ],
    }),
  );
}

/** The same two days under four policies. */
function policies(): void {
  const demand = generateDemand("daily", { players: 4000, days: 2 });
  const options = { demand, plan: { stack: "docs", groups: [goldGroup()], warnings: [] } };
  const perMinute = sloRequestsPerMinute(goldGroup(), options);
  const utilization = run(demand, [track("gpuUtilization", 70)], 10);
  const queue = run(demand, [track("queueDepth", 4, 10)], 10);
  const requests = run(demand, requestRatePolicies(0.7, perMinute), 10);
  const byDemand = runOnDemand(demand, 10);
  write(
    "policies",
    timeChart({
      title: "Gold nodes that serve over two ordinary days, 4,000 players at the peak",
      unit: "nodes",
      durationSeconds: demand.durationSeconds,
      height: 300,
      series: [
        { name: "queue at 4", values: queue.series.ready, color: colors[4]! },
        { name: "utilisation at 70 %", values: utilization.series.ready, color: colors[0]! },
        { name: "requests at 70 % of a node", values: requests.series.ready, color: colors[1]! },
        { name: "demand, as declared", values: byDemand.series.ready, color: colors[2]! },
        { name: "needed", values: requests.need, color: colors[3]! },
      ],
    }),
  );
}

/** A launch under the declared policy. */
function launch(): void {
  const demand = generateDemand("launch", { players: 3000, days: 1.5 });
  const { series, need } = runOnDemand(demand, 2);
  const serving = series.ready;
  write(
    "launch",
    timeChart({
      title: "Launch day under the policy on demand",
      unit: "nodes",
      durationSeconds: demand.durationSeconds,
      series: [
        {
          name: "starting",
          values: serving.map((ready, index) => ready + series.starting[index]!),
          color: colors[4]!,
          kind: "area",
        },
        { name: "serving", values: serving, color: colors[2]!, kind: "area" },
        { name: "needed", values: need, color: colors[3]! },
      ],
    }),
  );
}

/** The fast model beside the reference: one Gold node while its rate rises from nothing to the most that it can do. */
function reference(): void {
  const serving = servingModel("g5.xlarge", tierEngine("gold", adapterDemand(productRegistry)))!;
  const workload = defaultWorkload.gold;
  const curve = findCurve(serving, workload)!;
  const rates = Array.from({ length: 40 }, (_, index) => 0.2 + (index * 7.8) / 39);
  const measured = rates.map((rate) =>
    runReference([serving], arrivals({ rate, count: 6000, workload, adapters: serving.adapterCount, seed: 99 })),
  );
  const line = (of: (index: number) => number) => Float32Array.from(rates, (_, index) => of(index));
  const model = rates.map((rate) => pointAt(curve, 1, rate));
  const p95 = (index: number, key: "interTokenMs" | "firstTokenMs") =>
    quantile(
      measured[index]!.answers.map((answer) => answer[key]),
      0.95,
    );
  write(
    "reference",
    timeChart({
      title: `One Gold node from 0.2 to 8 requests a second (objective kept to ${sustainableRate(curve, 1).toFixed(1)}): reference and model`,
      unit: "ms, %, requests",
      durationSeconds: 40,
      height: 320,
      series: [
        { name: "token interval p95, ms: reference", values: line((i) => p95(i, "interTokenMs")), color: colors[0]! },
        { name: "model", values: line((i) => model[i]!.interToken[2]), color: colors[4]! },
        {
          name: "within the objective, %: reference",
          values: line((i) => 100 * goodShare(measured[i]!.answers, workload)),
          color: colors[2]!,
        },
        { name: "model", values: line((i) => 100 * model[i]!.good), color: colors[3]! },
        { name: "requests on the node: reference", values: line((i) => measured[i]!.running), color: colors[1]! },
        { name: "model", values: line((i) => outstandingAt(curve, model[i]!)), color: "#57606a" },
      ],
    }),
  );
}

mkdirSync(folder, { recursive: true });
memoryPin();
signals();
policies();
launch();
reference();
