import { badName, type LimitProblem, type NameLimit, notOneOf, outside, type Range } from "./problem";

/** Quotas of one Auto Scaling group. Source: Amazon EC2 Auto Scaling quotas. */
export const autoScalingQuotas = {
  scalingPolicies: 50,
  scheduledActions: 125,
  stepAdjustments: 20,
  lifecycleHooks: 50,
  targetGroups: 50,
  notificationTopics: 10,
  instanceTypes: 40,
  instanceRequirements: 4,
} as const;

/** Values. Source: EC2 Auto Scaling API reference, InstanceRefresh preferences, CreateAutoScalingGroup. */
export const autoScalingLimits = {
  minHealthyPercentage: { min: 0, max: 100, unit: "percent" },
  maxHealthyPercentage: { min: 100, max: 200, unit: "percent" },
  checkpointDelay: { min: 0, max: 172_800, unit: "seconds" },
  bakeTime: { min: 0, max: 172_800, unit: "seconds" },
  spotPools: { min: 1, max: 20 },
  onDemandPercentage: { min: 0, max: 100, unit: "percent" },
} as const satisfies Record<string, Range>;

/** Seconds between two data points that a target-tracking policy may ask for. Source: TargetTrackingMetricStat, Period. */
export const targetTrackingPeriods = [10, 30, 60] as const;

/** Application Auto Scaling's quotas for one scalable target. Source: Application Auto Scaling quotas. */
export const scalableTargetQuotas = { scalingPolicies: 50, scheduledActions: 200, stepAdjustments: 20 } as const;

/** Names. Source: CreateAutoScalingGroup, CreateLaunchTemplate, PutScalingPolicy of both services. */
export const autoScalingNames = {
  group: { max: 255, pattern: /^[!-9;-~]+$/, words: "printable ASCII without colon and space" },
  launchTemplate: { min: 3, max: 128, pattern: /^[a-zA-Z0-9().\-/_]+$/, words: "letters, digits and ( ) . - / _" },
  policy: { max: 255, pattern: /^[\x20-\x7e]+$/, words: "printable ASCII" },
} as const satisfies Record<string, NameLimit>;

/** The problem of an instance refresh's healthy percentages. */
export function refreshProblem(minHealthy: number, maxHealthy: number): LimitProblem | undefined {
  const single =
    outside(minHealthy, autoScalingLimits.minHealthyPercentage) ??
    outside(maxHealthy, autoScalingLimits.maxHealthyPercentage);
  if (single !== undefined) return single;
  return maxHealthy - minHealthy > 100
    ? { given: maxHealthy, allowed: `at most ${minHealthy + 100}, 100 above the minimum of ${minHealthy}` }
    : undefined;
}

/** The problem of the bounds of something that a target-tracking policy scales: it needs room. Source: cfn-lint E3712. */
export function scalingBoundsProblem(min: number, max: number): LimitProblem | undefined {
  return min < max ? undefined : { given: max, allowed: `a maximum above the minimum of ${min} where a policy scales` };
}

/** The problem of a target-tracking policy's period in seconds. */
export const targetTrackingPeriodProblem = (seconds: number): LimitProblem | undefined =>
  notOneOf<number>(seconds, targetTrackingPeriods);

/** The problem of an Auto Scaling group's name. */
export const groupNameProblem = (name: string): LimitProblem | undefined => badName(name, autoScalingNames.group);
