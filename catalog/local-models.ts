/** A small instruct model that a machine without a GPU can run, as one GGUF file with its chat template inside. */
export interface LocalModel {
  /** Megabytes of the file, as its publisher shows them. */
  readonly aboutMb: number;
  readonly licence: string;
  /** Where the licence stands. */
  readonly terms: string;
  /** Public address of the file. */
  readonly url: string;
  /**
   * SHA-256 of the file, where we have hashed it ourselves. Without one the hash is recorded when the file is fetched first, and later
   * fetches and starts on this machine compare with that.
   */
  readonly sha256?: string;
  readonly note: string;
}

const hub = (repository: string, file: string) => `https://huggingface.co/${repository}/resolve/main/${file}`;

/** Models that `platform model` knows, smallest first. Addresses and sizes: the pages of the repositories, November 2026; none is hashed yet. */
export const localModels = {
  "gemma-3-270m-it": {
    aboutMb: 292,
    licence: "Gemma Terms of Use",
    terms: "https://ai.google.dev/gemma/terms",
    url: hub("ggml-org/gemma-3-270m-it-GGUF", "gemma-3-270m-it-Q8_0.gguf"),
    note: "8 bits; the fastest",
  },
  "smollm2-360m-instruct": {
    aboutMb: 386,
    licence: "Apache-2.0",
    terms: "https://huggingface.co/HuggingFaceTB/SmolLM2-360M-Instruct-GGUF",
    url: hub("HuggingFaceTB/SmolLM2-360M-Instruct-GGUF", "smollm2-360m-instruct-q8_0.gguf"),
    note: "8 bits",
  },
  "qwen2.5-0.5b-instruct": {
    aboutMb: 491,
    licence: "Apache-2.0",
    terms: "https://huggingface.co/Qwen/Qwen2.5-0.5B-Instruct-GGUF",
    url: hub("Qwen/Qwen2.5-0.5B-Instruct-GGUF", "qwen2.5-0.5b-instruct-q4_k_m.gguf"),
    note: "4 bits; of the family that the GPU tiers serve",
  },
  "llama-3.2-1b-instruct": {
    aboutMb: 808,
    licence: "Llama 3.2 Community License",
    terms: "https://www.llama.com/llama3_2/license/",
    url: hub("bartowski/Llama-3.2-1B-Instruct-GGUF", "Llama-3.2-1B-Instruct-Q4_K_M.gguf"),
    note: "4 bits; better company, for four cores and more",
  },
} as const satisfies Record<string, LocalModel>;
export type LocalModelName = keyof typeof localModels;
