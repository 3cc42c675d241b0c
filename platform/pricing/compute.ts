import { tagKeys } from "../../contracts/tags";
import { at, type BilledResource, type Graph, input, listAt, numberAt, textAt } from "./graph";
import { always, atMost, type Charge, hourly, type Levels, monthly, type Pricing, perLevel } from "./line";
import type { Pricer } from "./pricer";

/** Tasks of a service: as declared, or the bounds of its scaling target. */
function tasksOf(service: BilledResource, graph: Graph): Levels {
  const declared = numberAt(service, "desiredCount", 1);
  const target = graph
    .ofType("aws:appautoscaling/target:Target")
    .find((candidate) => graph.behind(candidate, "resourceId").includes(service));
  if (target === undefined) return always(declared);
  const minimum = numberAt(target, "minCapacity", declared);
  const maximum = numberAt(target, "maxCapacity", declared);
  return { minimum, expected: Math.min(Math.max(declared, minimum), maximum), maximum };
}

/** Tasks of a service that run on Fargate Spot: what is above the bases, by the weights of its capacity strategy. */
function spotTasks(service: BilledResource, tasks: Levels): Levels {
  const strategies = listAt(service, "capacityProviderStrategies");
  const sum = (key: "base" | "weight", provider?: string): number =>
    strategies
      .filter((strategy) => provider === undefined || at(strategy, "capacityProvider") === provider)
      .reduce<number>((total, strategy) => total + Number(at(strategy, key) ?? 0), 0);
  const weight = sum("weight");
  const share = weight === 0 ? 0 : sum("weight", "FARGATE_SPOT") / weight;
  return perLevel((level) => {
    const base = Math.min(tasks[level], sum("base", "FARGATE_SPOT"));
    return base + Math.max(0, tasks[level] - sum("base")) * share;
  });
}

const clusterType = "aws:ecs/cluster:Cluster";

const publishesInsights = (cluster: BilledResource): boolean =>
  listAt(cluster, "settings").some(
    (setting) => at(setting, "name") === "containerInsights" && at(setting, "value") !== "disabled",
  );

/** Container Insights publishes billed metrics for each service of a cluster that has it. */
const hasInsights = (service: BilledResource, graph: Graph): boolean =>
  graph.behind(service, "cluster").some((cluster) => cluster.type === clusterType && publishesInsights(cluster));

/**
 * Metrics of a cluster as a whole: `ContainerInstanceCount` to `ServiceCount`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html
 */
const clusterMetrics = 14;

const ecsCluster: Pricer = (cluster): Pricing =>
  publishesInsights(cluster)
    ? [monthly("cloudwatch.metric", always(clusterMetrics), "Container Insights metrics")]
    : "free";

const ecsService: Pricer = (service, { graph, usage }): Pricing => {
  const [definition] = graph
    .behind(service, "taskDefinition")
    .filter(({ type }) => type === "aws:ecs/taskDefinition:TaskDefinition");
  if (definition === undefined) return { unpriced: "its task definition is not in the graph" };
  const tasks = tasksOf(service, graph);
  const vcpu = numberAt(definition, "cpu", 0) / 1024;
  const gb = numberAt(definition, "memory", 0) / 1024;
  const arm = textAt(definition, "runtimePlatform.cpuArchitecture") === "ARM64" ? "arm" : "x86";
  const spot = spotTasks(service, tasks);
  const running = (some: Levels, suffix: string): Charge[] =>
    [
      { price: `fargate.${arm}.vcpu`, units: scaled(some, vcpu), unit: "vCPU" },
      { price: `fargate.${arm}.memory`, units: scaled(some, gb), unit: "GB" },
    ].map(({ price, units, unit }) => atMost(hourly(`${price}${suffix}`, units, unit), price));
  return [
    ...running(
      perLevel((level) => tasks[level] - spot[level]),
      "",
    ),
    ...running(spot, ".spot"),
    ...(hasInsights(service, graph)
      ? [
          monthly("cloudwatch.metric", usage.insightsMetrics, "Container Insights metrics"),
          monthly(
            "logs.ingest",
            perLevel((level) => usage.insightsLogGb[level] * tasks[level]),
            "GB of Container Insights records",
          ),
        ]
      : []),
  ];
};

const scaled = (levels: Levels, factor: number): Levels => perLevel((level) => levels[level] * factor);

/** GiB of the disks that a launch template or an instance declares. */
function diskGb(resource: BilledResource): number {
  const mapped = listAt(resource, "blockDeviceMappings").map((mapping) => Number(at(mapping, "ebs.volumeSize") ?? 0));
  return mapped.reduce((total, size) => total + size, numberAt(resource, "rootBlockDevice.volumeSize", 0));
}

/** What gp3 has without a charge. https://aws.amazon.com/ebs/pricing/ */
const freeIops = 3000;
const freeThroughput = 125;

/** Disks of a launch template or an instance: their size, and what they have beyond the free rates. */
function disks(resource: BilledResource, nodes: Levels): Charge[] {
  const mapped = listAt(resource, "blockDeviceMappings").map((mapping) => (path: string) => at(mapping, `ebs.${path}`));
  const root = (path: string) => input(resource, `rootBlockDevice.${path}`);
  const beyond = (path: string, free: number): number =>
    [...mapped, root].reduce((total, read) => total + Math.max(0, Number(read(path) ?? 0) - free), 0);
  return [
    monthly("ebs.gp3.storage", scaled(nodes, diskGb(resource)), "GB of gp3"),
    monthly("ebs.gp3.iops", scaled(nodes, beyond("iops", freeIops)), "IOPS beyond the free ones"),
    monthly("ebs.gp3.throughput", scaled(nodes, beyond("throughput", freeThroughput)), "MB/s beyond the free ones"),
  ];
}

/** Metrics that detailed monitoring publishes for a node. https://aws.amazon.com/cloudwatch/pricing/ */
const detailedMetrics = 7;

const groupType = "aws:autoscaling/group:Group";

/** The GPU tier of a group, as its tag says, in small letters. */
function tierOf(group: BilledResource): string | undefined {
  const tag = listAt(group, "tags").find((one) => at(one, "key") === tagKeys.tier);
  return tag === undefined ? undefined : String(at(tag, "value")).toLowerCase();
}

type GpuNodes = Readonly<Record<string, Levels>> | undefined;

/** Nodes of a group at each level: asked for by `--ccu`, or minimum, desired (at least the minimum) and maximum. */
function nodesOf(group: BilledResource, gpuNodes: GpuNodes): Levels {
  const asked = gpuNodes?.[tierOf(group) ?? ""];
  if (asked !== undefined) return asked;
  const minimum = numberAt(group, "minSize", 0);
  return {
    minimum,
    expected: Math.max(minimum, numberAt(group, "desiredCapacity", minimum)),
    maximum: numberAt(group, "maxSize", minimum),
  };
}

/** Groups that may not grow to the nodes that are asked for. */
export function capacityNotes(resources: readonly BilledResource[], gpuNodes: GpuNodes): string[] {
  return resources
    .filter(({ type }) => type === groupType)
    .flatMap((group) => {
      const asked = gpuNodes?.[tierOf(group) ?? ""]?.maximum ?? 0;
      const most = numberAt(group, "maxSize", Number.POSITIVE_INFINITY);
      return asked > most ? [`${group.name} may have ${most} nodes at most; the bill is for ${asked}.`] : [];
    });
}

/** Nodes that are on demand: the base, then a percentage of the rest, rounded up in favour of on-demand. */
export function onDemandNodes(nodes: number, base: number, percentageAboveBase: number): number {
  const above = Math.max(0, nodes - base);
  return Math.min(nodes, base) + Math.ceil((above * percentageAboveBase) / 100);
}

const autoScalingGroup: Pricer = (group, { graph, gpuNodes }): Pricing => {
  const [template] = [...graph.behind(group, "launchTemplate"), ...graph.behind(group, "mixedInstancesPolicy")].filter(
    ({ type }) => type === "aws:ec2/launchTemplate:LaunchTemplate",
  );
  if (template === undefined) return { unpriced: "its launch template is not in the graph" };
  const [override] = (input(group, "mixedInstancesPolicy.launchTemplate.overrides") ?? []) as {
    instanceType?: string;
  }[];
  const type = override?.instanceType ?? textAt(template, "instanceType");
  if (type === undefined) return { unpriced: "its instance type is not known" };
  const nodes = nodesOf(group, gpuNodes);
  const distribution = "mixedInstancesPolicy.instancesDistribution";
  const base = numberAt(group, `${distribution}.onDemandBaseCapacity`, 0);
  const percentage = numberAt(group, `${distribution}.onDemandPercentageAboveBaseCapacity`, 100);
  const onDemand = perLevel((level) => onDemandNodes(nodes[level], base, percentage));
  const spot = perLevel((level) => nodes[level] - onDemand[level]);
  return [
    hourly(`ec2.${type}.on-demand`, onDemand, `${type} on demand`),
    ...(spot.maximum > 0 ? [atMost(hourly(`ec2.${type}.spot`, spot, `${type} spot`), `ec2.${type}.on-demand`)] : []),
    ...disks(template, nodes),
    ...(textAt(template, "monitoring.enabled") === "true"
      ? [monthly("cloudwatch.metric", scaled(nodes, detailedMetrics), "metrics of detailed monitoring")]
      : []),
  ];
};

const instance: Pricer = (resource, { usage }): Pricing => {
  const type = textAt(resource, "instanceType");
  if (type === undefined) return { unpriced: "its instance type is not known" };
  return [
    monthly(`ec2.${type}.on-demand`, usage.onDemandShareHours, `hours of ${type}`),
    ...disks(resource, always(1)),
    ...(textAt(resource, "monitoring") === "true"
      ? [monthly("cloudwatch.metric", always(detailedMetrics), "metrics of detailed monitoring")]
      : []),
  ];
};

export const computePricers: Readonly<Record<string, Pricer>> = {
  [clusterType]: ecsCluster,
  "aws:ecs/service:Service": ecsService,
  [groupType]: autoScalingGroup,
  "aws:ec2/instance:Instance": instance,
};
