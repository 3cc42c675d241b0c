import { type GpuMemoryInput, type GpuMemoryPlan, planGpuMemory } from "./gpu-memory";
import { type BaseModelName, baseModels } from "./gpu-models";
import { findInstanceType, gpuModels, type InstanceTypeName } from "./instance-types";

/** How a tier's engine is sized. */
export interface EngineSettings {
  readonly model: BaseModelName;
  /** Longest context of one request, tokens. */
  readonly contextTokens: number;
  /** Share of GPU memory that the engine takes at start, 0-1. */
  readonly memoryUtilization: number;
  /** Requests at full context that must find room in the KV cache; the rest of the memory holds adapters. */
  readonly minConcurrent: number;
  /** Requests in one batch at most. */
  readonly maxSequences: number;
  /** Adapters in the tier's manifest. */
  readonly adapterCount: number;
  /** Largest LoRA rank among them. */
  readonly adapterRank: number;
}

/** What a tier is when the stack's config says nothing else. */
export interface TierDefaults {
  /** Its adapters are those of the stack's archetypes. */
  readonly engine: Omit<EngineSettings, "adapterCount" | "adapterRank">;
  /** In order of preference for on-demand nodes; spot takes whichever pool is deepest and cheapest. */
  readonly instanceTypes: readonly InstanceTypeName[];
  /** Encrypted gp3 root volume, GB. Weights lie on the instance's NVMe disk. */
  readonly diskGb: number;
}

/**
 * Gold holds the smallest and fastest model, Silver the larger one. Several instance types are there for spot: one type
 * in three zones is only three pools. All of a tier's types carry the load of its first one, since the balancer gives every node
 * as many requests; an L4, with the A10G's memory and half its bandwidth, does not (docs/simulator.md).
 */
export const tierDefaults = {
  gold: {
    engine: {
      model: "Qwen2.5-3B-Instruct-AWQ",
      contextTokens: 8192,
      memoryUtilization: 0.9,
      minConcurrent: 16,
      maxSequences: 64,
    },
    instanceTypes: ["g5.xlarge", "g5.2xlarge", "g6e.xlarge"],
    diskGb: 100,
  },
  silver: {
    engine: {
      model: "Qwen2.5-7B-Instruct",
      contextTokens: 16_384,
      memoryUtilization: 0.9,
      minConcurrent: 2,
      maxSequences: 32,
    },
    instanceTypes: ["g5.2xlarge", "g5.4xlarge", "g6e.xlarge"],
    diskGb: 150,
  },
} as const satisfies Record<string, TierDefaults>;

/** A tier's engine with the adapters that a stack's archetypes ask for. */
export function tierEngine(
  tier: keyof typeof tierDefaults,
  adapters: { readonly count: number; readonly rank: number },
): EngineSettings {
  return { ...tierDefaults[tier].engine, adapterCount: adapters.count, adapterRank: adapters.rank };
}

/** The memory of the smallest GPU among instance types, MiB; types without a GPU count as 0. */
export function smallestGpuMemoryMiB(types: readonly string[]): number {
  return Math.min(
    ...types.map((name) => {
      const gpu = findInstanceType(name)?.gpu;
      return gpu === undefined ? 0 : gpuModels[gpu.model].memoryMiB;
    }),
  );
}

/** The memory arithmetic's input for an engine on one GPU. */
export function memoryInput(engine: EngineSettings, gpuMemoryMiB: number): GpuMemoryInput {
  return {
    gpuMemoryMiB,
    model: baseModels[engine.model],
    adapters: { count: engine.adapterCount, rank: engine.adapterRank },
    utilization: engine.memoryUtilization,
    contextTokens: engine.contextTokens,
    minConcurrent: engine.minConcurrent,
  };
}

/** The memory plan of an engine on the smallest GPU of a tier's instance types. */
export function planEngine(engine: EngineSettings, types: readonly string[]): GpuMemoryPlan {
  return planGpuMemory(memoryInput(engine, smallestGpuMemoryMiB(types)));
}
