import type { GpuTier } from "../../contracts/archetypes";
import type { AdjustmentType, StepAdjustment } from "./scaling-rules";

/** The metrics that a simulated node, router or group has; a policy on anything else gets no data. */
export const simulatedMetrics = [
  "gpuUtilization",
  "memoryPressure",
  "framebufferUsed",
  "queueDepth",
  "runningRequests",
  "requestLatencyP95",
  "heartbeat",
  "waitingRequests",
  "demand",
  "inFlight",
  "requestsPerTarget",
  "groupInService",
  "groupDesired",
] as const;
export type SimulatedMetric = (typeof simulatedMetrics)[number];

export type Statistic = "Average" | "Sum" | "Minimum" | "Maximum" | "SampleCount";

/** One metric of a query: `undefined` is a metric that nothing publishes, so that its datapoints are missing. */
export interface MetricTerm {
  readonly id: string;
  readonly metric: SimulatedMetric | undefined;
  readonly statistic: Statistic;
  /** As CloudWatch names it, for the log. */
  readonly label: string;
}

/** What an alarm looks at: one metric, or an expression over several. */
export interface MetricQuery {
  readonly terms: readonly MetricTerm[];
  /** CloudWatch metric math over the terms' ids; absent when the one term is the value. */
  readonly expression?: string;
  /** Seconds per datapoint: 10, 30 or 60. */
  readonly periodSeconds: number;
  readonly label: string;
}

export interface TargetTrackingPlan {
  readonly name: string;
  readonly query: MetricQuery;
  readonly target: number;
  readonly disableScaleIn: boolean;
  /** Seconds; the group's default when absent. */
  readonly warmupSeconds?: number;
}

export type Comparison =
  | "GreaterThanThreshold"
  | "GreaterThanOrEqualToThreshold"
  | "LessThanThreshold"
  | "LessThanOrEqualToThreshold";
export type MissingData = "missing" | "ignore" | "breaching" | "notBreaching";

export interface AlarmPlan {
  readonly name: string;
  readonly query: MetricQuery;
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly evaluationPeriods: number;
  /** M of N. @default evaluationPeriods */
  readonly datapointsToAlarm: number;
  readonly treatMissingData: MissingData;
}

export interface StepPolicyPlan {
  readonly name: string;
  readonly adjustmentType: AdjustmentType;
  readonly steps: readonly StepAdjustment[];
  readonly minMagnitude: number;
  readonly warmupSeconds?: number;
  readonly alarms: readonly AlarmPlan[];
}

export interface PredictivePlan {
  readonly name: string;
  /** The load whose hourly history is forecast. */
  readonly query: MetricQuery;
  /** Load that one instance takes. */
  readonly targetPerInstance: number;
  readonly forecastOnly: boolean;
  /** Seconds before the hour that capacity is launched. */
  readonly bufferSeconds: number;
  /** Percent above the group's maximum that a forecast may go; absent when it may not. */
  readonly maxCapacityBuffer?: number;
}

export interface SchedulePlan {
  readonly name: string;
  /** Five-field cron, or absent for a single start. */
  readonly recurrence?: string;
  readonly timeZone?: string;
  readonly startTime?: string;
  readonly endTime?: string;
  readonly min?: number;
  readonly max?: number;
  readonly desired?: number;
}

export interface WarmPoolPlan {
  readonly state: "Stopped" | "Hibernated" | "Running";
  readonly minSize: number;
  /** Instances prepared at most, group and pool together. @default the group's maximum */
  readonly maxPrepared?: number;
  readonly reuseOnScaleIn: boolean;
}

export interface HookPlan {
  readonly heartbeatSeconds: number;
  readonly onTimeout: "ABANDON" | "CONTINUE";
}

/** One Auto Scaling group with everything that scales it, as the stack declares it. */
export interface GroupPlan {
  readonly name: string;
  /** Resource URN, where it came from a stack. */
  readonly urn?: string;
  readonly tier: GpuTier;
  readonly min: number;
  readonly max: number;
  /** Capacity at creation. */
  readonly desired: number;
  /** In the order of preference on demand. */
  readonly instanceTypes: readonly string[];
  readonly onDemandBase: number;
  readonly onDemandPercentAboveBase: number;
  readonly capacityRebalance: boolean;
  /** Seconds after InService that an instance counts as warming; absent when the group does not set it. */
  readonly defaultWarmupSeconds?: number;
  readonly defaultCooldownSeconds: number;
  readonly launchHook?: HookPlan;
  readonly terminateHook?: HookPlan;
  readonly loadBalancerHealth: boolean;
  readonly healthGraceSeconds: number;
  readonly warmPool?: WarmPoolPlan;
  /** Percent of capacity that stays healthy while instances are replaced. */
  readonly refreshMinHealthyPercent: number;
  /** GiB of gp3 per instance. */
  readonly volumeGiB: number;
  /** Seconds that a terminating node is kept to finish its requests. */
  readonly drainSeconds: number;
  readonly targetTracking: readonly TargetTrackingPlan[];
  readonly steps: readonly StepPolicyPlan[];
  readonly predictive: readonly PredictivePlan[];
  readonly schedules: readonly SchedulePlan[];
}

/** Everything of a stack that scales GPU nodes, and what about it a reader should know. */
export interface ScalingPlan {
  readonly stack: string;
  readonly groups: readonly GroupPlan[];
  readonly warnings: readonly string[];
}
