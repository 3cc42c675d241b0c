import { planEngine, smallestGpuMemoryMiB } from "../catalog/gpu-tiers";
import { slowestSpeed } from "../catalog/serving-limits";
import { drainSeconds, lifecycleHooks, nodePaths } from "../contracts/node";
import { checkedEngine, type TierSettings } from "./gpu-settings";

export interface NodeEnvironmentInput {
  readonly settings: TierSettings;
  /** Bucket whose prefix `<model>/` holds manifest.json, weights and adapters of each base model. */
  readonly modelBucket: string;
  readonly logGroup: string;
  readonly region: string;
}

/** Seconds between two looks for new adapter versions. */
const manifestSeconds = 300;

/**
 * The variables of a node's `EnvironmentFile`, which every unit of the image reads. The agents document theirs in
 * docs/gpu-metrics.md and docs/inference-host.md; the `GAME_AI_` ones are read by the image's own scripts.
 */
export function nodeEnvironment(input: NodeEnvironmentInput): Record<string, string> {
  const { settings, modelBucket, logGroup, region } = input;
  const engine = checkedEngine(settings);
  const { gpuSlots } = planEngine(engine, settings.instanceTypes);
  const { registry } = settings;
  const speed = slowestSpeed(engine.model, settings.instanceTypes);
  const source = `s3://${modelBucket}/${engine.model}`;
  return {
    AWS_REGION: region,
    GAME_AI_LOG_GROUP: logGroup,
    GAME_AI_TIER: settings.tier,
    GAME_AI_WEIGHTS: source,
    GPU_METRICS_EXPECT_GPUS: "1",
    GPU_METRICS_PERIOD: String(settings.metricPeriod),
    INFERENCE_HOST_ADAPTERS: source,
    ...(registry && {
      INFERENCE_HOST_ARCHETYPES: `base64:${Buffer.from(JSON.stringify(registry)).toString("base64")}`,
    }),
    INFERENCE_HOST_BASE_MODEL: engine.model,
    INFERENCE_HOST_CACHE: nodePaths.adapters,
    INFERENCE_HOST_CONTEXT_TOKENS: String(engine.contextTokens),
    INFERENCE_HOST_DRAIN_SECONDS: String(drainSeconds),
    INFERENCE_HOST_EC2: "true",
    INFERENCE_HOST_ENGINE: "vllm",
    ...(gpuSlots === 0 ? {} : { INFERENCE_HOST_GPU_ADAPTERS: String(gpuSlots) }),
    INFERENCE_HOST_GPU_MEMORY_MIB: String(smallestGpuMemoryMiB(settings.instanceTypes)),
    INFERENCE_HOST_GPU_MEMORY_UTILIZATION: String(engine.memoryUtilization),
    INFERENCE_HOST_HOST: "0.0.0.0",
    INFERENCE_HOST_LAUNCH_HOOK: lifecycleHooks.launch,
    INFERENCE_HOST_MANIFEST_SECONDS: String(manifestSeconds),
    INFERENCE_HOST_MAX_RANK: String(engine.adapterRank),
    INFERENCE_HOST_MAX_SEQUENCES: String(engine.maxSequences),
    INFERENCE_HOST_MODEL: `${nodePaths.models}/${engine.model}`,
    INFERENCE_HOST_PREFILL_TOKENS_PER_SECOND: String(speed.prefillTokensPerSecond),
    INFERENCE_HOST_TERMINATE_HOOK: lifecycleHooks.terminate,
    INFERENCE_HOST_TOKEN_MS: String(speed.itlBaseMs),
    INFERENCE_HOST_TOKEN_MS_PER_SEQUENCE: String(speed.itlPerSequenceMs),
  };
}
