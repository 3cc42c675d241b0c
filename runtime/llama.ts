import type { Llama } from "node-llama-cpp";

export type LlamaPackage = typeof import("node-llama-cpp");

let loading: Promise<LlamaPackage> | undefined;

/**
 * Imports node-llama-cpp when it is first needed: it is a native package and stays outside the bundles.
 * @throws the import's error where it is not installed
 */
export async function importLlama(): Promise<LlamaPackage> {
  loading ??= import("node-llama-cpp");
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

/**
 * Opens llama.cpp on the CPU with prebuilt binaries only: nothing is compiled or downloaded.
 * @param log Takes the warnings that llama.cpp writes. @default nothing is written
 */
export function openLlama(
  llamaPackage: LlamaPackage,
  threads: number,
  log?: (level: string, message: string) => void,
): Promise<Llama> {
  return llamaPackage.getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: llamaPackage.LlamaLogLevel[log === undefined ? "disabled" : "warn"],
    ...(log === undefined ? {} : { logger: log }),
  });
}
