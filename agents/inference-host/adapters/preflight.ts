import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { loadLlamaPackage } from "../engines/llama-runtime";
import type { AdapterEntry, AdapterManifest, ManifestFile } from "./manifest";

/** An adapter whose files are not what the manifest says, or not what the engine can take. */
export class PreflightError extends Error {
  override readonly name = "PreflightError";
}

export interface PreflightRules {
  readonly baseModel: string;
  readonly format: AdapterManifest["format"];
  /** Largest rank that the engine was started for. */
  readonly maxRank: number;
}

const maxHeaderBytes = 16 * 1024 * 1024;

/**
 * Checks an adapter before an engine sees it: one bad adapter has been known to fail every request in flight (vLLM issue 4879).
 * Sizes and checksums, no pickled weights, rank and target modules as the manifest says, tensor shapes that fit the rank.
 * @param folder Where the manifest's relative paths start.
 * @returns the absolute path to hand to the engine
 * @throws PreflightError with the file and the reason
 */
export async function preflight(entry: AdapterEntry, folder: string, rules: PreflightRules): Promise<string> {
  if (entry.rank > rules.maxRank) fail(entry, `rank ${entry.rank} is above the engine's ${rules.maxRank}`);
  for (const file of entry.files)
    await verifyFile(join(folder, file.path), file).catch((error) => fail(entry, String(error.message)));
  return rules.format === "gguf" ? checkGguf(entry, folder) : checkPeft(entry, folder, rules);
}

/**
 * Compares size and SHA-256 of a file with the manifest.
 * @throws Error that names the file
 */
export async function verifyFile(path: string, file: ManifestFile): Promise<void> {
  const { size } = await stat(path);
  if (size !== file.bytes) throw new Error(`${file.path} has ${size} bytes, the manifest says ${file.bytes}`);
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const digest = hash.digest("hex");
  if (digest !== file.sha256) throw new Error(`${file.path} has checksum ${digest}, the manifest says ${file.sha256}`);
}

async function checkPeft(entry: AdapterEntry, folder: string, rules: PreflightRules): Promise<string> {
  const config = entry.files.find(({ path }) => posix.basename(path) === "adapter_config.json");
  const weights = entry.files.find(({ path }) => posix.basename(path) === "adapter_model.safetensors");
  if (!config || !weights) return fail(entry, "needs adapter_config.json and adapter_model.safetensors");
  const unsafe = entry.files.find(({ path }) => /\.(bin|pt|pth|pkl|pickle)$/.test(path));
  if (unsafe) fail(entry, `${unsafe.path} is a pickle, which can run code when it is loaded`);
  if (posix.dirname(config.path) !== posix.dirname(weights.path))
    fail(entry, "config and weights are in different folders");

  const settings = JSON.parse(await readFile(join(folder, config.path), "utf8")) as PeftConfig;
  if (settings.peft_type !== "LORA") fail(entry, `peft_type is ${settings.peft_type}, not LORA`);
  if (settings.r !== entry.rank)
    fail(entry, `adapter_config.json has rank ${settings.r}, the manifest says ${entry.rank}`);
  const targets = [settings.target_modules ?? []].flat();
  const extra = targets.find((module) => !entry.targetModules.some((allowed) => allowed === module));
  if (extra !== undefined) fail(entry, `target module ${extra} is not in the manifest`);
  if (settings.modules_to_save?.length) fail(entry, "modules_to_save replaces whole layers, which is not LoRA");
  const base = settings.base_model_name_or_path;
  if (base !== undefined && posix.basename(base) !== posix.basename(rules.baseModel)) {
    fail(entry, `was trained for ${base}, this node serves ${rules.baseModel}`);
  }
  await checkSafetensors(entry, join(folder, weights.path), weights);
  return join(folder, posix.dirname(config.path));
}

interface PeftConfig {
  readonly peft_type?: string;
  readonly r?: number;
  readonly target_modules?: string | readonly string[];
  readonly modules_to_save?: readonly string[] | null;
  readonly base_model_name_or_path?: string;
}

/** Source of the layout: https://huggingface.co/docs/safetensors, "Format". */
async function checkSafetensors(entry: AdapterEntry, path: string, file: ManifestFile): Promise<void> {
  const handle = await open(path);
  try {
    const size = Buffer.alloc(8);
    await handle.read(size, 0, 8, 0);
    const length = Number(size.readBigUInt64LE());
    if (length > Math.min(maxHeaderBytes, file.bytes - 8)) fail(entry, `${file.path} has no safetensors header`);
    const header = Buffer.alloc(length);
    await handle.read(header, 0, length, 8);
    const tensors = parseHeader(header.toString("utf8")) ?? fail(entry, `${file.path} has an unreadable header`);
    for (const [name, tensor] of Object.entries(tensors)) {
      if (name === "__metadata__") continue;
      const rank = /lora_A/.test(name) ? tensor.shape[0] : /lora_B/.test(name) ? tensor.shape[1] : undefined;
      if (rank === undefined) fail(entry, `${name} is not a LoRA tensor`);
      if (rank !== entry.rank) fail(entry, `${name} has rank ${rank}, the manifest says ${entry.rank}`);
      if ((tensor.data_offsets[1] ?? 0) > file.bytes - 8 - length)
        fail(entry, `${name} ends behind the end of the file`);
    }
  } finally {
    await handle.close();
  }
}

interface SafetensorsEntry {
  readonly shape: readonly number[];
  readonly data_offsets: readonly number[];
}

function parseHeader(text: string): Record<string, SafetensorsEntry> | undefined {
  try {
    return JSON.parse(text) as Record<string, SafetensorsEntry>;
  } catch {
    return undefined;
  }
}

async function checkGguf(entry: AdapterEntry, folder: string): Promise<string> {
  const [file, ...more] = entry.files;
  if (!file || more.length > 0 || !file.path.endsWith(".gguf")) return fail(entry, "needs exactly one .gguf file");
  const path = join(folder, file.path);
  const { readGgufFileInfo } = await loadLlamaPackage();
  const info = await readGgufFileInfo(path, { readTensorInfo: true, logWarnings: false }).catch(() =>
    fail(entry, `${file.path} is not a GGUF file`),
  );
  const metadata: Readonly<Record<string, unknown>> = { ...info.metadata };
  const general = metadata.general as { readonly type?: string } | undefined;
  if (general?.type !== "adapter") fail(entry, `${file.path} is a model, not an adapter`);
  for (const { name, dimensions } of info.tensorInfo ?? []) {
    const rank = Number(name.endsWith(".lora_a") ? dimensions[1] : name.endsWith(".lora_b") ? dimensions[0] : -1);
    if (rank !== entry.rank) fail(entry, `${name} does not have the manifest's rank ${entry.rank}`);
  }
  return path;
}

function fail({ name }: AdapterEntry, reason: string): never {
  throw new PreflightError(`adapter ${name}: ${reason}`);
}
