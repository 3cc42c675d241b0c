/** Draws the pictures of docs/simulator.md into docs/images: `npx tsx platform/simulator/images.ts`. The same every time. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requestRatePolicies, sloRequestsPerMinute } from "./candidates";
import { timeChart } from "./charts";
import type { Demand } from "./demand/demand";
import { generateDemand } from "./demand/generators";
import { goldGroup, track } from "./fixtures";
import type { TargetTrackingPlan } from "./plan";
import { simulate } from "./simulate";

const folder = join(__dirname, "..", "..", "docs", "images");
const colors = ["#cf222e", "#0969da", "#1a7f37", "#8250df", "#bf8700"];

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
        { name: "requests at 70 % of a node", values: requests.series.ready, color: colors[2]! },
        { name: "needed", values: requests.need, color: colors[3]! },
      ],
    }),
  );
}

/** A launch under requests per node. */
function launch(): void {
  const demand = generateDemand("launch", { players: 4000, days: 1.5 });
  const options = { demand, plan: { stack: "docs", groups: [goldGroup()], warnings: [] } };
  const { series, need } = run(demand, requestRatePolicies(0.7, sloRequestsPerMinute(goldGroup(), options)), 2);
  const serving = series.ready;
  write(
    "launch",
    timeChart({
      title: "Launch day under requests per node at 70 %",
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

mkdirSync(folder, { recursive: true });
memoryPin();
signals();
policies();
launch();
