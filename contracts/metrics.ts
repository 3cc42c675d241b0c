/** Units as CloudWatch spells them. */
export type MetricUnit = "Percent" | "Count" | "Milliseconds" | "Bytes" | "Bytes/Second" | "Watts" | "None";

/** One CloudWatch metric, named once for its publisher, the policies that track it, the alarms and the dashboards. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: MetricUnit;
  /** The dimension keys, exactly: CloudWatch treats another set of keys as another metric. */
  readonly dimensions: readonly string[];
}

/** CloudWatch namespace of everything a GPU node publishes. */
export const gpuNamespace = "AI-Gaming/GPU";
/** CloudWatch namespace of the request router. */
export const routerNamespace = "AI-Gaming/Router";

/** The only dimension of a scaling metric: one series per group, so that `Average` is the mean over its nodes. */
export const groupDimension = "AutoScalingGroupName";

const perGroup = (name: string, unit: MetricUnit, namespace = gpuNamespace): Metric => ({
  namespace,
  name,
  unit,
  dimensions: [groupDimension],
});

/**
 * Metrics that scaling policies track. They are published only while the node's lifecycle state is InService and its model
 * answers, one statistic set per node and window, so that every node weighs the same.
 */
export const scalingMetrics = {
  /** Mean GPU utilisation of the node, 0-100. Saturates: a group grows by at most 100/target a decision. */
  gpuUtilization: perGroup("GPUUtilization", "Percent"),
  /** KV-cache occupancy, 0-100; framebuffer used only where the engine does not preallocate. */
  memoryPressure: perGroup("GPUMemoryPressure", "Percent"),
  /** Requests waiting on the node for a slot; has no ceiling. */
  queueDepth: perGroup("QueueDepth", "Count"),
  /** Requests that wait in the router for the tier; the one metric that exists while the group has no node. */
  waitingRequests: perGroup("WaitingRequests", "Count", routerNamespace),
  /**
   * Requests of a window that the tier's nodes have to be ready for, by `runtime/demand.ts`; replicas of the router add up. It is
   * published in every window, zero included, so that a policy on it can agree to scale in at night.
   */
  demand: perGroup("Demand", "Count", routerNamespace),
} as const satisfies Record<string, Metric>;

/** Metrics of a tier that dashboards and alarms read; no policy follows them. */
export const observedMetrics = {
  runningRequests: perGroup("RunningRequests", "Count"),
  requestLatencyP95: perGroup("RequestLatencyP95", "Milliseconds"),
  framebufferUsed: perGroup("GPUFramebufferUsed", "Percent"),
  temperature: perGroup("GPUTemperature", "None"),
  power: perGroup("GPUPower", "None"),
  smClock: perGroup("GPUSMClock", "None"),
  /** 1 for each window in which the node's agent was alive and in service. */
  heartbeat: perGroup("Heartbeat", "Count"),
  /** XID errors, uncorrectable ECC errors and failed row remaps seen in the window. */
  gpuErrors: perGroup("GPUErrors", "Count"),
  hostCpu: perGroup("HostCPUUtilization", "Percent"),
  hostMemory: perGroup("HostMemoryUtilization", "Percent"),
  hostDisk: perGroup("HostDiskUtilization", "Percent"),
  hostNetwork: perGroup("HostNetwork", "Bytes/Second"),
} as const satisfies Record<string, Metric>;

/** Dimensions of per-GPU detail: another metric than the group's, as CloudWatch counts, and never one that a policy follows. */
export const gpuDetailDimensions = [groupDimension, "InstanceId", "GPU"] as const;

const perGpu = (name: string, unit: MetricUnit): Metric => ({
  namespace: gpuNamespace,
  name,
  unit,
  dimensions: gpuDetailDimensions,
});

/** Detail of one GPU of one node, published only where the metrics agent is asked for it: each is $0.30 a month and GPU. */
export const detailMetrics = {
  utilization: perGpu("GPUUtilization", "Percent"),
  framebufferUsed: perGpu("GPUFramebufferUsed", "Percent"),
  temperature: perGpu("GPUTemperature", "None"),
  power: perGpu("GPUPower", "None"),
  smClock: perGpu("GPUSMClock", "None"),
  smActive: perGpu("GPUSMActive", "Percent"),
  tensorActive: perGpu("GPUTensorActive", "Percent"),
  memoryActive: perGpu("GPUMemoryActive", "Percent"),
} as const satisfies Record<string, Metric>;

/** The router's own metrics per tier. */
export const routerMetrics = {
  inFlight: perGroup("InFlightRequests", "Count", routerNamespace),
  latencyP95: perGroup("RequestLatencyP95", "Milliseconds", routerNamespace),
} as const satisfies Record<string, Metric>;

/** Every metric that the platform's own programs publish. */
export const everyMetric: readonly Metric[] = [scalingMetrics, observedMetrics, detailMetrics, routerMetrics].flatMap(
  (group) => Object.values<Metric>(group),
);

/** Resolution in seconds that the publisher can flush at and a target-tracking policy can ask for. */
export const metricPeriods = [10, 60] as const;
export type MetricPeriod = (typeof metricPeriods)[number];
