import { contentRate } from "../../contracts/demand-policy";
import { type Assumptions, defaultAssumptions, spotMarkets } from "./assumptions";
import { type Candidate, candidates, demandPlan, sloRequestsPerMinute } from "./candidates";
import type { ScalingPlan } from "./plan";
import { fleetModelOf, type SimulateOptions, type SimulationResult, simulate, sustainableRates } from "./simulate";

/** One row of a comparison. */
export interface Comparison {
  readonly name: string;
  readonly about: string;
  /** US dollars a month. */
  readonly monthly: number;
  /** Share of requests within the SLO, 0-1. */
  readonly sloAttainment: number;
  /** Share of requests that were given up, 0-1. */
  readonly gaveUpShare: number;
  readonly decisions: number;
  readonly meetsSlo: boolean;
}

/** Sums up a run in the figures that runs are compared by. @param slo Share of requests, 0-1. */
export function rowOf(name: string, about: string, result: SimulationResult, slo: number): Comparison {
  const sum = (of: (tier: SimulationResult["tiers"][number]) => number) =>
    result.tiers.reduce((all, tier) => all + of(tier), 0);
  const arrived = sum(({ totals }) => totals.arrived);
  return {
    name,
    about,
    monthly: result.monthly,
    sloAttainment: result.sloAttainment,
    gaveUpShare: arrived === 0 ? 0 : sum(({ totals }) => totals.gaveUp) / arrived,
    decisions: sum(({ decisions }) => decisions.length),
    meetsSlo: result.tiers.every(({ sloAttainment }) => sloAttainment >= slo),
  };
}

/** Those that keep the SLO first, the cheapest first; the others by how near they come to it. */
export function ranked(rows: readonly Comparison[]): Comparison[] {
  return [...rows].sort((a, b) => {
    if (a.meetsSlo !== b.meetsSlo) return a.meetsSlo ? -1 : 1;
    return a.meetsSlo ? a.monthly - b.monthly : b.sloAttainment - a.sloAttainment;
  });
}

/** Runs the stack's policies and the usual alternatives against the same demand. @param slo Share of requests, 0-1. */
export function comparePolicies(options: SimulateOptions, slo: number): Comparison[] {
  return ranked(
    candidates(options).map(({ name, about, plan }: Candidate) =>
      rowOf(name, about, simulate({ ...options, plan }), slo),
    ),
  );
}

/** What the sensitivity report turns, one at a time. */
const switches: readonly {
  readonly name: string;
  readonly change: (assumptions: Assumptions) => Partial<Assumptions>;
}[] = [
  { name: "AlarmLow at 90 % of the target", change: () => ({ alarmLowRatio: 0.9 }) },
  { name: "warming nodes multiplied too", change: () => ({ scaleOutBase: "warmed-and-warming" }) },
  { name: "one node less per decision", change: () => ({ scaleIn: "one-by-one" }) },
  { name: "60 s between decisions to shrink", change: () => ({ scaleInGapSeconds: 60 }) },
  { name: "nodes publish zeros while cold", change: () => ({ publishesWhileCold: true }) },
  { name: "datapoints 60 s old", change: () => ({ datapointDelaySeconds: 60 }) },
  { name: "boots half as long", change: ({ bootScale }) => ({ bootScale: bootScale / 2 }) },
  { name: "boots twice as long", change: ({ bootScale }) => ({ bootScale: bootScale * 2 }) },
  { name: "scarce spot", change: () => ({ spotMarket: spotMarkets.scarce }) },
  { name: "every second on-demand launch fails", change: () => ({ onDemandFailureShare: 0.5 }) },
];

/** The declared policies again, each time with one assumption turned. The first row is the run as it is. */
export function sensitivity(options: SimulateOptions, slo: number): Comparison[] {
  const base = options.assumptions ?? defaultAssumptions;
  const run = (name: string, assumptions: Assumptions) => rowOf(name, "", simulate({ ...options, assumptions }), slo);
  return [run("as assumed", base), ...switches.map(({ name, change }) => run(name, { ...base, ...change(base) }))];
}

/** What a search over policy parameters found. */
export interface Recommendation {
  readonly name: string;
  readonly plan: ScalingPlan;
  readonly found: Comparison;
  readonly declared: Comparison;
  /** Settings for the stack's config, as YAML. */
  readonly config: string;
  readonly tried: number;
}

/** Shares of what a node of a full group serves within its SLO that the search tries as target, in percent. */
const targets = [70, 80, 85, 90, 95, 100];
/** Room for chance that it tries, nodes per square root of requests a second. */
const spreads = [0.5, 1, 1.5, 2.5];
/** Least nodes that it tries beside the declared minimum. */
const minimums = [undefined, 3] as const;

/**
 * Searches target and spread of the policy on demand, and the least number of nodes, for the cheapest setting that keeps the SLO in
 * every tier; where none does, the one that comes nearest. Memory pressure stays beside it.
 */
export function recommend(options: SimulateOptions, slo: number): Recommendation {
  const perMinute = new Map(options.plan.groups.map((group) => [group.name, sloRequestsPerMinute(group, options)]));
  const carried = options.plan.groups.map((group) => {
    return { group, rates: sustainableRates(group, fleetModelOf(group, options)) };
  });
  // A program refuses a target that a small group cannot carry.
  const bears = (percent: number, spread: number) =>
    carried.every(({ group, rates }) => {
      const target = (percent / 100) * perMinute.get(group.name)!;
      return rates.every((rate, index) => contentRate(target, spread, index + 1) <= (60 * rate) / (index + 1));
    });
  const tried = targets.flatMap((percent) =>
    spreads
      .filter((spread) => bears(percent, spread))
      .flatMap((spread) =>
        minimums.map((minimum) => {
          const scaled = demandPlan(options.plan, ({ name }) => ({
            target: Math.round((percent / 100) * perMinute.get(name)!),
            spread,
          }));
          const plan: ScalingPlan = {
            ...scaled,
            groups: scaled.groups.map((group) => ({
              ...group,
              min: Math.min(group.max - 1, Math.max(group.min, minimum ?? group.min)),
            })),
          };
          const name = `demand at ${percent} % of a node, spread ${spread}, at least ${minimum ?? "the declared"} nodes`;
          return { plan, spread, row: rowOf(name, "", simulate({ ...options, plan }), slo) };
        }),
      ),
  );
  const [best] = ranked(tried.map(({ row }) => row));
  const { plan, spread } = tried.find(({ row }) => row === best)!;
  return {
    name: best!.name,
    plan,
    found: best!,
    declared: rowOf("declared", "", simulate(options), slo),
    config: configOf(plan, spread),
    tried: tried.length,
  };
}

/** The settings of a plan as they are pasted into a stack's config. */
function configOf({ groups }: ScalingPlan, spread: number): string {
  const tiers = groups.flatMap(({ tier, min, max, targetTracking }) => [
    `    ${tier}:`,
    `      min: ${min}`,
    `      max: ${max}`,
    "      demand:",
    `        target: ${targetTracking.find(({ name }) => name === "demand")!.target}`,
    `        spread: ${spread}`,
    // Not left out: a tier that says nothing of them tracks them at their defaults.
    "      gpuUtilization:",
    "        enabled: false",
    "      queueDepth:",
    "        enabled: false",
  ]);
  return ["config:", "  game-ai-platform:gpu:", ...tiers].join("\n");
}
