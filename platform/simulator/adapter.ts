import { type EngineSettings, tierEngine } from "../../catalog/gpu-tiers";
import { findInstanceType } from "../../catalog/instance-types";
import { adapterDemand, type GpuTier, gpuTiers, layRegistry } from "../../contracts/archetypes";
import { InputError } from "../../contracts/input-error";
import { drainSeconds } from "../../contracts/node";
import { ownRegistryOf } from "../../contracts/own-archetypes";
import type { Evaluation, PropertyMap, RecordedResource } from "../engine/types";
import { known, numberOf, objectOf, objectsOf, ResourceIndex, textOf } from "./evaluation-reader";
import { alarmQuery, dataQueries, targetTrackingQuery } from "./metric-query";
import type {
  AlarmPlan,
  Comparison,
  GroupPlan,
  HookPlan,
  MissingData,
  PredictivePlan,
  ScalingPlan,
  SchedulePlan,
  StepPolicyPlan,
  TargetTrackingPlan,
  WarmPoolPlan,
} from "./plan";
import type { AdjustmentType, StepAdjustment } from "./scaling-rules";

const types = {
  group: "aws:autoscaling/group:Group",
  policy: "aws:autoscaling/policy:Policy",
  schedule: "aws:autoscaling/schedule:Schedule",
  hook: "aws:autoscaling/lifecycleHook:LifecycleHook",
  alarm: "aws:cloudwatch/metricAlarm:MetricAlarm",
  launchTemplate: "aws:ec2/launchTemplate:LaunchTemplate",
  targetGroup: "aws:lb/targetGroup:TargetGroup",
} as const;

/** Defaults of EC2 Auto Scaling where a property is not set. Source: CreateAutoScalingGroup, PutLifecycleHook. */
const defaults = { cooldown: 300, heartbeat: 3600, onDemandPercentage: 100, drain: 300, volumeGiB: 8 } as const;

/**
 * Reads what scales GPU nodes from an evaluated stack: groups with their launch templates, policies, alarms, hooks, schedules and
 * warm pools. Nothing is taken from the stack's config, so that what is simulated is what would be deployed.
 * @throws InputError for a policy that points to no group of the stack.
 */
export function scalingPlanOf(evaluation: Evaluation): ScalingPlan {
  const index = new ResourceIndex(evaluation);
  const warnings: string[] = [];
  const groups = index
    .ofType(types.group)
    .filter((group) => servesModels(index, group))
    .map((group) => groupPlan(index, group, warnings))
    .sort((a, b) => gpuTiers.indexOf(a.tier) - gpuTiers.indexOf(b.tier));
  for (const type of [types.policy, types.schedule]) {
    for (const resource of index.ofType(type)) index.target(resource, "autoscalingGroupName", types.group);
  }
  return { stack: evaluation.stack, groups, warnings };
}

/**
 * The engines that a stack's config asks for, as far as it differs from the catalog. The node's settings reach it through user
 * data, which is not known before a deployment; so this is the one thing that is read from the config.
 */
export function enginesOf(evaluation: Evaluation): Readonly<Record<GpuTier, EngineSettings>> {
  const text = (name: string) => Object.entries(evaluation.config).find(([key]) => key.endsWith(`:${name}`))?.[1];
  const config = objectOf(JSON.parse(text("gpu") ?? "{}")) ?? {};
  const own = ownRegistryOf({ archetypes: text("archetypes"), chains: text("chains") }, evaluation.stack);
  const adapters = adapterDemand(layRegistry(own ?? {}));
  const engine = (tier: GpuTier): EngineSettings => ({
    ...tierEngine(tier, adapters),
    ...(objectOf(objectOf(config[tier])?.engine) as Partial<EngineSettings> | undefined),
  });
  return { gold: engine("gold"), silver: engine("silver") };
}

/** True for a group whose nodes have a GPU; others, such as build hosts, serve no model. */
function servesModels(index: ResourceIndex, group: RecordedResource): boolean {
  const [first] = instanceTypesOf(group, objectOf(group.inputs.mixedInstancesPolicy), launchTemplate(index, group));
  return findInstanceType(first ?? "")?.gpu !== undefined;
}

function groupPlan(index: ResourceIndex, group: RecordedResource, warnings: string[]): GroupPlan {
  const { inputs } = group;
  const template = launchTemplate(index, group);
  const mixed = objectOf(inputs.mixedInstancesPolicy);
  const distribution = objectOf(mixed?.instancesDistribution) ?? {};
  const own = (type: string) =>
    index
      .ofType(type)
      .filter((resource) => index.target(resource, "autoscalingGroupName", types.group) === group)
      // The order in which a program's registrations arrive differs from run to run.
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const policies = own(types.policy);
  const hooks = [...objectsOf(inputs.initialLifecycleHooks), ...own(types.hook).map((hook) => hook.inputs)];
  const min = numberOf(inputs.minSize) ?? 0;
  const preferences = objectOf(objectOf(inputs.instanceRefresh)?.preferences);
  const terminateHook = hookPlan(hooks, "autoscaling:EC2_INSTANCE_TERMINATING");
  const suspended = known(inputs.suspendedProcesses);
  if (Array.isArray(suspended) && suspended.includes("Launch")) {
    warnings.push(`${group.name}: launches are suspended in this stack; they are simulated as if they were not`);
  }
  return {
    name: group.name,
    urn: group.urn,
    tier: tierOf(group, template),
    min,
    max: numberOf(inputs.maxSize) ?? min,
    desired: numberOf(inputs.desiredCapacity) ?? min,
    instanceTypes: instanceTypesOf(group, mixed, template),
    onDemandBase: numberOf(distribution.onDemandBaseCapacity) ?? 0,
    onDemandPercentAboveBase: numberOf(distribution.onDemandPercentageAboveBaseCapacity) ?? defaults.onDemandPercentage,
    capacityRebalance: known(inputs.capacityRebalance) === true,
    defaultWarmupSeconds: numberOf(inputs.defaultInstanceWarmup),
    defaultCooldownSeconds: numberOf(inputs.defaultCooldown) ?? defaults.cooldown,
    launchHook: hookPlan(hooks, "autoscaling:EC2_INSTANCE_LAUNCHING"),
    terminateHook,
    loadBalancerHealth: textOf(inputs.healthCheckType) === "ELB",
    healthGraceSeconds: numberOf(inputs.healthCheckGracePeriod) ?? defaults.cooldown,
    warmPool: warmPoolPlan(objectOf(inputs.warmPool)),
    refreshMinHealthyPercent: numberOf(preferences?.minHealthyPercentage) ?? 90,
    volumeGiB: volumeOf(template),
    drainSeconds: drainOf(index, group, terminateHook),
    targetTracking: policies.flatMap((policy) => targetTrackingPlan(policy, warnings)),
    steps: policies.flatMap((policy) => stepPlan(index, policy, warnings)),
    predictive: policies.flatMap((policy) => predictivePlan(policy, warnings)),
    schedules: own(types.schedule).map(schedulePlan),
  };
}

function launchTemplate(index: ResourceIndex, group: RecordedResource): RecordedResource | undefined {
  return ["mixedInstancesPolicy", "launchTemplate"]
    .flatMap((property) => index.targets(group, property, types.launchTemplate))
    .at(0);
}

/** The tier by the `Tier` tag of the group or its template, else by the resource's name. */
function tierOf(group: RecordedResource, template: RecordedResource | undefined): GpuTier {
  const tags = [...objectsOf(group.inputs.tags), ...tagSpecifications(template)];
  const tagged = tags.find(({ key }) => textOf(key)?.toLowerCase() === "tier");
  const text = (textOf(tagged?.value) ?? group.name).toLowerCase();
  const tier = gpuTiers.find((name) => text.includes(name));
  if (tier !== undefined) return tier;
  throw new InputError({
    path: `${group.name}.tags.Tier`,
    given: textOf(tagged?.value),
    allowed: gpuTiers.join(" or "),
    where: group.sourcePosition ?? group.urn,
  });
}

const tagSpecifications = (template: RecordedResource | undefined): PropertyMap[] =>
  objectsOf(template?.inputs.tagSpecifications).flatMap(({ tags }) =>
    Object.entries(objectOf(tags) ?? {}).map(([key, value]) => ({ key, value })),
  );

function instanceTypesOf(
  group: RecordedResource,
  mixed: PropertyMap | undefined,
  template: RecordedResource | undefined,
): readonly string[] {
  const overrides = objectsOf(objectOf(mixed?.launchTemplate)?.overrides)
    .map(({ instanceType }) => textOf(instanceType))
    .filter((type) => type !== undefined);
  if (overrides.length > 0) return overrides;
  const single = textOf(template?.inputs.instanceType);
  if (single !== undefined) return [single];
  throw new InputError({
    path: `${group.name}.instanceTypes`,
    given: undefined,
    allowed: "an instance type in the overrides or in the launch template",
    where: group.sourcePosition ?? group.urn,
  });
}

function hookPlan(hooks: readonly PropertyMap[], transition: string): HookPlan | undefined {
  const hook = hooks.find(({ lifecycleTransition }) => textOf(lifecycleTransition) === transition);
  if (hook === undefined) return undefined;
  return {
    heartbeatSeconds: numberOf(hook.heartbeatTimeout) ?? defaults.heartbeat,
    onTimeout: textOf(hook.defaultResult) === "CONTINUE" ? "CONTINUE" : "ABANDON",
  };
}

function warmPoolPlan(pool: PropertyMap | undefined): WarmPoolPlan | undefined {
  if (pool === undefined) return undefined;
  const state = textOf(pool.poolState);
  const prepared = numberOf(pool.maxGroupPreparedCapacity);
  return {
    state: state === "Running" || state === "Hibernated" ? state : "Stopped",
    minSize: numberOf(pool.minSize) ?? 0,
    maxPrepared: prepared === undefined || prepared < 0 ? undefined : prepared,
    reuseOnScaleIn: known(objectOf(pool.instanceReusePolicy)?.reuseOnScaleIn) === true,
  };
}

function volumeOf(template: RecordedResource | undefined): number {
  const sizes = objectsOf(template?.inputs.blockDeviceMappings).map(
    ({ ebs }) => numberOf(objectOf(ebs)?.volumeSize) ?? 0,
  );
  return sizes.length === 0 ? defaults.volumeGiB : sizes.reduce((sum, size) => sum + size, 0);
}

/** Seconds that a terminating node stays: the target group's deregistration delay, or the drain time of the contract. */
function drainOf(index: ResourceIndex, group: RecordedResource, hook: HookPlan | undefined): number {
  const [targetGroup] = index.targets(group, "targetGroupArns", types.targetGroup);
  if (targetGroup !== undefined) return numberOf(targetGroup.inputs.deregistrationDelay) ?? defaults.drain;
  return hook === undefined ? 0 : Math.min(hook.heartbeatSeconds, drainSeconds);
}

function targetTrackingPlan(policy: RecordedResource, warnings: string[]): TargetTrackingPlan[] {
  const configuration = objectOf(policy.inputs.targetTrackingConfiguration);
  if (configuration === undefined) return [];
  const read = targetTrackingQuery(configuration, policy.name);
  const target = numberOf(configuration.targetValue);
  if (read === undefined || target === undefined || target <= 0) {
    throw new InputError({
      path: `${policy.name}.targetTrackingConfiguration`,
      given: target,
      allowed: "a metric and a target above 0",
      where: policy.sourcePosition ?? policy.urn,
    });
  }
  warnings.push(...read.warnings);
  const disableScaleIn = known(configuration.disableScaleIn) === true;
  const warmupSeconds = numberOf(policy.inputs.estimatedInstanceWarmup);
  return [{ name: policy.name, query: read.query, target, disableScaleIn, warmupSeconds }];
}

function stepPlan(index: ResourceIndex, policy: RecordedResource, warnings: string[]): StepPolicyPlan[] {
  if (textOf(policy.inputs.policyType) !== "StepScaling") return [];
  const alarms = index
    .ofType(types.alarm)
    .filter((alarm) => index.targets(alarm, "alarmActions", types.policy).includes(policy))
    .map((alarm) => alarmPlan(alarm, warnings));
  if (alarms.length === 0) warnings.push(`${policy.name}: no alarm of the stack invokes it`);
  return [
    {
      name: policy.name,
      adjustmentType: (textOf(policy.inputs.adjustmentType) ?? "ChangeInCapacity") as AdjustmentType,
      steps: objectsOf(policy.inputs.stepAdjustments).map(
        (step): StepAdjustment => ({
          lower: numberOf(step.metricIntervalLowerBound) ?? null,
          upper: numberOf(step.metricIntervalUpperBound) ?? null,
          adjustment: numberOf(step.scalingAdjustment) ?? 0,
        }),
      ),
      minMagnitude: numberOf(policy.inputs.minAdjustmentMagnitude) ?? 0,
      warmupSeconds: numberOf(policy.inputs.estimatedInstanceWarmup),
      alarms,
    },
  ];
}

function alarmPlan(alarm: RecordedResource, warnings: string[]): AlarmPlan {
  const { inputs } = alarm;
  const read = alarmQuery(inputs, alarm.name);
  warnings.push(...read.warnings);
  const evaluationPeriods = numberOf(inputs.evaluationPeriods) ?? 1;
  return {
    name: alarm.name,
    query: read.query,
    comparison: (textOf(inputs.comparisonOperator) ?? "GreaterThanThreshold") as Comparison,
    threshold: numberOf(inputs.threshold) ?? 0,
    evaluationPeriods,
    datapointsToAlarm: numberOf(inputs.datapointsToAlarm) ?? evaluationPeriods,
    treatMissingData: (textOf(inputs.treatMissingData) ?? "missing") as MissingData,
  };
}

function predictivePlan(policy: RecordedResource, warnings: string[]): PredictivePlan[] {
  const configuration = objectOf(policy.inputs.predictiveScalingConfiguration);
  const metrics = objectOf(configuration?.metricSpecification);
  const load = objectOf(metrics?.customizedLoadMetricSpecification);
  if (configuration === undefined || metrics === undefined) return [];
  const read = dataQueries(objectsOf(load?.metricDataQueries), 60, policy.name);
  warnings.push(...read.warnings);
  const buffered = textOf(configuration.maxCapacityBreachBehavior) === "IncreaseMaxCapacity";
  return [
    {
      name: policy.name,
      query: read.query,
      targetPerInstance: numberOf(metrics.targetValue) ?? 1,
      forecastOnly: textOf(configuration.mode) !== "ForecastAndScale",
      bufferSeconds: numberOf(configuration.schedulingBufferTime) ?? 0,
      maxCapacityBuffer: buffered ? (numberOf(configuration.maxCapacityBuffer) ?? 0) : undefined,
    },
  ];
}

function schedulePlan({ name, inputs }: RecordedResource): SchedulePlan {
  // The provider reads -1 as "leave it".
  const size = (property: string) => {
    const value = numberOf(inputs[property]);
    return value === undefined || value < 0 ? undefined : value;
  };
  return {
    name: textOf(inputs.scheduledActionName) ?? name,
    recurrence: textOf(inputs.recurrence),
    timeZone: textOf(inputs.timeZone),
    startTime: textOf(inputs.startTime),
    endTime: textOf(inputs.endTime),
    min: size("minSize"),
    max: size("maxSize"),
    desired: size("desiredCapacity"),
  };
}
