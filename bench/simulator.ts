/**
 * Times the simulator: both tiers, 30 days at 10 s steps, against the floor of drawing the same random arrivals and doing nothing
 * with them; then 7.5 and 15 days, to see that time grows with steps. Then the table of bench/capacity.ts. Run by `npm run
 * bench:simulator`; `--json` for machines, `--times` for the times alone.
 */
import { performance } from "node:perf_hooks";
import { tierDefaults } from "../catalog/gpu-tiers";
import { demandPlan } from "../platform/simulator/candidates";
import { rateAt } from "../platform/simulator/demand/demand";
import { generateDemand } from "../platform/simulator/demand/generators";
import { goldGroup, silverGroup } from "../platform/simulator/fixtures";
import { Random } from "../platform/simulator/random";
import { simulate } from "../platform/simulator/simulate";
import { capacityTable } from "./capacity";

const bars = { milliseconds: 2000, mebibytes: 200 };
const step = 10;
const mixed = { onDemandPercentAboveBase: 30 };
const plan = demandPlan(
  {
    stack: "bench",
    groups: [
      goldGroup({ ...mixed, instanceTypes: tierDefaults.gold.instanceTypes }),
      silverGroup({ ...mixed, instanceTypes: tierDefaults.silver.instanceTypes }),
    ],
    warnings: [],
  },
  ({ tier }) => (tier === "gold" ? { target: 318, spread: 1.2 } : { target: 174, spread: 0.55 }),
);

/** The cheapest of several runs: milliseconds by the clock, and of processor time, which other work on the machine does not disturb. */
function best(runs: number, work: () => void): { readonly wall: number; readonly processor: number } {
  let wall = Number.POSITIVE_INFINITY;
  let processor = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    wall = Math.min(wall, performance.now() - started);
    processor = Math.min(processor, (user + system) / 1000);
  }
  return { wall, processor };
}

const demands = new Map([7.5, 15, 30].map((days) => [days, generateDemand("daily", { days })]));
const month = demands.get(30)!;
// The memory bar is for one run of 30 days in a fresh process.
simulate({ plan, demand: month, stepSeconds: step });
const peakMiB = process.resourceUsage().maxRSS / 1024;
const times = new Map(
  [...demands].map(([days, demand]) => [days, best(3, () => simulate({ plan, demand, stepSeconds: step }))]),
);
const floor = best(3, () => {
  const random = new Random(1);
  for (const tier of [month.tiers.gold, month.tiers.silver]) {
    for (let now = 0; now < month.durationSeconds; now += step) random.poisson(rateAt(tier, now) * step);
  }
});

const thirty = times.get(30)!;
const steps = (2 * month.durationSeconds) / step;
const result = {
  steps,
  wallMilliseconds: Math.round(thirty.wall),
  processorMilliseconds: Math.round(thirty.processor),
  nanosecondsPerStep: Math.round((thirty.processor * 1e6) / steps),
  timesFloor: Number((thirty.processor / floor.processor).toFixed(1)),
  growth: [15, 30].map((days) => Number((times.get(days)!.processor / times.get(days / 2)!.processor).toFixed(2))),
  peakMiB: Math.round(peakMiB),
};
const met = thirty.processor <= bars.milliseconds && peakMiB <= bars.mebibytes;
if (process.argv.includes("--json")) console.log(JSON.stringify({ ...result, bars, met }));
else {
  const { processorMilliseconds, wallMilliseconds, nanosecondsPerStep } = result;
  console.log(
    `30 days, both tiers, ${steps} steps: ${processorMilliseconds} ms of processor time (bar ${bars.milliseconds})`,
  );
  console.log(`${wallMilliseconds} ms by the clock, ${nanosecondsPerStep} ns a step`);
  console.log(`${result.timesFloor} times the floor of drawing the arrivals alone`);
  console.log(`time for twice the steps: x${result.growth.join(", x")}`);
  console.log(`peak memory of the process: ${result.peakMiB} MiB (bar ${bars.mebibytes})`);
}
process.exitCode = met ? 0 : 1;
if (!process.argv.includes("--times") && !process.argv.includes("--json")) {
  console.log("");
  void capacityTable(10, [], false).then((barMet) => {
    if (!barMet) process.exitCode = 1;
  });
}
