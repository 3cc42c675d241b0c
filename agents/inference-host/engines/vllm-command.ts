import { slotRank } from "../../../catalog/gpu-memory";
import { ports } from "../../../contracts/ports";

export interface VllmCommandOptions {
  /** Folder of the weights, or name on the hub. */
  readonly model: string;
  /** Name under which requests ask for the base model. */
  readonly servedName: string;
  readonly contextTokens: number;
  /** 0-1. */
  readonly gpuMemoryUtilization: number;
  /** Requests in one batch. */
  readonly maxSequences: number;
  /** Adapter slots on the GPU; 0 turns LoRA off. */
  readonly gpuAdapters: number;
  /** Adapters in CPU memory, those on the GPU included, with room for versions that were unloaded. */
  readonly cpuAdapters: number;
  /** Largest rank of the manifest. */
  readonly rank: number;
  /** Parser of the model's tool calls; undefined: the model may not choose to call one. */
  readonly toolParser?: string | undefined;
  /** Seconds that vLLM lets requests finish on SIGTERM; its own default of 0 aborts them. */
  readonly shutdownSeconds: number;
  /** @default 8100 */
  readonly port?: number;
}

/** Environment that vLLM needs beside its arguments: loading adapters at run time is off by default. */
export const vllmEnvironment = { VLLM_ALLOW_RUNTIME_LORA_UPDATING: "True", VLLM_NO_USAGE_STATS: "1" } as const;

/**
 * The arguments of `vllm` for one base model with adapters, bound to loopback: its LoRA routes take paths and must never be
 * reached from outside. The host polls it four times a second, which is not worth a line of its log each.
 */
export function vllmArguments(options: VllmCommandOptions): string[] {
  const lora =
    options.gpuAdapters === 0
      ? []
      : [
          "--enable-lora",
          `--max-loras=${options.gpuAdapters}`,
          `--max-cpu-loras=${Math.max(options.cpuAdapters, options.gpuAdapters)}`,
          `--max-lora-rank=${slotRank(options.rank) ?? options.rank}`,
        ];
  return [
    "serve",
    options.model,
    "--host=127.0.0.1",
    `--port=${options.port ?? ports.vllm}`,
    `--served-model-name=${options.servedName}`,
    `--max-model-len=${options.contextTokens}`,
    `--gpu-memory-utilization=${options.gpuMemoryUtilization}`,
    `--max-num-seqs=${options.maxSequences}`,
    "--enable-prefix-caching",
    `--shutdown-timeout=${options.shutdownSeconds}`,
    "--disable-access-log-for-endpoints=/health,/metrics",
    // A tool's arguments keep to its schema, whether or not the client says `strict`.
    ...(options.toolParser === undefined
      ? []
      : ["--enable-auto-tool-choice", `--tool-call-parser=${options.toolParser}`, "--tool-strict-level=parameter"]),
    ...lora,
  ];
}
