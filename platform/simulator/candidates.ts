import {
  demandDefaults,
  demandExpression,
  demandScaleIn,
  demandSeries,
  scaleInPeriodSeconds,
} from "../../contracts/demand-policy";
import type { GroupPlan, MetricQuery, ScalingPlan, SimulatedMetric, StepPolicyPlan, TargetTrackingPlan } from "./plan";
import { fleetModelOf, type SimulateOptions, servingOf, sustainableRates } from "./simulate";

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

/** Replaces what scales every group but schedules, forecasts and the wake from zero by target tracking. */
function tracked(plan: ScalingPlan, policies: (group: GroupPlan) => readonly TargetTrackingPlan[]): ScalingPlan {
  const grows = ({ steps }: StepPolicyPlan) => steps.some(({ adjustment }) => adjustment > 0);
  return {
    ...plan,
    groups: plan.groups.map((group) => ({
      ...group,
      targetTracking: policies(group),
      steps: group.steps.filter(grows),
    })),
  };
}

/** Requests a minute that one node of a full group serves within its SLO. */
export function sloRequestsPerMinute(
  group: GroupPlan,
  options: Pick<SimulateOptions, "engines" | "workload" | "demand">,
): number {
  const sustainable = sustainableRates(group, fleetModelOf(group, options));
  return (sustainable.at(-1)! / sustainable.length) * 60;
}

/** Policies on requests per node at a share (0-1) of what a node serves within its SLO, beside a policy on the queue. */
export function requestRatePolicies(share: number, perMinute: number): TargetTrackingPlan[] {
  return [policy("requestsPerTarget", Math.round(share * perMinute), 60), policy("queueDepth", 4, 10)];
}

/** A plan in which every group follows demand over nodes, with a full KV cache as one more reason to grow. */
export function demandPlan(
  plan: ScalingPlan,
  of: (group: GroupPlan) => { readonly target: number; readonly spread: number },
): ScalingPlan {
  const load = (expression: string, periodSeconds: number): MetricQuery => ({
    terms: demandSeries.map(({ id, metric, stat }) => ({ id, metric, statistic: stat, label: metric })),
    expression,
    periodSeconds,
    label: expression,
  });
  return {
    ...plan,
    groups: plan.groups.map((group) => {
      const { target, spread } = of(group);
      const { threshold, steps } = demandScaleIn(target, demandDefaults.scaleInBelow);
      return {
        ...group,
        targetTracking: [
          { name: "demand", query: load(demandExpression(spread, 10), 10), target, disableScaleIn: true },
          { ...policy("memoryPressure", 75, 10), disableScaleIn: true },
        ],
        steps: [
          {
            name: "scale-in",
            adjustmentType: "PercentChangeInCapacity",
            steps: steps.map(({ lower, upper, adjustment }) => ({ lower: lower ?? null, upper, adjustment })),
            minMagnitude: 1,
            alarms: [
              {
                name: "idle",
                query: load(demandExpression(spread, scaleInPeriodSeconds, 1), scaleInPeriodSeconds),
                comparison: "LessThanThreshold",
                threshold,
                evaluationPeriods: demandDefaults.scaleInMinutes,
                datapointsToAlarm: demandDefaults.scaleInMinutes,
                treatMissingData: "notBreaching",
              },
            ],
          },
        ],
      };
    }),
  };
}

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
    ...[80, 95].map((percent) => ({
      name: `demand ${percent} %`,
      about: `demand over nodes at ${percent} % of what a node of a full group serves within its SLO`,
      plan: demandPlan(plan, (group) => ({
        target: Math.round((percent / 100) * sloRequestsPerMinute(group, options)),
        spread: demandDefaults.spread,
      })),
    })),
  ];
}
