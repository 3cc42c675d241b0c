import type { LlamaEmbeddingContext, LlamaModel } from "node-llama-cpp";
import { llamaVersion } from "../../../contracts/node";
import { importLlama, openLlama } from "../../../runtime/llama";
import { type Embedder, EmbeddingFailed, type EmbeddingPurpose } from "./embedder";

export const sentenceName = "sentence";

export interface SentenceOptions {
  /** The weights in GGUF. */
  readonly file: string;
  /** SHA-256 of the file: vectors of other weights never meet in one generation. */
  readonly sha256: string;
  /** Numbers of a vector. @default 384, of all-MiniLM-L6-v2 */
  readonly dimensions?: number;
}

/** Tokens that are read of a text; with those that begin and end it, it has to fit the 512 places of the model. */
const longestText = 500;
/** One thread: a question of ten words takes 10 ms, and ingestion leaves the other cores to everything else. */
const threads = 1;

interface Loaded {
  readonly model: LlamaModel;
  readonly context: LlamaEmbeddingContext;
}

/**
 * A sentence embedding model on llama.cpp, loaded when the first text comes and once in a process. Questions go before passages that
 * wait, so that a search does not stand behind an ingestion.
 */
export function sentenceEmbedder({ file, sha256, dimensions = 384 }: SentenceOptions): Embedder {
  let loading: Promise<Loaded> | undefined;
  let closed = false;
  const waiting: Record<EmbeddingPurpose, (() => void)[]> = { query: [], passage: [] };
  let busy = false;

  const loaded = () => {
    if (closed) throw new EmbeddingFailed("the sentence embedder is closed");
    loading ??= load(file, dimensions).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  /** Runs work alone; who asks for a question comes first. */
  async function inTurn<T>(purpose: EmbeddingPurpose, work: () => Promise<T>): Promise<T> {
    if (busy) await new Promise<void>((resolve) => waiting[purpose].push(resolve));
    busy = true;
    try {
      return await work();
    } finally {
      const next = waiting.query.shift() ?? waiting.passage.shift();
      if (next === undefined) busy = false;
      else next();
    }
  }

  return {
    name: sentenceName,
    version: sha256.slice(0, 16),
    dimensions,
    batchSize: 8,
    // A passage takes a tenth of a second: what was embedded before a crash is kept.
    costly: true,
    async embed(texts, purpose) {
      const vectors: Float32Array[] = [];
      for (const text of texts) vectors.push(await inTurn(purpose, async () => embedOne(await loaded(), text)));
      return vectors;
    },
    async close() {
      closed = true;
      const { model, context } = (await loading?.catch(() => undefined)) ?? {};
      await context?.dispose();
      await model?.dispose();
    },
  };
}

async function embedOne({ model, context }: Loaded, text: string): Promise<Float32Array> {
  const tokens = model.tokenize(text).slice(0, longestText);
  const vector = Float32Array.from((await context.getEmbeddingFor(tokens)).vector);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

async function load(file: string, dimensions: number): Promise<Loaded> {
  const llamaPackage = await importLlama().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new EmbeddingFailed(
      `the sentence embedder needs the package node-llama-cpp beside this program (npm install node-llama-cpp@${llamaVersion}): ${reason}`,
    );
  });
  try {
    const llama = await openLlama(llamaPackage, threads);
    const model = await llama.loadModel({ modelPath: file });
    if (model.embeddingVectorSize !== dimensions) {
      throw new Error(
        `its vectors have ${model.embeddingVectorSize} numbers; set KB_EMBEDDER_DIMENSIONS to that, not ${dimensions}`,
      );
    }
    const contextSize = 512;
    const context = await model.createEmbeddingContext({ contextSize, batchSize: contextSize, threads });
    return { model, context };
  } catch (error) {
    throw new EmbeddingFailed(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
