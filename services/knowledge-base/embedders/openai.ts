import { z } from "zod";
import { type Embedder, EmbeddingFailed } from "./embedder";
import { Transient, withRetries } from "./retry";

export interface OpenAiOptions {
  /** Base of the API, for example `https://host/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /** Numbers of a vector, at most 1,024. @default 1024 */
  readonly dimensions?: number;
  readonly apiKey?: string;
  /** Whether to ask for the dimension, which only some models take. @default false */
  readonly sendDimensions?: boolean;
  /** @default 64 */
  readonly batchSize?: number;
  /** @default 30000 */
  readonly timeoutMs?: number;
}

const reply = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative(), embedding: z.array(z.number()) })),
});

/** Any server with OpenAI's `POST /embeddings`: OpenAI, vLLM, llama.cpp, the inference host. */
export function openAiEmbedder(options: OpenAiOptions): Embedder {
  const {
    baseUrl,
    model,
    dimensions = 1024,
    apiKey,
    sendDimensions = false,
    batchSize = 64,
    timeoutMs = 30_000,
  } = options;
  const url = `${baseUrl.replace(/\/$/, "")}/embeddings`;

  async function request(input: readonly string[]): Promise<Float32Array[]> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
      body: JSON.stringify({ model, input, encoding_format: "float", ...(sendDimensions ? { dimensions } : {}) }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw new Transient(`no answer from ${url}: ${error instanceof Error ? error.message : String(error)}`);
    });
    if (response.status === 408 || response.status === 429 || response.status >= 500) {
      const seconds = Number(response.headers.get("retry-after"));
      await response.body?.cancel();
      throw new Transient(`${url} answered ${response.status}`, seconds > 0 ? seconds * 1000 : undefined);
    }
    if (!response.ok)
      throw new EmbeddingFailed(`${url} answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
    const parsed = reply.safeParse(await response.json().catch(() => undefined));
    if (!parsed.success) throw new EmbeddingFailed(`${url} answered something that is not a list of embeddings`);
    const vectors = new Array<Float32Array>(input.length);
    for (const { index, embedding } of parsed.data.data) vectors[index] = Float32Array.from(embedding);
    return vectors.filter((vector) => vector !== undefined);
  }

  return {
    name: "openai",
    version: `${model}/${dimensions}`,
    dimensions,
    batchSize,
    costly: true,
    embed: (texts) => withRetries("openai", () => request(texts)),
  };
}
