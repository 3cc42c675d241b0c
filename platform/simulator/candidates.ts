import { NodeModel } from "./node-model";
import type { GroupPlan, MetricQuery, ScalingPlan, SimulatedMetric, TargetTrackingPlan } from "./plan";
import { type SimulateOptions, servingOf } from "./simulate";
import { defaultWorkload } from "./workload";

/** A set of policies to be compared: the same groups, scaled differently. */
export interface Candidate {
  readonly name: string;
  readonly about: string;
  readonly plan: ScalingPlan;
}

const query = (metric: SimulatedMetric, periodSeconds: number): MetricQuery => ({
  terms: [{ id: "m1", metric, statistic: "Average", label: metric }],
  periodSeconds,
  label: metric,
});

/** A target-tracking policy that a comparison puts in the place of what the stack declares. */
function policy(metric: SimulatedMetric, target: number, periodSeconds: number): TargetTrackingPlan {
  return { name: metric, query: query(metric, periodSeconds), target, disableScaleIn: false };
}

/** Replaces the target-tracking policies of every group; step policies, schedules and forecasts stay. */
function tracked(plan: ScalingPlan, policies: (group: GroupPlan) => readonly TargetTrackingPlan[]): ScalingPlan {
  return { ...plan, groups: plan.groups.map((group) => ({ ...group, targetTracking: policies(group) })) };
}

/** Requests a minute that one node of a group serves within its SLO. */
export function sloRequestsPerMinute(
  group: GroupPlan,
  options: Pick<SimulateOptions, "engines" | "workload" | "demand">,
): number {
  const workload = (options.workload ?? defaultWorkload)[group.tier];
  const { tokens } = options.demand.tiers[group.tier];
  const own = tokens ? { ...workload, inputTokens: tokens.input, outputTokens: tokens.output } : workload;
  return new NodeModel(servingOf(group, options), own).sloRate * 60;
}

/** Policies on requests per node at a share (0-1) of what a node serves within its SLO, beside a policy on the queue. */
export function requestRatePolicies(share: number, perMinute: number): TargetTrackingPlan[] {
  return [policy("requestsPerTarget", Math.round(share * perMinute), 60), policy("queueDepth", 4, 10)];
}

/** The same, with a full KV cache as one more reason to grow. */
export const guardedRequestRatePolicies = (share: number, perMinute: number): TargetTrackingPlan[] => [
  ...requestRatePolicies(share, perMinute),
  policy("memoryPressure", 75, 10),
];

/** The policies that a comparison runs beside those of the stack. */
export function candidates(options: SimulateOptions): Candidate[] {
  const { plan } = options;
  const same = (policies: readonly TargetTrackingPlan[]) => tracked(plan, () => policies);
  const rate = (share: number) =>
    tracked(plan, (group) => requestRatePolicies(share, sloRequestsPerMinute(group, options)));
  return [
    { name: "declared", about: "what the stack declares", plan },
    {
      name: "defaults",
      about: "what a tier that names no policy declares: utilisation 70 %, memory pressure 75 %, queue depth 4",
      plan: same([policy("gpuUtilization", 70, 10), policy("memoryPressure", 75, 10), policy("queueDepth", 4, 10)]),
    },
    {
      name: "framebuffer 75",
      about: "framebuffer memory at 75 % and utilisation at 70 %, as first designed",
      plan: same([policy("framebufferUsed", 75, 60), policy("gpuUtilization", 70, 60)]),
    },
    { name: "utilisation 70", about: "GPU utilisation alone", plan: same([policy("gpuUtilization", 70, 60)]) },
    {
      name: "utilisation 95",
      about: "GPU utilisation as high as it can be tracked",
      plan: same([policy("gpuUtilization", 95, 10)]),
    },
    { name: "memory pressure 75", about: "KV-cache occupancy alone", plan: same([policy("memoryPressure", 75, 10)]) },
    { name: "queue 4", about: "waiting requests per node alone", plan: same([policy("queueDepth", 4, 10)]) },
    {
      name: "running 1/8 + queue 4",
      about: "running requests at an eighth of a batch",
      plan: tracked(plan, (group) => [
        policy("runningRequests", Math.max(1, Math.round(servingOf(group, options).maxSequences / 8)), 10),
        policy("queueDepth", 4, 10),
      ]),
    },
    ...[50, 60, 70, 80].map((percent) => ({
      name: `requests ${percent} % + queue 4`,
      about: `requests per node at ${percent} % of what a node serves within its SLO`,
      plan: rate(percent / 100),
    })),
    {
      name: "requests 60 % + queue 4 + memory 75",
      about: "the same at 60 %, with KV-cache occupancy as a guard",
      plan: tracked(plan, (group) => guardedRequestRatePolicies(0.6, sloRequestsPerMinute(group, options))),
    },
  ];
}
