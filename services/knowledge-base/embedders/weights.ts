import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../../contracts/input-error";
import { type DownloadProgress, downloadFile, verifiedHash } from "../../../runtime/download";

type Environment = Readonly<Record<string, string | undefined>>;

/** all-MiniLM-L6-v2 in GGUF, weights of 8 bits: 24 MiB, Apache 2.0. */
const published = {
  name: "all-MiniLM-L6-v2-Q8_0.gguf",
  url: "https://huggingface.co/second-state/All-MiniLM-L6-v2-Embedding-GGUF/resolve/main/all-MiniLM-L6-v2-Q8_0.gguf",
};

/** Weights of the sentence embedder on this machine. */
export interface Weights {
  readonly file: string;
  readonly sha256: string;
}

/** Folder of downloaded models, which no data folder holds: KB_MODELS_DIR, or below the user's cache. */
function modelsFolder(environment: Environment): string {
  const cache = environment.XDG_CACHE_HOME || join(homedir(), ".cache");
  return environment.KB_MODELS_DIR || join(cache, "game-ai-platform");
}

/** Where downloaded weights are kept, once they are there. */
export const keptWeights = (environment: Environment): string => join(modelsFolder(environment), published.name);

/**
 * The weights that KB_EMBEDDER_FILE names, or that were downloaded before; undefined where there are none yet.
 * @throws InputError for a file that is not there, or one that has changed since it was downloaded
 */
export async function findWeights(environment: Environment): Promise<Weights | undefined> {
  const given = environment.KB_EMBEDDER_FILE || undefined;
  const file = given ?? keptWeights(environment);
  if (!existsSync(file)) {
    if (given === undefined) return undefined;
    throw new InputError({
      path: "KB_EMBEDDER_FILE",
      given,
      allowed: "a sentence embedding model in GGUF",
      where: "KB_EMBEDDER_FILE or --embedder",
    });
  }
  return { file, sha256: await verifiedHash(file, given === undefined ? "KB_MODELS_DIR" : "KB_EMBEDDER_FILE") };
}

/**
 * Downloads the weights, or goes on where an earlier download was cut off.
 * @throws DownloadFailed
 */
export async function fetchWeights(
  environment: Environment,
  progress?: DownloadProgress,
  signal?: AbortSignal,
): Promise<Weights> {
  const file = keptWeights(environment);
  const sha256 = await downloadFile({ url: environment.KB_EMBEDDER_URL || published.url, file, progress, signal });
  return { file, sha256 };
}
