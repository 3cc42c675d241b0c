import { resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../../contracts/input-error";
import { decimalNumber, wholeNumber } from "../../../runtime/command-line";
import { exitCodes } from "../../../runtime/main";
import { evaluate } from "../../engine";
import { enginesOf, scalingPlanOf } from "../../simulator/adapter";
import { defaultAssumptions, type SpotMarketName, spotMarkets } from "../../simulator/assumptions";
import { type Comparison, comparePolicies, type Recommendation, recommend, sensitivity } from "../../simulator/compare";
import { presets } from "../../simulator/demand/generators";
import { formatNames, readDemand } from "../../simulator/demand/read";
import { jsonOf } from "../../simulator/json";
import { reportPage } from "../../simulator/page";
import { type SimulateOptions, type SimulationResult, simulate } from "../../simulator/simulate";
import { describeComparison, describeLog, describeRecommendation, describeRun } from "../../simulator/text";
import { writeText } from "../files";
import { evaluationOptions } from "../options";
import { withProgress } from "../progress";
import { findProject } from "../project";
import { chooseStack } from "../stack";

interface SimulateFlags {
  readonly stack?: string;
  readonly cwd: string;
  readonly timeout: number;
  readonly demand: string;
  readonly players: number;
  readonly days?: number;
  readonly scale: number;
  readonly seed: number;
  readonly step: number;
  readonly slo: number;
  readonly spot: SpotMarketName;
  readonly quotaOnDemand?: number;
  readonly quotaSpot?: number;
  readonly refreshAt?: number;
  readonly compare?: boolean;
  readonly sensitivity?: boolean;
  readonly recommend?: boolean;
  readonly log?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

const help = `
Presets: ${Object.entries(presets)
  .map(([name, { about }]) => `\n  ${name.padEnd(10)} ${about}`)
  .join("")}

Files, by their columns:
  ${formatNames.join("\n  ")}

Exits with 1 when a tier misses the SLO, with 2 for wrong use.

Examples:
  platform simulate --stack prod --demand daily
  platform simulate --stack prod --demand launch --players 8000 --log
  platform simulate --stack prod --demand bursts --compare --out simulation.html
  platform simulate --stack prod --demand reconnect --spot scarce --sensitivity
  platform simulate --stack prod --demand players.csv --recommend --slo 99.5
  platform simulate --stack prod --demand AzureLLMInferenceTrace_conv.csv --scale 10 --json
`;

/** `platform simulate`: the declared scaling policies against a demand. */
export function registerSimulate(program: Command): void {
  const command = program
    .command("simulate")
    .description("Replays demand through the scaling policies that a stack declares: capacity, SLO, lag, cost.")
    .requiredOption("--demand <file or preset>", "CSV or JSON lines of players or requests, or a preset, see below")
    .option("--players <n>", "players at the peak of a preset's ordinary day", decimalNumber("--players", 0), 5000)
    .option("--days <n>", "days of a preset, its own when left out", decimalNumber("--days", 0.01))
    .option("--scale <factor>", "factor on every value of a file", decimalNumber("--scale", 0), 1)
    .option("--seed <n>", "random numbers; the same seed gives the same run", wholeNumber("--seed", 0), 1)
    .option("--step <seconds>", "length of a step", decimalNumber("--step", 0.1), 10)
    .option(
      "--slo <percent>",
      "requests that each tier is to answer within its limits",
      decimalNumber("--slo", 0, 100),
      99,
    )
    .option("--spot <market>", `how spot behaves: ${Object.keys(spotMarkets).join(" or ")}`, spotMarket, "calm")
    .option(
      "--quota-on-demand <vcpus>",
      "on-demand vCPU of the G family that the account may run",
      decimalNumber("--quota-on-demand", 0),
    )
    .option(
      "--quota-spot <vcpus>",
      "spot vCPU of the G family that the account may run",
      decimalNumber("--quota-spot", 0),
    )
    .option(
      "--refresh-at <hours>",
      "begin an instance refresh of every group after so long",
      decimalNumber("--refresh-at", 0),
    )
    .option("--compare", "rank the declared policies among the usual alternatives")
    .option("--sensitivity", "turn each assumption about what AWS does not publish")
    .option("--recommend", "search policy parameters and print the config to paste")
    .option("--log", "print every decision with its alarm, metric and formula")
    .option("--out <file.html>", "write a page with charts that stands alone")
    .option("--json", "print everything as JSON");
  for (const option of evaluationOptions()) command.addOption(option);
  command.addHelpText("after", help).action(async (flags: SimulateFlags) => {
    process.exitCode = await run(flags);
  });
}

async function run(flags: SimulateFlags): Promise<number> {
  const { players, days, scale, seed } = flags;
  const projectDir = findProject(resolve(flags.cwd));
  const demand = await readDemand(flags.demand, { players, days, scale, seed });
  const stack = chooseStack(projectDir, flags.stack);
  const evaluation = await withProgress(`evaluating ${stack}`, () =>
    evaluate({ projectDir, stack, timeoutMs: flags.timeout * 1000 }),
  );
  const options: SimulateOptions = {
    plan: scalingPlanOf(evaluation),
    engines: enginesOf(evaluation),
    demand,
    seed,
    stepSeconds: flags.step,
    refreshAtSeconds: flags.refreshAt === undefined ? undefined : flags.refreshAt * 3600,
    assumptions: {
      ...defaultAssumptions,
      spotMarket: spotMarkets[flags.spot],
      quotaVcpus: {
        onDemand: flags.quotaOnDemand ?? Number.POSITIVE_INFINITY,
        spot: flags.quotaSpot ?? Number.POSITIVE_INFINITY,
      },
    },
  };
  const slo = flags.slo / 100;
  const findings = await withProgress("simulating", async () => ({
    result: simulate(options),
    comparison: flags.compare ? comparePolicies(options, slo) : undefined,
    sensitivity: flags.sensitivity ? sensitivity(options, slo) : undefined,
    recommendation: flags.recommend ? recommend(options, slo) : undefined,
  }));
  print(findings, flags, slo);
  return findings.result.tiers.every(({ sloAttainment }) => sloAttainment >= slo) ? exitCodes.fine : exitCodes.findings;
}

interface Findings {
  readonly result: SimulationResult;
  readonly comparison?: readonly Comparison[];
  readonly sensitivity?: readonly Comparison[];
  readonly recommendation?: Recommendation;
}

function print(findings: Findings, flags: SimulateFlags, slo: number): void {
  const { result, comparison, recommendation } = findings;
  const tables = [
    ...(comparison ? [{ title: "Policies by cost, those that keep the SLO first", rows: comparison }] : []),
    ...(findings.sensitivity ? [{ title: "What the assumptions change", rows: findings.sensitivity }] : []),
  ];
  if (flags.out !== undefined) writeText(flags.out, "--out", reportPage(result, tables));
  if (flags.json) {
    console.log(JSON.stringify(jsonOf(findings), undefined, 2));
    return;
  }
  const parts = [
    describeRun(result),
    ...tables.map(({ title, rows }) => describeComparison(title, rows, slo)),
    ...(recommendation ? [describeRecommendation(recommendation, slo)] : []),
    ...(flags.log ? [describeLog(result)] : []),
    ...(flags.out === undefined ? [] : [`charts: ${flags.out}`]),
  ];
  console.log(parts.join("\n\n"));
}

function spotMarket(text: string): SpotMarketName {
  const name = (Object.keys(spotMarkets) as SpotMarketName[]).find((market) => market === text);
  if (name !== undefined) return name;
  throw new InputError({ path: "spot", given: text, allowed: Object.keys(spotMarkets).join(" or "), where: "--spot" });
}
