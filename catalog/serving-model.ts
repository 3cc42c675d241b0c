import { planGpuMemory } from "./gpu-memory";
import type { BaseModelName } from "./gpu-models";
import { type EngineSettings, memoryInput, planEngine, smallestGpuMemoryMiB } from "./gpu-tiers";
import { findInstanceType, type GpuModel, type InstanceTypeName } from "./instance-types";

/** How fast one GPU serves one model: inter-token latency = a + b x batch, prefill at a fixed rate beside it. */
export interface ServingSpeed {
  /** a: milliseconds between two tokens of the only stream. */
  readonly itlBaseMs: number;
  /** b: milliseconds that every further stream in the batch adds. */
  readonly itlPerSequenceMs: number;
  /** Prompt tokens a second while the engine does nothing else. */
  readonly prefillTokensPerSecond: number;
  /** Streams beyond which throughput was seen to stop growing, whatever the engine admits; absent where none was seen. */
  readonly effectiveSequences?: number;
  /** `measured` on this GPU and model; `estimate` scaled from a measurement on others, to be replaced by a bench. */
  readonly confidence: "measured" | "estimate";
  readonly source: string;
}

const bandwidth =
  "scaled by weight bytes over 600 GB/s of memory bandwidth from Llama-3-8B on the A10G and Qwen2.5-7B-AWQ on other GPUs";

/**
 * Speeds by GPU and model. Fit of the measured row: 1 to 16 streams of 550 prompt and 150 answer tokens on a g5.2xlarge with
 * vLLM 0.4.3 gave 31.9, 110.9 and 289.9 tokens a second and 301.2 at 64, so that about 17 streams are what it really runs.
 */
const speeds = {
  A10G: {
    "Llama-3.1-8B-Instruct": {
      itlBaseMs: 29.85,
      itlPerSequenceMs: 0.8,
      prefillTokensPerSecond: 5140,
      effectiveSequences: 17,
      confidence: "measured",
      source: "Llama-3-8B fp16, vLLM 0.4.3, g5.2xlarge: 1, 4, 16 and 64 streams of 550/150 tokens",
    },
    "Qwen2.5-7B-Instruct": {
      itlBaseMs: 29.1,
      itlPerSequenceMs: 0.245,
      prefillTokensPerSecond: 5400,
      confidence: "estimate",
      source:
        "the same model measured on the L4, its base halved for twice the memory bandwidth and its slope kept; prefill of Llama-3-8B on the A10G",
    },
    "Qwen2.5-7B-Instruct-AWQ": {
      itlBaseMs: 11,
      itlPerSequenceMs: 0.35,
      prefillTokensPerSecond: 4500,
      confidence: "estimate",
      source: bandwidth,
    },
    "Qwen2.5-3B-Instruct-AWQ": {
      itlBaseMs: 7.5,
      itlPerSequenceMs: 0.2,
      prefillTokensPerSecond: 5000,
      confidence: "estimate",
      source: bandwidth,
    },
  },
  L4: {
    "Qwen2.5-7B-Instruct": {
      itlBaseMs: 58.2,
      itlPerSequenceMs: 0.245,
      prefillTokensPerSecond: 2700,
      confidence: "measured",
      source:
        "fp16, vLLM 0.8.5: 1, 4, 16, 32 and 64 streams of 128 tokens at 58.3, 60.0, 61.9, 67.9 and 75.7 ms a token " +
        "(ree2raz/inference-bench@6219100, raw/vllm_short_*); prefill is an estimate, half of the A10G's",
    },
  },
} as const satisfies { readonly A10G: Record<BaseModelName, ServingSpeed> } & Partial<
  Record<GpuModel, Partial<Record<BaseModelName, ServingSpeed>>>
>;

/** Factor on speed of a GPU that a model was not measured on: its memory bandwidth over the A10G's 600 GB/s. */
const bandwidthRatio: Readonly<Record<GpuModel, number>> = { A10G: 1, L4: 300 / 600, L40S: 864 / 600 };

/** How fast an instance type serves a model; an estimate by memory bandwidth where the GPU has no row of its own. */
export function servingSpeed(instanceType: InstanceTypeName, model: BaseModelName): ServingSpeed | undefined {
  const gpu = findInstanceType(instanceType)?.gpu?.model;
  if (gpu === undefined) return undefined;
  const rows: Partial<Record<GpuModel, Partial<Record<BaseModelName, ServingSpeed>>>> = speeds;
  const own = rows[gpu]?.[model];
  if (own !== undefined) return own;
  const base: ServingSpeed = speeds.A10G[model];
  const ratio = bandwidthRatio[gpu];
  return {
    ...base,
    itlBaseMs: base.itlBaseMs / ratio,
    itlPerSequenceMs: base.itlPerSequenceMs / ratio,
    prefillTokensPerSecond: base.prefillTokensPerSecond * ratio,
    confidence: "estimate",
    source: `${base.source}; times ${ratio} for the memory bandwidth of the ${gpu}`,
  };
}

/** What a node of a tier can hold and how fast it is. */
export interface ServingModel extends ServingSpeed {
  readonly model: BaseModelName;
  /** Streams in one batch at most: what the engine admits, or fewer where more were seen to bring nothing. */
  readonly maxSequences: number;
  /** Tokens that the KV cache holds. */
  readonly kvTokens: number;
  /** Adapters that one batch may mix, and adapters that requests ask for. */
  readonly adapterSlots: number;
  readonly adapterCount: number;
  /** Percent of GPU memory that the engine takes at start and keeps, whatever the load. */
  readonly framebufferPercent: number;
}

/**
 * The serving model of an engine on an instance type; undefined for a type without a GPU.
 * @param types All types of the tier: its nodes share one number of adapter slots, that of the smallest GPU. @default the type alone
 */
export function servingModel(
  instanceType: InstanceTypeName,
  engine: EngineSettings,
  types: readonly string[] = [instanceType],
): ServingModel | undefined {
  const speed = servingSpeed(instanceType, engine.model);
  if (speed === undefined) return undefined;
  const slots = planEngine(engine, types).gpuSlots;
  const { kvTokens } = planGpuMemory({ ...memoryInput(engine, smallestGpuMemoryMiB([instanceType])), slots });
  return {
    ...speed,
    model: engine.model,
    maxSequences: Math.min(engine.maxSequences, speed.effectiveSequences ?? engine.maxSequences),
    kvTokens,
    adapterSlots: slots,
    adapterCount: engine.adapterCount,
    framebufferPercent: Math.round(engine.memoryUtilization * 100),
  };
}
