import { type EngineSettings, tierEngine } from "../../catalog/gpu-tiers";
import { findInstanceType, type InstanceTypeName } from "../../catalog/instance-types";
import { hoursPerMonth, instancePrice, prices } from "../../catalog/prices";
import { type ServingModel, servingModel } from "../../catalog/serving-model";
import { defaultWorkload, type TierWorkload, type Workload } from "../../catalog/workload";
import { adapterDemand, type GpuTier, productRegistry } from "../../contracts/archetypes";
import { InputError } from "../../contracts/input-error";
import { DemandEstimator } from "../../runtime/demand";
import { type Assumptions, defaultAssumptions } from "./assumptions";
import { BootModel } from "./boot";
import type { Decision } from "./decision-log";
import type { Demand } from "./demand/demand";
import type { Ledger } from "./fleet";
import { curveOf, FleetModel } from "./fleet-model";
import { type Lag, measureLag, nodesNeeded, withLead } from "./oracle";
import type { GroupPlan, ScalingPlan } from "./plan";
import { QuotaLedger } from "./quota";
import { Random } from "./random";
import { publishingPeriod } from "./scaler";
import { purchaseSplit } from "./scaling-rules";
import { type Series, TierRun, type Totals } from "./tier-run";

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
  const demandEstimator = new DemandEstimator(plan.groups.length, stepSeconds);
  const runs = plan.groups.map((group, tierIndex) => {
    const model = fleetModelOf(group, options);
    const sustainable = sustainableRates(group, model);
    const run = new TierRun({
      plan: group,
      model,
      sustainable,
      demandEstimator,
      tierIndex,
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
    return { group, run, model, sustainable };
  });
  const steps = Math.floor(demand.durationSeconds / stepSeconds);
  for (let index = 0; index < steps; index++) {
    for (const { run } of runs) run.step(index);
    demandEstimator.close();
  }
  const tiers = runs.map((each) => tierResult(each, options, steps, stepSeconds));
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
export const servingOf = (group: GroupPlan, options: Pick<SimulateOptions, "engines">): ServingModel =>
  servingOfType(group, 0, options);

function servingOfType(group: GroupPlan, index: number, { engines }: Pick<SimulateOptions, "engines">): ServingModel {
  const type = group.instanceTypes[index] ?? "nothing";
  const engine = engines?.[group.tier] ?? tierEngine(group.tier, adapterDemand(productRegistry));
  if (findInstanceType(type)?.gpu !== undefined) {
    const serving = servingModel(type as InstanceTypeName, engine, group.instanceTypes);
    if (serving !== undefined) return serving;
  }
  throw new InputError({
    path: `${group.name}.instanceTypes`,
    given: type,
    allowed: "an instance type with a GPU that catalog/serving-model.ts knows",
  });
}

/** Every type of a group with its curve. */
export function fleetModelOf(
  group: GroupPlan,
  options: Pick<SimulateOptions, "engines" | "workload" | "demand">,
): FleetModel {
  const workload = workloadOf(group, options);
  return new FleetModel(
    group.instanceTypes.map((type, index) => {
      const serving = servingOfType(group, index, options);
      return { type: type as InstanceTypeName, serving, curve: curveOf(serving, workload) };
    }),
  );
}

/** The mix that a group buys while every pool has capacity: its first type on demand, the cheapest on spot. */
function usualMix(group: GroupPlan, nodes: number): number[] {
  const { onDemand, spot } = purchaseSplit(nodes, group.onDemandBase, group.onDemandPercentAboveBase);
  const counts = group.instanceTypes.map(() => 0);
  counts[0] = onDemand;
  counts[cheapestSpot(group)]! += spot;
  return counts;
}

/** Index of the type whose spot price is the lowest; the first where none is known. */
function cheapestSpot({ instanceTypes }: GroupPlan): number {
  const price = (type: string) => instancePrice(type, "spot")?.usd ?? Number.POSITIVE_INFINITY;
  return instanceTypes.reduce((best, type, index) => (price(type) < price(instanceTypes[best]!) ? index : best), 0);
}

/** Requests a second that the group carries within the objective with 1, 2, 3... nodes of its usual mix. */
export function sustainableRates(group: GroupPlan, model: FleetModel): number[] {
  let most = 0;
  return Array.from({ length: Math.max(1, group.max) }, (_, index) => {
    most = Math.max(most, model.table(usualMix(group, index + 1)).sloRate);
    return most;
  });
}

/** A tier's workload, with the token lengths of the trace where it has any. */
function workloadOf(
  { tier }: GroupPlan,
  { workload = defaultWorkload, demand }: Pick<SimulateOptions, "workload" | "demand">,
): TierWorkload {
  const { tokens } = demand.tiers[tier];
  if (tokens === undefined) return workload[tier];
  const known = tracedWorkloads.get(tokens);
  if (known !== undefined) return known;
  // Whole tokens: a curve is fitted to them.
  const traced = { ...workload[tier], inputTokens: Math.round(tokens.input), outputTokens: Math.round(tokens.output) };
  tracedWorkloads.set(tokens, traced);
  return traced;
}

/** One workload per trace, so that its curve is fitted once. */
const tracedWorkloads = new WeakMap<object, TierWorkload>();

const requestsResolved = (totals: Totals): number => totals.completed + totals.running + totals.gaveUp;

interface Run {
  readonly group: GroupPlan;
  readonly run: TierRun;
  readonly model: FleetModel;
  readonly sustainable: readonly number[];
}

function tierResult(
  { group, run, sustainable }: Run,
  options: SimulateOptions,
  steps: number,
  stepSeconds: number,
): TierResult {
  run.close();
  const serving = servingOf(group, options);
  const { totals, series, fleet } = run;
  const need = nodesNeeded(options.demand.tiers[group.tier], sustainable, steps, stepSeconds);
  const boot = new BootModel(group.instanceTypes[0] ?? "", serving.model, options.assumptions?.bootScale ?? 1);
  const leadSeconds = boot.typicalSeconds("baked");
  const perMonth = (hoursPerMonth * 3600) / (steps * stepSeconds);
  // A price that is not known makes only what ran at it unknown.
  const paid = (key: "onDemandSeconds" | "spotSeconds", market: "on-demand" | "spot") =>
    fleet.ledger.kinds.reduce((sum, seconds, kind) => {
      const usd = instancePrice(group.instanceTypes[kind]!, market)?.usd ?? Number.NaN;
      return seconds[key] === 0 ? sum : sum + (seconds[key] / 3600) * usd * perMonth;
    }, 0);
  const onDemand = paid("onDemandSeconds", "on-demand");
  const spot = paid("spotSeconds", "spot");
  const disks = (fleet.ledger.diskSeconds / 3600) * hourlyRates(group).disk * perMonth;
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

/** US dollars an hour of a node of the first type on demand, one of the cheapest type on spot, and one disk; NaN where not known. */
export function hourlyRates(group: GroupPlan): {
  readonly onDemand: number;
  readonly spot: number;
  readonly disk: number;
} {
  return {
    onDemand: instancePrice(group.instanceTypes[0] ?? "", "on-demand")?.usd ?? Number.NaN,
    spot: instancePrice(group.instanceTypes[cheapestSpot(group)] ?? "", "spot")?.usd ?? Number.NaN,
    disk: (prices["ebs.gp3.storage"].usd * group.volumeGiB) / hoursPerMonth,
  };
}

/** US dollars for nodes over time, bought in the group's mix. */
export function costOf(nodes: Float32Array, group: GroupPlan, stepSeconds: number): number {
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
