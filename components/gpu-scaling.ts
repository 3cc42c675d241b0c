import { type AwsMetric, awsMetrics } from "../contracts/aws-metrics";
import { demandExpression, demandScaleIn, demandSeries, scaleInPeriodSeconds } from "../contracts/demand-policy";
import { groupDimension, type Metric, observedMetrics, scalingMetrics } from "../contracts/metrics";
import { type PredictiveSettings, policyKeys, type TierSettings } from "./gpu-settings";

/** A metric as a policy, an alarm or a forecast asks for it; `Group` is the group's name, plain or an Output. */
export interface MetricQuery<Group> {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: readonly { readonly name: string; readonly value: Group }[];
}

/**
 * What a target-tracking policy follows: a metric of ours, an expression over several, or the load balancer's own count of requests a
 * minute and target.
 */
export type Followed<Group> =
  | { readonly math: readonly MathQuery<Group>[]; readonly periodSeconds: number }
  | { readonly query: MetricQuery<Group>; readonly statistic: "Average"; readonly periodSeconds: number }
  | { readonly predefined: "ALBRequestCountPerTarget" };

/** A target-tracking policy in plain values. */
export interface TargetTrackingPolicy<Group> {
  /** Suffix of its logical name and of its name in AWS. */
  readonly name: string;
  readonly follows: Followed<Group>;
  readonly target: number;
  readonly disableScaleIn: boolean;
}

/** The query of a metric of ours or of AWS for one group: every dimension key that the contract lists, no other. */
export function queryFor<Group>(metric: Metric | AwsMetric, group: Group): MetricQuery<Group> {
  if (metric.dimensions.length !== 1 || metric.dimensions[0] !== groupDimension) {
    throw new Error(
      `${metric.name} has other dimensions than ${groupDimension}; a policy of a group cannot ask for it`,
    );
  }
  return {
    namespace: metric.namespace,
    metricName: metric.name,
    dimensions: metric.dimensions.map((name) => ({ name, value: group })),
  };
}

/** Suffix and metric of each policy; the count of requests comes from the load balancer and has no metric of ours. */
const policies = {
  requestRate: { name: "request-rate", metric: undefined },
  gpuUtilization: { name: "utilization", metric: scalingMetrics.gpuUtilization },
  memoryPressure: { name: "memory-pressure", metric: scalingMetrics.memoryPressure },
  queueDepth: { name: "queue-depth", metric: scalingMetrics.queueDepth },
} as const satisfies Record<
  (typeof policyKeys)[number],
  { readonly name: string; readonly metric: Metric | undefined }
>;

/**
 * The target-tracking policies of a tier that are not switched off. A group grows when any of them asks for it and shrinks when all
 * agree. The unit is left out of the query: CloudWatch would treat it as one more filter.
 */
export function targetTrackingPolicies<Group>(settings: TierSettings, group: Group): TargetTrackingPolicy<Group>[] {
  const { demand, metricPeriod } = settings;
  const onDemand: TargetTrackingPolicy<Group>[] =
    demand === undefined
      ? []
      : [
          {
            name: "demand",
            follows: {
              math: demandQueries(group, demandExpression(demand.spread, metricPeriod)),
              periodSeconds: metricPeriod,
            },
            target: demand.target,
            // Shrinking is the step policy's: target tracking waits a quarter of an hour below 70 % of the target.
            disableScaleIn: true,
          },
        ];
  const others = policyKeys.flatMap((key): TargetTrackingPolicy<Group>[] => {
    const tracked = settings[key];
    if (tracked === undefined) return [];
    const { name, metric } = policies[key];
    const follows: Followed<Group> =
      metric === undefined
        ? { predefined: "ALBRequestCountPerTarget" }
        : { query: queryFor(metric, group), statistic: "Average", periodSeconds: settings.metricPeriod };
    return [{ name, follows, target: tracked.target, disableScaleIn: !tracked.scaleIn || demand !== undefined }];
  });
  return [...onDemand, ...others];
}

/** Metrics of the series of the load, by their names in the contract. */
const loadMetrics = {
  demand: scalingMetrics.demand,
  heartbeat: observedMetrics.heartbeat,
  queueDepth: scalingMetrics.queueDepth,
} as const satisfies Record<(typeof demandSeries)[number]["metric"], Metric>;

/**
 * The load of `contracts/demand-policy.ts` for one group. All series exist in every period in which a node serves, so that nothing
 * keeps a quiet group from shrinking.
 */
function demandQueries<Group>(group: Group, expression: string): MathQuery<Group>[] {
  return [
    ...demandSeries.map(({ id, metric, stat }) => ({ id, query: queryFor(loadMetrics[metric], group), stat })),
    { id: "load", expression, label: "Requests a minute and node" },
  ];
}

/** The alarm and the steps by which a group shrinks as demand falls. */
export interface ScaleIn<Group> {
  readonly queries: readonly MathQuery<Group>[];
  readonly periodSeconds: number;
  readonly periods: number;
  readonly threshold: number;
  /** Bounds relative to the threshold; percent of the group's nodes. */
  readonly steps: ReturnType<typeof demandScaleIn>["steps"];
}

/** How a group shrinks; undefined where no demand is declared, so that target tracking does it. */
export function scaleIn<Group>({ demand }: TierSettings, group: Group): ScaleIn<Group> | undefined {
  if (demand === undefined) return undefined;
  return {
    // What one node less would carry: a share of the target alone lets a small group swing between two sizes.
    queries: demandQueries(group, demandExpression(demand.spread, scaleInPeriodSeconds, 1)),
    periodSeconds: scaleInPeriodSeconds,
    periods: demand.scaleInMinutes,
    ...demandScaleIn(demand.target, demand.scaleInBelow),
  };
}

/**
 * How the predefined metric names a target group behind a load balancer.
 * @param loadBalancer Suffix of its ARN, `app/NAME/ID`.
 * @param targetGroup Suffix of its ARN, `targetgroup/NAME/ID`.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html
 */
export const requestCountLabel = (loadBalancer: string, targetGroup: string): string =>
  `${loadBalancer}/${targetGroup}`;

/** One input of a metric-math expression, or the expression itself. */
export type MathQuery<Group> =
  | { readonly id: string; readonly query: MetricQuery<Group>; readonly stat: string }
  | { readonly id: string; readonly expression: string; readonly label: string };

/** Group metrics to collect: the forecast, the wake alarm and the dashboards read them. They are free. */
export const collectedGroupMetrics = [
  "GroupDesiredCapacity",
  "GroupInServiceInstances",
  "GroupMaxSize",
  "GroupMinSize",
  "GroupPendingInstances",
  "GroupTerminatingInstances",
  "GroupTotalInstances",
  "WarmPoolDesiredCapacity",
  "WarmPoolTotalCapacity",
] as const;

/** The alarm that takes a group from zero nodes to one. */
export interface WakeAlarm<Group> {
  readonly queries: readonly MathQuery<Group>[];
  /** Seconds; group metrics come once a minute. */
  readonly periodSeconds: 60;
  readonly threshold: 0;
  /** Nodes that the step policy adds. */
  readonly adjustment: 1;
}

/**
 * Requests waiting in the router count only while the group wants no node. Without that guard the alarm would fire again every
 * minute that the first node boots, and once more whenever a busy group lets requests wait.
 */
export function wakeAlarm<Group>(group: Group): WakeAlarm<Group> {
  return {
    queries: [
      { id: "waiting", query: queryFor(scalingMetrics.waitingRequests, group), stat: "Maximum" },
      { id: "desired", query: queryFor(awsMetrics.group.desired, group), stat: "Maximum" },
      { id: "wake", expression: "IF(FILL(desired, 0) < 1, waiting, 0)", label: "Waiting requests without a node" },
    ],
    periodSeconds: 60,
    threshold: 0,
    adjustment: 1,
  };
}

/** The three series that a predictive policy is given. */
export interface PredictiveMetrics<Group> {
  /** Requests of the whole group: what is forecast. */
  readonly load: readonly MathQuery<Group>[];
  /** Requests of one node: what the target is compared with. */
  readonly scaling: readonly MathQuery<Group>[];
  readonly capacity: readonly MathQuery<Group>[];
}

/**
 * A forecast on requests, running and waiting, not on GPU utilisation: utilisation ends at 100, so hours in which the group was
 * too small would be forecast too low.
 */
export function predictiveMetrics<Group>(group: Group): PredictiveMetrics<Group> {
  const running: MathQuery<Group> = {
    id: "running",
    query: queryFor(observedMetrics.runningRequests, group),
    stat: "Average",
  };
  const queued: MathQuery<Group> = { id: "queued", query: queryFor(scalingMetrics.queueDepth, group), stat: "Average" };
  const inService: MathQuery<Group> = {
    id: "nodes",
    query: queryFor(awsMetrics.group.inService, group),
    stat: "Average",
  };
  return {
    load: [running, queued, inService, { id: "load", expression: "(running + queued) * nodes", label: "Requests" }],
    scaling: [running, queued, { id: "perNode", expression: "running + queued", label: "Requests per node" }],
    capacity: [inService],
  };
}

/** The words that the API wants for a predictive mode. */
export const predictiveMode = {
  "forecast-only": "ForecastOnly",
  "forecast-and-scale": "ForecastAndScale",
} as const satisfies Record<PredictiveSettings["mode"], string>;
