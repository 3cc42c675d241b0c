import type { BaseModelName } from "../catalog/gpu-models";
import { type EngineSettings, tierDefaults, tierEngine } from "../catalog/gpu-tiers";
import { adapterDemand, type GpuTier, layRegistry, type RegistryDocument } from "../contracts/archetypes";
import { demandDefaults } from "../contracts/demand-policy";
import type { MetricPeriod } from "../contracts/metrics";

/** One target-tracking policy. */
export interface TargetSettings {
  readonly target: number;
  /** False takes this policy's vote for fewer nodes away. */
  readonly scaleIn: boolean;
}

/** The policy on demand: what asks for the tier, over the nodes that serve. */
export interface DemandSettings {
  /** Requests a minute and node. */
  readonly target: number;
  /**
   * Nodes beyond what the mean needs, per square root of the demand in requests a second: single requests come by chance, which evens
   * out over many nodes and not over few. In requests a second to the power of one half.
   */
  readonly spread: number;
  /** Percent of the target below which the group shrinks, measured on one node less than it has. */
  readonly scaleInBelow: number;
  /** Minutes that demand has to stay below it. */
  readonly scaleInMinutes: number;
}

export interface WarmPoolSettings {
  /** `stopped` pays for disks alone; `running` pays for nodes whose model is in memory. */
  readonly state: "stopped" | "running";
  /** Nodes that the pool holds at least. */
  readonly minSize: number;
  /** Nodes in service and in the pool together at most. @default the group's max */
  readonly maxPrepared?: number;
  /** Put a node back into the pool on scale-in instead of terminating it. */
  readonly reuseOnScaleIn: boolean;
}

export interface PredictiveSettings {
  /** `forecast-only` shows its forecast and launches nothing. */
  readonly mode: "forecast-only" | "forecast-and-scale";
  /** Requests, running and waiting, that one node is to have. */
  readonly requestsPerNode: number;
  /** Seconds that a node is launched ahead of the forecast hour. */
  readonly bufferSeconds: number;
}

export interface ScheduledSettings {
  readonly name: string;
  /** Cron expression of five fields. */
  readonly recurrence: string;
  /** IANA time zone. */
  readonly timeZone: string;
  readonly min?: number;
  readonly max?: number;
}

/** Everything that decides how a tier scales and what its nodes serve, defaults filled in. */
export interface TierSettings {
  readonly tier: GpuTier;
  readonly min: number;
  readonly max: number;
  /** On-demand nodes before any spot node. */
  readonly onDemandBase: number;
  /** Percentage of on-demand nodes above the base. */
  readonly onDemandPercentage: number;
  readonly instanceTypes: readonly string[];
  readonly diskGb: number;
  /** Seconds between two data points of the scaling metrics. */
  readonly metricPeriod: MetricPeriod;
  /** Seconds after a node is in service in which it counts as capacity and is not removed. */
  readonly warmupSeconds: number;
  /** Seconds that the launch hook waits for the model to answer before the node is given up. */
  readonly readyTimeoutSeconds: number;
  /** Demand over nodes, as router and nodes count it; it also decides when the group shrinks. */
  readonly demand?: DemandSettings;
  /** Absent where the metric is only observed; the same for the next three. */
  readonly gpuUtilization?: TargetSettings;
  readonly memoryPressure?: TargetSettings;
  readonly queueDepth?: TargetSettings;
  /** Requests a minute and node, as the load balancer counts them. */
  readonly requestRate?: TargetSettings;
  /** A step policy on the router's waiting requests takes the group from zero nodes to one. */
  readonly wakeFromZero: boolean;
  readonly warmPool?: WarmPoolSettings;
  readonly predictive?: PredictiveSettings;
  readonly scheduled: readonly ScheduledSettings[];
  readonly engine: Omit<EngineSettings, "model"> & { readonly model: string };
  /** Archetypes and chains that the stack lays over the product's; absent where it has none. */
  readonly registry?: RegistryDocument;
}

/** What the config says of a policy. */
export type TargetConfig = Partial<TargetSettings> & {
  /** False leaves the policy out; its metric is still published and observed. @default true */
  readonly enabled?: boolean;
};

/** The policies of a tier by their keys in the config, in the order in which they are declared. */
export const policyKeys = ["requestRate", "gpuUtilization", "memoryPressure", "queueDepth"] as const;

/** What the stack's config says of a tier: its bounds, and whatever is to differ from the defaults. */
export type TierConfig = Pick<TierSettings, "min" | "max"> &
  Partial<
    Pick<
      TierSettings,
      | "onDemandBase"
      | "onDemandPercentage"
      | "instanceTypes"
      | "diskGb"
      | "metricPeriod"
      | "warmupSeconds"
      | "readyTimeoutSeconds"
      | "wakeFromZero"
      | "predictive"
      | "scheduled"
    >
  > & {
    readonly demand?: Partial<DemandSettings> & Pick<DemandSettings, "target"> & { readonly enabled?: boolean };
    readonly gpuUtilization?: TargetConfig;
    readonly memoryPressure?: TargetConfig;
    readonly queueDepth?: TargetConfig;
    readonly requestRate?: TargetConfig & Pick<TargetSettings, "target">;
    readonly warmPool?: Partial<WarmPoolSettings> & Pick<WarmPoolSettings, "state">;
    readonly engine?: Partial<TierSettings["engine"]>;
  };

/** Defaults of both tiers alike. */
export const scalingDefaults = {
  /** Percentage of on-demand nodes: no spot unless asked for. */
  onDemandPercentage: 100,
  metricPeriod: 10,
  /** Seconds after the hook, which waits for the model: until the node's share of the load is in the metrics. */
  warmupSeconds: 60,
  /** Seconds; three times the worst boot to ready, so that a slow node is not given up just before it answers. */
  readyTimeoutSeconds: 900,
  demand: demandDefaults,
  gpuUtilization: { target: 70, scaleIn: true },
  memoryPressure: { target: 75, scaleIn: true },
  /** Requests that wait on a node for a slot. */
  queueDepth: { target: 4, scaleIn: true },
} as const satisfies Partial<Omit<TierSettings, "demand">> & { readonly demand: Omit<DemandSettings, "target"> };

/**
 * Fills in what the config leaves out.
 * @param registry What the stack lays over the product's archetypes: their adapters decide the slots of a node
 */
export function resolveTier(tier: GpuTier, config: TierConfig, registry?: RegistryDocument): TierSettings {
  const defaults = tierDefaults[tier];
  const scheduled = config.scheduled ?? [];
  const lowest = Math.min(config.min, ...scheduled.map(({ min }) => min ?? config.min));
  return {
    tier,
    min: config.min,
    max: config.max,
    onDemandBase: config.onDemandBase ?? 0,
    onDemandPercentage: config.onDemandPercentage ?? scalingDefaults.onDemandPercentage,
    instanceTypes: config.instanceTypes ?? defaults.instanceTypes,
    diskGb: config.diskGb ?? defaults.diskGb,
    metricPeriod: config.metricPeriod ?? scalingDefaults.metricPeriod,
    warmupSeconds: config.warmupSeconds ?? scalingDefaults.warmupSeconds,
    readyTimeoutSeconds: config.readyTimeoutSeconds ?? scalingDefaults.readyTimeoutSeconds,
    demand: config.demand && resolveDemand(config.demand),
    gpuUtilization: resolveTarget(scalingDefaults.gpuUtilization, config.gpuUtilization),
    memoryPressure: resolveTarget(scalingDefaults.memoryPressure, config.memoryPressure),
    queueDepth: resolveTarget(scalingDefaults.queueDepth, config.queueDepth),
    requestRate: config.requestRate && resolveTarget({ ...config.requestRate, scaleIn: true }, config.requestRate),
    wakeFromZero: config.wakeFromZero ?? lowest === 0,
    warmPool: config.warmPool && { minSize: 0, reuseOnScaleIn: false, ...config.warmPool },
    predictive: config.predictive,
    scheduled,
    engine: { ...tierEngine(tier, adapterDemand(layRegistry(registry ?? {}))), ...config.engine },
    ...(registry && { registry }),
  };
}

function resolveDemand({ enabled = true, ...given }: NonNullable<TierConfig["demand"]>): DemandSettings | undefined {
  return enabled ? { ...scalingDefaults.demand, ...given } : undefined;
}

function resolveTarget(defaults: TargetSettings, config: TargetConfig = {}): TargetSettings | undefined {
  const { enabled = true, target = defaults.target, scaleIn = defaults.scaleIn } = config;
  return enabled ? { target, scaleIn } : undefined;
}

/** The engine's settings once the checks have found its model in the catalog. */
export const checkedEngine = ({ engine }: TierSettings): EngineSettings => ({
  ...engine,
  model: engine.model as BaseModelName,
});
