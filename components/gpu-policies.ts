import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  type Followed,
  type MathQuery,
  predictiveMetrics,
  predictiveMode,
  requestCountLabel,
  scaleIn,
  targetTrackingPolicies,
  wakeAlarm,
} from "./gpu-scaling";
import type { TierSettings } from "./gpu-settings";

type Text = pulumi.Output<string>;

/** The group that is scaled, and where the load balancer counts its requests. */
export interface ScaledGroup {
  readonly group: aws.autoscaling.Group;
  /** Suffix of the load balancer's ARN. */
  readonly loadBalancer: pulumi.Input<string>;
  readonly targetGroup: aws.lb.TargetGroup;
  /** Routes to the target group: until it exists no policy may count the requests. */
  readonly listener: aws.lb.Listener;
}

/** Makes everything that changes a group's size: target tracking, the wake from zero, forecast and schedule. */
export function createScaling(
  parent: pulumi.Resource,
  name: string,
  settings: TierSettings,
  scaled: ScaledGroup,
): void {
  const { group } = scaled;
  createTargetTracking(parent, name, settings, scaled);
  createScaleIn(parent, name, settings, group);
  if (settings.wakeFromZero) createWake(parent, name, settings, group);
  if (settings.predictive !== undefined) createForecast(parent, name, settings.predictive, group);
  createSchedule(parent, name, settings, group);
}

function createTargetTracking(parent: pulumi.Resource, name: string, settings: TierSettings, scaled: ScaledGroup) {
  const { group, listener } = scaled;
  for (const policy of targetTrackingPolicies<Text>(settings, group.name)) {
    const counted = "predefined" in policy.follows;
    new aws.autoscaling.Policy(
      `${name}-${policy.name}`,
      {
        autoscalingGroupName: group.name,
        policyType: "TargetTrackingScaling",
        targetTrackingConfiguration: {
          targetValue: policy.target,
          disableScaleIn: policy.disableScaleIn,
          ...metricSpecification(policy.follows, scaled),
        },
      },
      { parent, dependsOn: counted ? [listener] : [] },
    );
  }
}

function metricSpecification(follows: Followed<Text>, { loadBalancer, targetGroup }: ScaledGroup) {
  if ("predefined" in follows) {
    const resourceLabel = pulumi
      .all([loadBalancer, targetGroup.arnSuffix])
      .apply(([balancer, targets]) => requestCountLabel(balancer, targets));
    return { predefinedMetricSpecification: { predefinedMetricType: follows.predefined, resourceLabel } };
  }
  if ("math" in follows) {
    const { periodSeconds } = follows;
    const metrics = dataQueries(follows.math).map((query) =>
      query.metricStat === undefined ? query : { ...query, metricStat: { ...query.metricStat, period: periodSeconds } },
    );
    return { customizedMetricSpecification: { metrics } };
  }
  return {
    customizedMetricSpecification: {
      namespace: follows.query.namespace,
      metricName: follows.query.metricName,
      metricDimensions: [...follows.query.dimensions],
      statistic: follows.statistic,
      period: follows.periodSeconds,
    },
  };
}

function createScaleIn(parent: pulumi.Resource, name: string, settings: TierSettings, group: aws.autoscaling.Group) {
  const shrink = scaleIn<Text>(settings, group.name);
  if (shrink === undefined) return;
  const policy = new aws.autoscaling.Policy(
    `${name}-scale-in`,
    {
      autoscalingGroupName: group.name,
      policyType: "StepScaling",
      adjustmentType: "PercentChangeInCapacity",
      minAdjustmentMagnitude: 1,
      metricAggregationType: "Average",
      estimatedInstanceWarmup: settings.warmupSeconds,
      stepAdjustments: shrink.steps.map(({ lower, upper, adjustment }) => ({
        metricIntervalLowerBound: lower === undefined ? undefined : String(lower),
        metricIntervalUpperBound: String(upper),
        scalingAdjustment: adjustment,
      })),
    },
    { parent },
  );
  new aws.cloudwatch.MetricAlarm(
    `${name}-idle`,
    {
      alarmDescription: `Demand on the ${settings.tier} tier is below what its nodes carry: take some away.`,
      comparisonOperator: "LessThanThreshold",
      threshold: shrink.threshold,
      evaluationPeriods: shrink.periods,
      datapointsToAlarm: shrink.periods,
      // No data is no reason to shrink.
      treatMissingData: "notBreaching",
      metricQueries: alarmQueries(shrink.queries, shrink.periodSeconds),
      alarmActions: [policy.arn],
    },
    { parent },
  );
}

/** Queries as a metric alarm wants them; the last one is what the alarm looks at. */
function alarmQueries(queries: readonly MathQuery<Text>[], period: number) {
  return queries.map((query) =>
    "query" in query
      ? {
          id: query.id,
          returnData: false,
          metric: {
            namespace: query.query.namespace,
            metricName: query.query.metricName,
            dimensions: Object.fromEntries(query.query.dimensions.map((pair) => [pair.name, pair.value])),
            period,
            stat: query.stat,
          },
        }
      : { id: query.id, expression: query.expression, label: query.label, returnData: true },
  );
}

function createWake(parent: pulumi.Resource, name: string, settings: TierSettings, group: aws.autoscaling.Group) {
  const wake = wakeAlarm<Text>(group.name);
  const policy = new aws.autoscaling.Policy(
    `${name}-wake`,
    {
      autoscalingGroupName: group.name,
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      metricAggregationType: "Maximum",
      estimatedInstanceWarmup: settings.warmupSeconds,
      stepAdjustments: [{ metricIntervalLowerBound: "0", scalingAdjustment: wake.adjustment }],
    },
    { parent },
  );
  new aws.cloudwatch.MetricAlarm(
    `${name}-waiting`,
    {
      alarmDescription: `Requests wait for the ${settings.tier} tier and it wants no node: launch the first one.`,
      comparisonOperator: "GreaterThanThreshold",
      threshold: wake.threshold,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      treatMissingData: "notBreaching",
      metricQueries: alarmQueries(wake.queries, wake.periodSeconds),
      alarmActions: [policy.arn],
    },
    { parent },
  );
}

function createForecast(
  parent: pulumi.Resource,
  name: string,
  settings: NonNullable<TierSettings["predictive"]>,
  group: aws.autoscaling.Group,
) {
  const metrics = predictiveMetrics<Text>(group.name);
  new aws.autoscaling.Policy(
    `${name}-forecast`,
    {
      autoscalingGroupName: group.name,
      policyType: "PredictiveScaling",
      predictiveScalingConfiguration: {
        mode: predictiveMode[settings.mode],
        schedulingBufferTime: String(settings.bufferSeconds),
        maxCapacityBreachBehavior: "HonorMaxCapacity",
        metricSpecification: {
          targetValue: settings.requestsPerNode,
          customizedLoadMetricSpecification: { metricDataQueries: dataQueries(metrics.load) },
          customizedScalingMetricSpecification: { metricDataQueries: dataQueries(metrics.scaling) },
          customizedCapacityMetricSpecification: { metricDataQueries: dataQueries(metrics.capacity) },
        },
      },
    },
    { parent },
  );
}

/** Queries in the API's words; the last one is the series that counts. */
function dataQueries(queries: readonly MathQuery<Text>[]) {
  return queries.map((query, index) => {
    const returnData = index === queries.length - 1;
    if (!("query" in query)) {
      const { id, expression, label } = query;
      return { id, expression, label, returnData, metricStat: undefined };
    }
    const { namespace, metricName, dimensions } = query.query;
    return {
      id: query.id,
      returnData,
      metricStat: { stat: query.stat, metric: { namespace, metricName, dimensions: [...dimensions] } },
    };
  });
}

function createSchedule(parent: pulumi.Resource, name: string, settings: TierSettings, group: aws.autoscaling.Group) {
  for (const action of settings.scheduled) {
    new aws.autoscaling.Schedule(
      `${name}-at-${action.name}`,
      {
        scheduledActionName: action.name,
        autoscalingGroupName: group.name,
        recurrence: action.recurrence,
        timeZone: action.timeZone,
        // The provider reads an absent size as 0, and -1 as "leave it".
        minSize: action.min ?? -1,
        maxSize: action.max ?? -1,
        desiredCapacity: -1,
      },
      { parent },
    );
  }
}
