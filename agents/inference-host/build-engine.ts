import { basename, resolve } from "node:path";
import { describeGpuMemory, planGpuMemory } from "../../catalog/gpu-memory";
import { findBaseModel, type LoraModule } from "../../catalog/gpu-models";
import { InputError } from "../../contracts/input-error";
import { isGguf } from "../../runtime/gguf";
import type { Logger } from "../../runtime/logger";
import type { AdapterManifest } from "./adapters/manifest";
import type { Engine } from "./engines/engine";
import { LlamaEngine } from "./engines/llama-engine";
import { llamaThreads } from "./engines/llama-runtime";
import { type VllmCommandOptions, vllmArguments, vllmEnvironment } from "./engines/vllm-command";
import { VllmEngine } from "./engines/vllm-engine";
import type { HostOptions } from "./options";
import type { ToyFiles } from "./toy/ensure-toy";

/** Adapters that llama.cpp holds when nothing is said: each is a context with its own KV cache. */
const defaultLlamaAdapters = 8;

/** Makes the engine that the options ask for. @throws InputError for a model that is not there or does not fit */
export function buildEngine(
  options: HostOptions,
  manifest: AdapterManifest | undefined,
  toy: ToyFiles | undefined,
  logger: Logger,
): Engine {
  return options.engine === "vllm" ? buildVllm(options, manifest, logger) : buildLlama(options, toy, logger);
}

/** Name of the base model for clients: the option's, else the last part of the model's path or hub name. */
export function baseModelName({ baseModel, model, engine }: HostOptions): string {
  if (baseModel !== undefined) return baseModel;
  if (model !== undefined) return basename(model).replace(/\.gguf$/, "");
  if (engine === "llama") return "toy";
  throw new InputError({
    path: "model",
    given: undefined,
    allowed: "a weights folder or a name on the hub",
    where: "--model",
  });
}

function buildLlama(options: HostOptions, toy: ToyFiles | undefined, logger: Logger): Engine {
  const modelPath = options.model === undefined ? toy!.modelPath : resolve(options.model);
  if (!isGguf(modelPath)) {
    throw new InputError({ path: "model", given: options.model, allowed: "the path of a GGUF file", where: "--model" });
  }
  return new LlamaEngine(
    {
      modelPath,
      baseModel: baseModelName(options),
      contextTokens: options.contextTokens,
      sequences: options.sequences,
      adapters: options.gpuAdapters ?? defaultLlamaAdapters,
      threads: options.threads ?? llamaThreads(),
      // The toy computes a prompt in no time.
      promptCacheMib: toy === undefined ? options.promptCacheMib : 0,
    },
    logger,
  );
}

function buildVllm(options: HostOptions, manifest: AdapterManifest | undefined, logger: Logger): Engine {
  const command = vllmCommand(options, manifest);
  const [program, ...args] = (options.vllmExec ?? "").split(" ").filter((word) => word !== "");
  return new VllmEngine(
    {
      origin: options.vllmUrl,
      baseModel: command.servedName,
      maxSequences: command.maxSequences,
      contextTokens: command.contextTokens,
      gpuAdapters: command.gpuAdapters,
      cpuAdapters: command.cpuAdapters,
      manifestAdapters: manifest?.adapters.length ?? 0,
      ...(options.vllmPidFile === undefined ? {} : { pidFile: options.vllmPidFile }),
      ...(program === undefined
        ? {}
        : { process: { command: program, args: [...args, ...vllmArguments(command)], env: vllmEnvironment } }),
    },
    logger,
  );
}

/** vLLM's parser of the model's tool calls: the option's, else the catalogue's; undefined where neither knows one. */
export function toolParserOf(options: HostOptions): string | undefined {
  if (options.engine !== "vllm") return undefined;
  const model = findBaseModel(baseModelName(options)) ?? findBaseModel(options.model ?? "");
  return options.toolParser ?? model?.toolParser;
}

/**
 * How vLLM is to be started for these options: the host and vLLM's systemd unit must agree on slots and limits.
 * @throws InputError when the base model, its adapters and the KV cache do not fit the GPU, with the arithmetic
 */
export function vllmCommand(options: HostOptions, manifest: AdapterManifest | undefined): VllmCommandOptions {
  const servedName = baseModelName(options);
  const adapters = manifest?.adapters ?? [];
  const pinned = adapters.filter((adapter) => adapter.pinned).length;
  const gpuAdapters =
    options.gpuAdapters ?? slotsByArithmetic(options, manifest, servedName) ?? Math.min(8, adapters.length);
  if (pinned > 0 && pinned >= gpuAdapters && adapters.length > pinned) {
    throw new InputError({
      path: "manifest.adapters.pinned",
      given: pinned,
      allowed: `fewer than the ${gpuAdapters} GPU slots, so that the other adapters get a turn`,
      where: options.adapters ?? "manifest.json",
    });
  }
  return {
    model: options.model ?? servedName,
    servedName,
    contextTokens: options.contextTokens,
    gpuMemoryUtilization: options.gpuMemoryUtilization,
    maxSequences: options.maxSequences,
    gpuAdapters,
    cpuAdapters: adapters.length === 0 ? 0 : adapters.length + options.spareAdapters,
    rank: options.maxRank,
    toolParser: toolParserOf(options),
    shutdownSeconds: options.drainSeconds,
    port: Number(new URL(options.vllmUrl).port || 80),
  };
}

function slotsByArithmetic(
  options: HostOptions,
  manifest: AdapterManifest | undefined,
  servedName: string,
): number | undefined {
  const model = findBaseModel(servedName) ?? findBaseModel(options.model ?? "");
  if (options.gpuMemoryMib === undefined || model === undefined) return undefined;
  const adapters = manifest?.adapters ?? [];
  const targetModules = [...new Set(adapters.flatMap((adapter): readonly LoraModule[] => adapter.targetModules))];
  const plan = planGpuMemory({
    gpuMemoryMiB: options.gpuMemoryMib,
    model,
    adapters: {
      count: adapters.length,
      rank: options.maxRank,
      ...(targetModules.length === 0 ? {} : { targetModules }),
    },
    utilization: options.gpuMemoryUtilization,
    contextTokens: options.contextTokens,
  });
  if (plan.fits) return plan.gpuSlots;
  throw new InputError({
    path: "gpuMemoryMib",
    given: options.gpuMemoryMib,
    allowed: `a GPU that holds ${servedName} and its adapters\n${describeGpuMemory(plan)}`,
    where: "--gpu-memory-mib",
  });
}
