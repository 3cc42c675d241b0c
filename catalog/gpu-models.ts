/** Linear layers of a transformer block that LoRA can target, by the names that PEFT and vLLM use. */
export const loraModules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
export type LoraModule = (typeof loraModules)[number];

/** The attention projections: the only modules that this platform's adapters are trained on. */
export const attentionModules = ["q_proj", "k_proj", "v_proj", "o_proj"] as const satisfies readonly LoraModule[];

/** How the weights of the linear layers are stored; embeddings, head and norms stay at 16 bits. */
export type WeightFormat = "fp16" | "awq-int4";

/** What the memory arithmetic needs to know of a base model: the figures of its `config.json`. */
export interface BaseModel {
  /** Name on the model hub. */
  readonly id: string;
  readonly layers: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabulary: number;
  /** True when input embedding and output head are one matrix in memory. */
  readonly tiedEmbeddings: boolean;
  /** True when q, k and v carry a bias. */
  readonly attentionBias: boolean;
  readonly weights: WeightFormat;
  /** Longest context in tokens that the model was trained for without extension. */
  readonly maxContext: number;
  /** vLLM's parser of the form in which the model was trained to call tools (`--tool-call-parser`). */
  readonly toolParser: string;
}

const qwen3b = {
  layers: 36,
  hidden: 2048,
  intermediate: 11_008,
  heads: 16,
  kvHeads: 2,
  headDim: 128,
  vocabulary: 151_936,
  tiedEmbeddings: true,
  attentionBias: true,
  maxContext: 32_768,
  // Source: docs.vllm.ai, tool calling: Qwen2.5's chat template has Hermes-style tool use.
  toolParser: "hermes",
} as const;

const qwen7b = {
  layers: 28,
  hidden: 3584,
  intermediate: 18_944,
  heads: 28,
  kvHeads: 4,
  headDim: 128,
  vocabulary: 152_064,
  tiedEmbeddings: false,
  attentionBias: true,
  maxContext: 32_768,
  // Source: docs.vllm.ai, tool calling: Qwen2.5's chat template has Hermes-style tool use.
  toolParser: "hermes",
} as const;

const llama8b = {
  layers: 32,
  hidden: 4096,
  intermediate: 14_336,
  heads: 32,
  kvHeads: 8,
  headDim: 128,
  vocabulary: 128_256,
  tiedEmbeddings: false,
  attentionBias: false,
  maxContext: 131_072,
  toolParser: "llama3_json",
} as const;

/** Base models that a tier may serve, from the `config.json` of each model on huggingface.co. */
export const baseModels = {
  "Qwen2.5-3B-Instruct-AWQ": { id: "Qwen/Qwen2.5-3B-Instruct-AWQ", weights: "awq-int4", ...qwen3b },
  "Qwen2.5-7B-Instruct": { id: "Qwen/Qwen2.5-7B-Instruct", weights: "fp16", ...qwen7b },
  "Qwen2.5-7B-Instruct-AWQ": { id: "Qwen/Qwen2.5-7B-Instruct-AWQ", weights: "awq-int4", ...qwen7b },
  "Llama-3.1-8B-Instruct": { id: "meta-llama/Llama-3.1-8B-Instruct", weights: "fp16", ...llama8b },
} as const satisfies Record<string, BaseModel>;
export type BaseModelName = keyof typeof baseModels;

/** Finds a base model by its short name or by its name on the hub; undefined when it is not in the table. */
export function findBaseModel(name: string): BaseModel | undefined {
  const table: Readonly<Record<string, BaseModel>> = baseModels;
  return Object.hasOwn(table, name) ? table[name] : Object.values(table).find((model) => model.id === name);
}

/** Input and output width of a linear layer that LoRA can target. */
export function moduleShape(model: BaseModel, module: LoraModule): { readonly input: number; readonly output: number } {
  const attention = model.heads * model.headDim;
  const keyValue = model.kvHeads * model.headDim;
  const shapes = {
    q_proj: { input: model.hidden, output: attention },
    k_proj: { input: model.hidden, output: keyValue },
    v_proj: { input: model.hidden, output: keyValue },
    o_proj: { input: attention, output: model.hidden },
    gate_proj: { input: model.hidden, output: model.intermediate },
    up_proj: { input: model.hidden, output: model.intermediate },
    down_proj: { input: model.intermediate, output: model.hidden },
  } as const satisfies Record<LoraModule, { input: number; output: number }>;
  return shapes[module];
}
