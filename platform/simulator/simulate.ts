import { type EngineSettings, tierEngine } from "../../catalog/gpu-tiers";
import type { InstanceTypeName } from "../../catalog/instance-types";
import { hoursPerMonth, instancePrice, prices } from "../../catalog/prices";
import { type ServingModel, servingModel } from "../../catalog/serving-model";
import { adapterDemand, type GpuTier, productRegistry } from "../../contracts/archetypes";
import { InputError } from "../../contracts/input-error";
import { type Assumptions, defaultAssumptions } from "./assumptions";
import { BootModel } from "./boot";
import type { Decision } from "./decision-log";
import type { Demand } from "./demand/demand";
import type { Ledger } from "./fleet";
import { type Lag, measureLag, nodesNeeded, withLead } from "./oracle";
import type { GroupPlan, ScalingPlan } from "./plan";
import { QuotaLedger } from "./quota";
import { Random } from "./random";
import { publishingPeriod } from "./scaler";
import { purchaseSplit } from "./scaling-rules";
import { type Series, TierRun, type Totals } from "./tier-run";
import { defaultWorkload, type TierWorkload, type Workload } from "./workload";

export interface SimulateOptions {
  readonly plan: ScalingPlan;
  readonly demand: Demand;
  /** @default defaultWorkload */
  readonly workload?: Workload;
  /** @default the tier's engine in the catalog */
  readonly engines?: Partial<Record<GpuTier, EngineSettings>>;
  /** @default defaultAssumptions */
  readonly assumptions?: Assumptions;
  /** Seconds of one step; it must divide the shortest metric period. @default 10 */
  readonly stepSeconds?: number;
  /** @default 1 */
  readonly seed?: number;
  /** Second of the run at which an instance refresh of every group begins. @default none */
  readonly refreshAtSeconds?: number;
}

/** What an oracle would have paid. */
export interface OracleCost {
  /** US dollars a month with nodes that are there at once. */
  readonly instant: number;
  /** US dollars a month with nodes that have to be launched a boot ahead. */
  readonly withLead: number;
  readonly leadSeconds: number;
}

/** One tier after the run. */
export interface TierResult {
  readonly group: GroupPlan;
  readonly serving: ServingModel;
  readonly workload: TierWorkload;
  readonly totals: Totals;
  /** Share of requests answered within the SLO, 0-1; 1 when there were none. */
  readonly sloAttainment: number;
  /** Milliseconds to the first token. */
  readonly firstToken: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly lag: Lag;
  readonly nodes: { readonly mean: number; readonly peak: number };
  readonly decisions: readonly Decision[];
  readonly interruptions: number;
  readonly failedLaunches: number;
  readonly ledger: Ledger;
  /** US dollars a month: NaN where a price is not known. */
  readonly monthly: {
    readonly onDemand: number;
    readonly spot: number;
    readonly disks: number;
    readonly total: number;
  };
  readonly oracle: OracleCost;
  readonly series: Series;
  readonly need: Float32Array;
}

export interface SimulationResult {
  readonly stack: string;
  readonly demand: Demand;
  readonly stepSeconds: number;
  readonly seed: number;
  readonly assumptions: Assumptions;
  readonly tiers: readonly TierResult[];
  /** Requests of all tiers within their SLO, 0-1. */
  readonly sloAttainment: number;
  /** US dollars a month. */
  readonly monthly: number;
  readonly warnings: readonly string[];
}

/**
 * Replays a demand through everything that scales a stack's GPU nodes. The same input and seed give the same result.
 * @throws InputError for a plan without groups or policies, and for a step that does not divide the metric periods.
 */
export function simulate(options: SimulateOptions): SimulationResult {
  const { plan, demand, assumptions = defaultAssumptions, stepSeconds = 10, seed = 1 } = options;
  check(options, stepSeconds);
  const quota = new QuotaLedger(assumptions.quotaVcpus);
  const random = new Random(seed);
  const runs = plan.groups.map((group) => {
    const run = new TierRun({
      plan: group,
      serving: servingOf(group, options),
      workload: workloadOf(group, options),
      demand: demand.tiers[group.tier],
      start: demand.start,
      durationSeconds: demand.durationSeconds,
      stepSeconds,
      assumptions,
      quota,
      random: random.fork(group.name),
      refreshAtSeconds: options.refreshAtSeconds,
    });
    return { group, run };
  });
  const steps = Math.floor(demand.durationSeconds / stepSeconds);
  for (let index = 0; index < steps; index++) for (const { run } of runs) run.step(index);
  const tiers = runs.map(({ group, run }) => tierResult(group, run, options, steps, stepSeconds));
  const resolved = tiers.reduce((sum, { totals }) => sum + requestsResolved(totals), 0);
  return {
    stack: plan.stack,
    demand,
    stepSeconds,
    seed,
    assumptions,
    tiers,
    sloAttainment: resolved === 0 ? 1 : tiers.reduce((sum, { totals }) => sum + totals.good, 0) / resolved,
    monthly: tiers.reduce((sum, { monthly }) => sum + monthly.total, 0),
    warnings: [...plan.warnings, ...tiers.flatMap(modelWarnings)],
  };
}

function check({ plan, demand }: SimulateOptions, stepSeconds: number): void {
  const where = `stack ${plan.stack}`;
  if (plan.groups.length === 0) {
    throw new InputError({
      path: "stack",
      given: plan.stack,
      allowed: "a stack with an Auto Scaling group of GPU nodes",
      where,
    });
  }
  for (const group of plan.groups) {
    const policies = [...group.targetTracking, ...group.steps, ...group.predictive, ...group.schedules];
    if (policies.length === 0) {
      throw new InputError({
        path: group.name,
        given: "no scaling policy",
        allowed: "at least one policy or schedule",
        where,
      });
    }
    const period = publishingPeriod(group);
    if (!Number.isInteger(period / stepSeconds)) {
      throw new InputError({
        path: "step",
        given: stepSeconds,
        allowed: `seconds that divide the metric period of ${period} s`,
      });
    }
  }
  if (demand.durationSeconds < stepSeconds) {
    throw new InputError({ path: "demand", given: `${demand.durationSeconds} s`, allowed: "at least one step" });
  }
}

/** The node that the group's first instance type makes of its tier's engine. */
export function servingOf(group: GroupPlan, { engines }: Pick<SimulateOptions, "engines">): ServingModel {
  const type = group.instanceTypes[0] ?? "nothing";
  const serving = servingModel(
    type as InstanceTypeName,
    engines?.[group.tier] ?? tierEngine(group.tier, adapterDemand(productRegistry)),
  );
  if (serving !== undefined) return serving;
  throw new InputError({
    path: `${group.name}.instanceTypes`,
    given: type,
    allowed: "an instance type with a GPU that catalog/serving-model.ts knows",
  });
}

/** A tier's workload, with the token lengths of the trace where it has any. */
function workloadOf({ tier }: GroupPlan, { workload = defaultWorkload, demand }: SimulateOptions): TierWorkload {
  const { tokens } = demand.tiers[tier];
  return tokens === undefined
    ? workload[tier]
    : { ...workload[tier], inputTokens: tokens.input, outputTokens: tokens.output };
}

const requestsResolved = (totals: Totals): number => totals.completed + totals.running + totals.gaveUp;

function tierResult(
  group: GroupPlan,
  run: TierRun,
  options: SimulateOptions,
  steps: number,
  stepSeconds: number,
): TierResult {
  run.close();
  const serving = servingOf(group, options);
  const { totals, series, fleet } = run;
  const need = nodesNeeded(options.demand.tiers[group.tier], run.node.sloRate, steps, stepSeconds);
  const boot = new BootModel(group.instanceTypes[0] ?? "", serving.model, options.assumptions?.bootScale ?? 1);
  const leadSeconds = boot.typicalSeconds("baked");
  const perMonth = (hoursPerMonth * 3600) / (steps * stepSeconds);
  const rates = hourlyRates(group);
  const onDemand = (fleet.ledger.onDemandSeconds / 3600) * rates.onDemand * perMonth;
  const spot = fleet.ledger.spotSeconds === 0 ? 0 : (fleet.ledger.spotSeconds / 3600) * rates.spot * perMonth;
  const disks = (fleet.ledger.diskSeconds / 3600) * rates.disk * perMonth;
  const resolved = requestsResolved(totals);
  return {
    group,
    serving,
    workload: workloadOf(group, options),
    totals,
    sloAttainment: resolved === 0 ? 1 : totals.good / resolved,
    firstToken: {
      p50: run.firstToken.percentile(0.5),
      p95: run.firstToken.percentile(0.95),
      p99: run.firstToken.percentile(0.99),
    },
    lag: measureLag(series.ready, need, stepSeconds),
    nodes: { mean: mean(series.billed), peak: series.billed.reduce((most, value) => Math.max(most, value), 0) },
    decisions: run.decisions,
    interruptions: fleet.interruptions,
    failedLaunches: fleet.failedLaunches,
    ledger: fleet.ledger,
    monthly: { onDemand, spot, disks, total: onDemand + spot + disks },
    oracle: {
      instant: costOf(need, group, stepSeconds) * perMonth,
      withLead: costOf(withLead(need, Math.round(leadSeconds / stepSeconds)), group, stepSeconds) * perMonth,
      leadSeconds,
    },
    series,
    need,
  };
}

/** US dollars an hour of one node on demand, one on spot, and one disk; NaN where the price is not known. */
export function hourlyRates(group: GroupPlan): {
  readonly onDemand: number;
  readonly spot: number;
  readonly disk: number;
} {
  const type = group.instanceTypes[0] ?? "";
  return {
    onDemand: instancePrice(type, "on-demand")?.usd ?? Number.NaN,
    spot: instancePrice(type, "spot")?.usd ?? Number.NaN,
    disk: (prices["ebs.gp3.storage"].usd * group.volumeGiB) / hoursPerMonth,
  };
}

/** US dollars for nodes over time, bought in the group's mix. */
function costOf(nodes: Float32Array, group: GroupPlan, stepSeconds: number): number {
  const rates = hourlyRates(group);
  let usd = 0;
  for (const count of nodes) {
    const { onDemand, spot } = purchaseSplit(count, group.onDemandBase, group.onDemandPercentAboveBase);
    usd += onDemand * rates.onDemand + (spot === 0 ? 0 : spot * rates.spot) + count * rates.disk;
  }
  return (usd * stepSeconds) / 3600;
}

function modelWarnings({ group, serving, monthly, need }: TierResult): string[] {
  const over = need.reduce((count, value) => count + (value > group.max ? 1 : 0), 0);
  return [
    ...(serving.confidence === "estimate"
      ? [`${group.name}: the speed of ${serving.model} on ${group.instanceTypes[0]} is an estimate (${serving.source})`]
      : []),
    ...(Number.isNaN(monthly.total)
      ? [`${group.name}: ${group.instanceTypes[0]} has no price for what ran; its cost is unpriced`]
      : []),
    ...(over > 0
      ? [
          `${group.name}: demand needs more than the maximum of ${group.max} nodes in ${((100 * over) / need.length).toFixed(1)} % of the time`,
        ]
      : []),
  ];
}

const mean = (values: Float32Array): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
