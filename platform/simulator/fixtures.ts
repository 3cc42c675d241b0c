import type { GroupPlan, MetricQuery, SimulatedMetric, TargetTrackingPlan } from "./plan";

/** A query of one metric as the GPU nodes publish it: the mean over the nodes. */
export function nodeMetric(metric: SimulatedMetric, periodSeconds = 60): MetricQuery {
  return {
    terms: [{ id: "m1", metric, statistic: "Average", label: metric }],
    periodSeconds,
    label: metric,
  };
}

/** A target-tracking policy on one metric of the nodes. */
export function track(metric: SimulatedMetric, target: number, periodSeconds = 60): TargetTrackingPlan {
  return { name: metric, query: nodeMetric(metric, periodSeconds), target, disableScaleIn: false };
}

/** The product's Gold tier with the given policies: 1 to 50 g5.xlarge on demand, a launch hook, no warm pool. */
export function goldGroup(overrides: Partial<GroupPlan> = {}): GroupPlan {
  return {
    name: "gold",
    tier: "gold",
    min: 1,
    max: 50,
    desired: 2,
    instanceTypes: ["g5.xlarge"],
    onDemandBase: 0,
    onDemandPercentAboveBase: 100,
    capacityRebalance: true,
    defaultWarmupSeconds: 60,
    defaultCooldownSeconds: 300,
    launchHook: { heartbeatSeconds: 900, onTimeout: "ABANDON" },
    terminateHook: { heartbeatSeconds: 600, onTimeout: "CONTINUE" },
    loadBalancerHealth: true,
    healthGraceSeconds: 300,
    refreshMinHealthyPercent: 90,
    volumeGiB: 100,
    drainSeconds: 100,
    targetTracking: [],
    steps: [],
    predictive: [],
    schedules: [],
    ...overrides,
  };
}

/** The product's Silver tier with the given policies: 1 to 30 g5.2xlarge on demand. */
export function silverGroup(overrides: Partial<GroupPlan> = {}): GroupPlan {
  return goldGroup({
    name: "silver",
    tier: "silver",
    max: 30,
    instanceTypes: ["g5.2xlarge"],
    volumeGiB: 150,
    ...overrides,
  });
}
