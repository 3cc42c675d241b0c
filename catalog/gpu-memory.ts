import {
  attentionModules,
  type BaseModel,
  type LoraModule,
  loraModules,
  moduleShape,
  type WeightFormat,
} from "./gpu-models";

/** Memory in MiB that one GPU of an instance offers, as `DescribeInstanceTypes` reports it (A10G: g5; nvidia-smi shows 23,028). */
export const gpuMemoryMiB = { A10G: 22_888 } as const;

const mib = 1024 * 1024;

/** Bytes per parameter of a linear layer: AWQ holds 4 bits, and per group of 128 a 16-bit scale and a 4-bit zero point. */
const linearBytes = { fp16: 2, "awq-int4": 0.5 + 2 / 128 + 0.5 / 128 } as const satisfies Record<WeightFormat, number>;

/** CUDA context, CUDA graphs, activations of the profiling run, allocator slack: 1.6 GiB for one GPU of the A10G class. */
export const engineOverheadBytes = Math.round(1.6 * 1024 * mib);

/** Ranks that vLLM can be started with (`--max-lora-rank`); an adapter takes a slot of the next one up. */
export const loraRanks = [8, 16, 32, 64, 128, 256] as const;

/** Bytes of the base model's weights in GPU memory. */
export function baseWeightBytes(model: BaseModel): number {
  const perLayer = loraModules.reduce((sum, module) => {
    const { input, output } = moduleShape(model, module);
    return sum + input * output;
  }, 0);
  const biases = model.attentionBias ? (model.heads + 2 * model.kvHeads) * model.headDim : 0;
  const norms = 2 * model.hidden;
  const embeddings = model.vocabulary * model.hidden * (model.tiedEmbeddings ? 1 : 2);
  const linear = model.layers * perLayer * linearBytes[model.weights];
  return Math.round(linear + 2 * (model.layers * (biases + norms) + model.hidden + embeddings));
}

/**
 * Bytes of one LoRA adapter at 16 bits: rank x (input + output) for each target module of each layer.
 * @param modules Target modules. @default the attention projections
 */
export function adapterBytes(
  model: BaseModel,
  rank: number,
  modules: readonly LoraModule[] = attentionModules,
): number {
  const widths = modules.reduce((sum, module) => {
    const { input, output } = moduleShape(model, module);
    return sum + input + output;
  }, 0);
  return 2 * rank * widths * model.layers;
}

/** Bytes of key and value for one token at 16 bits. */
export function kvBytesPerToken(model: BaseModel): number {
  return 2 * model.layers * model.kvHeads * model.headDim * 2;
}

/** The rank of the slots that hold an adapter of this rank, or undefined when no engine here can hold it. */
export function slotRank(rank: number): number | undefined {
  return loraRanks.find((allowed) => allowed >= rank);
}

/**
 * What an engine sets aside for one adapter slot.
 * - `every-module`: vLLM reserves the full rank for every supported module, whatever the adapters target.
 * - `target-modules`: only what the adapters target, for an engine that is limited to those modules.
 */
export type SlotReservation = "every-module" | "target-modules";

/** The adapters that a node is to hold. */
export interface AdapterSet {
  /** How many adapters the manifest lists. */
  readonly count: number;
  /** The largest rank among them. */
  readonly rank: number;
  /** @default the attention projections */
  readonly targetModules?: readonly LoraModule[];
  /** @default `every-module`, which is what vLLM does */
  readonly reservation?: SlotReservation;
}

export interface GpuMemoryInput {
  /** Memory of the GPU in MiB, see {@link gpuMemoryMiB}. */
  readonly gpuMemoryMiB: number;
  readonly model: BaseModel;
  readonly adapters: AdapterSet;
  /** Share of GPU memory the engine may take, 0-1. vLLM's `gpu_memory_utilization`. @default 0.9 */
  readonly utilization?: number;
  /** Longest context in tokens that one request may use. @default 8192 */
  readonly contextTokens?: number;
  /** Requests at full context that must find room in the KV cache. @default 4 */
  readonly minConcurrent?: number;
  /** Adapter slots in GPU memory; the plan chooses as many as fit beside the KV cache when not given. */
  readonly slots?: number;
}

/** One line of the breakdown. */
export interface MemoryLine {
  readonly item: string;
  readonly bytes: number;
  /** The formula with its figures. */
  readonly how: string;
}

/** What goes where in the memory of one GPU, and whether it fits. */
export interface GpuMemoryPlan {
  readonly budgetBytes: number;
  readonly lines: readonly MemoryLine[];
  /** Adapter slots in GPU memory. */
  readonly gpuSlots: number;
  /** Adapters that wait in CPU memory. */
  readonly cpuAdapters: number;
  /** CPU memory that all adapters take, as files. */
  readonly cpuAdapterBytes: number;
  readonly slotBytes: number;
  readonly slotRank: number;
  /** Tokens that the KV cache holds. */
  readonly kvTokens: number;
  /** Requests at full context that fit into the KV cache at once. */
  readonly concurrentAtFullContext: number;
  readonly fits: boolean;
  /** Why it does not fit, and what would change that; empty when it fits. */
  readonly problems: readonly string[];
}

/**
 * Splits the memory of one GPU between base weights, engine, adapter slots and KV cache.
 * Slots not given are chosen: as many adapters as fit once the KV cache holds `minConcurrent` requests at full context.
 */
export function planGpuMemory(input: GpuMemoryInput): GpuMemoryPlan {
  const { model, adapters } = input;
  const utilization = input.utilization ?? 0.9;
  const contextTokens = input.contextTokens ?? 8192;
  const minConcurrent = input.minConcurrent ?? 4;
  const targets = adapters.targetModules ?? attentionModules;
  const reserved = (adapters.reservation ?? "every-module") === "every-module" ? loraModules : targets;
  const rank = slotRank(adapters.rank) ?? adapters.rank;

  const budgetBytes = Math.floor(input.gpuMemoryMiB * mib * utilization);
  const weights = baseWeightBytes(model);
  const perToken = kvBytesPerToken(model);
  const kvFloor = perToken * contextTokens * minConcurrent;
  const slotBytes = adapters.count === 0 ? 0 : adapterBytes(model, rank, reserved);
  const room = budgetBytes - weights - engineOverheadBytes - kvFloor;
  const fitting = slotBytes === 0 ? 0 : Math.min(adapters.count, Math.max(0, Math.floor(room / slotBytes)));
  const gpuSlots = input.slots ?? fitting;
  const slotsBytes = gpuSlots * slotBytes;
  const kv = Math.max(0, budgetBytes - weights - engineOverheadBytes - slotsBytes);
  const kvTokens = Math.floor(kv / perToken);

  const problems = [
    ...(slotRank(adapters.rank) === undefined
      ? [`rank ${adapters.rank} is above the largest slot, ${loraRanks.at(-1)}`]
      : []),
    ...(contextTokens > model.maxContext
      ? [`context of ${contextTokens} tokens is above the model's ${model.maxContext}`]
      : []),
    ...(weights + engineOverheadBytes > budgetBytes
      ? [`weights and engine need ${gib(weights + engineOverheadBytes)}, the budget is ${gib(budgetBytes)}`]
      : kv < kvFloor
        ? [
            `${gib(kv)} are left for the KV cache, ${minConcurrent} requests of ${contextTokens} tokens need ${gib(kvFloor)}: ` +
              `use fewer slots, a shorter context or a quantised model`,
          ]
        : []),
    ...(adapters.count > 0 && gpuSlots < 1 ? ["no adapter slot fits beside the KV cache"] : []),
  ];

  return {
    budgetBytes,
    lines: [
      { item: "budget", bytes: budgetBytes, how: `${input.gpuMemoryMiB} MiB x ${utilization}` },
      { item: "base weights", bytes: weights, how: `${model.id}, ${model.weights}` },
      { item: "engine", bytes: engineOverheadBytes, how: "CUDA context, graphs, activations" },
      {
        item: "adapter slots",
        bytes: slotsBytes,
        how: `${gpuSlots} of ${adapters.count} x ${mb(slotBytes)} (rank ${rank}, ${reserved.join(" ")})`,
      },
      { item: "KV cache", bytes: kv, how: `${kvTokens} tokens x ${perToken / 1024} KiB` },
    ],
    gpuSlots,
    cpuAdapters: Math.max(0, adapters.count - gpuSlots),
    cpuAdapterBytes: adapters.count * adapterBytes(model, adapters.rank, targets),
    slotBytes,
    slotRank: rank,
    kvTokens,
    concurrentAtFullContext: Math.floor(kvTokens / contextTokens),
    fits: problems.length === 0,
    problems,
  };
}

/** The plan as text: one line per item with its arithmetic, then the verdict. */
export function describeGpuMemory(plan: GpuMemoryPlan): string {
  const rows = plan.lines.map(({ item, bytes, how }) => `${item.padEnd(14)}${gib(bytes).padStart(10)}   ${how}`);
  const where = `${plan.gpuSlots} adapters on the GPU, ${plan.cpuAdapters} in CPU memory (${gib(plan.cpuAdapterBytes)} for all of them)`;
  const verdict = plan.fits
    ? [`fits: ${plan.concurrentAtFullContext} requests at full context; ${where}`]
    : plan.problems.map((problem) => `does not fit: ${problem}`);
  return [...rows, ...verdict].join("\n");
}

function gib(bytes: number): string {
  return `${(bytes / 1024 / mib).toFixed(2)} GiB`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
