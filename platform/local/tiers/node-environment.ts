import { layRegistry, parseRegistry, type Registry } from "../../../contracts/archetypes";
import type { RecordedResource } from "../../engine";
import { type ResourceIndex, textOf } from "../../simulator/evaluation-reader";

/**
 * Variables of a node that speak of its GPU, its weights and its addresses. On this machine the embedded engine and its toy model stand
 * in their place.
 */
const ofTheCloud: readonly string[] = [
  "INFERENCE_HOST_ADAPTERS",
  "INFERENCE_HOST_BASE_MODEL",
  "INFERENCE_HOST_CACHE",
  "INFERENCE_HOST_CONTEXT_TOKENS",
  "INFERENCE_HOST_ENGINE",
  "INFERENCE_HOST_GPU_ADAPTERS",
  "INFERENCE_HOST_GPU_MEMORY_MIB",
  "INFERENCE_HOST_GPU_MEMORY_UTILIZATION",
  "INFERENCE_HOST_HOST",
  "INFERENCE_HOST_MANIFEST_SECONDS",
  "INFERENCE_HOST_MAX_RANK",
  "INFERENCE_HOST_MODEL",
  "INFERENCE_HOST_PREFILL_TOKENS_PER_SECOND",
  "INFERENCE_HOST_TOKEN_MS",
  "INFERENCE_HOST_TOKEN_MS_PER_SEQUENCE",
  "GPU_METRICS_EXPECT_GPUS",
];

/**
 * What the launch template's user data writes for the agents of a node, without what only the cloud has.
 * @throws Error where the template has no such user data
 */
export function nodeEnvironment(index: ResourceIndex, group: RecordedResource): Readonly<Record<string, string>> {
  const [template] = ["mixedInstancesPolicy", "launchTemplate"].flatMap((property) =>
    index.targets(group, property, "aws:ec2/launchTemplate:LaunchTemplate"),
  );
  return readUserData(textOf(template?.inputs.userData) ?? "", group.name);
}

/** Archetypes and chains that a node with these variables serves. */
export function registryOf({ INFERENCE_HOST_ARCHETYPES: given }: Readonly<Record<string, string>>): Registry {
  if (given === undefined) return layRegistry();
  const text = Buffer.from(given.slice(given.indexOf(":") + 1), "base64").toString("utf8");
  return layRegistry(parseRegistry(text, "INFERENCE_HOST_ARCHETYPES"));
}

/** @param encoded User data, base64 */
export function readUserData(encoded: string, group: string): Readonly<Record<string, string>> {
  const lines = Buffer.from(encoded, "base64").toString("utf8").split("\n");
  const variables = lines.flatMap((line) => {
    const [, name, value] = /^((?:GPU_METRICS|INFERENCE_HOST)_[A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
    return name === undefined || ofTheCloud.includes(name) ? [] : [[name, value!] as const];
  });
  if (variables.length === 0) throw new Error(`${group}: its launch template's user data sets nothing for the agents`);
  return Object.fromEntries(variables);
}
