import { BedrockRuntimeClient, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { z } from "zod";
import { type Embedder, EmbeddingFailed } from "./embedder";

export interface BedrockOptions {
  readonly region: string;
  /** @default amazon.titan-embed-text-v2:0 */
  readonly model?: string;
  /** 256, 512 or 1024. @default 1024 */
  readonly dimensions?: 256 | 512 | 1024;
  /** Another endpoint, for a VPC endpoint or a test. */
  readonly endpoint?: string;
  /** Requests in flight; the API takes one text each. @default 8 */
  readonly concurrency?: number;
}

const reply = z.object({ embedding: z.array(z.number()) });
/** Titan v2 takes 8,192 tokens or 50,000 characters; the chunker stays far below. */
const longestInput = 50_000;

/** Amazon Titan Text Embeddings V2 on Bedrock. The SDK retries throttling with its adaptive rate. */
export function bedrockEmbedder(options: BedrockOptions): Embedder {
  const { region, model = "amazon.titan-embed-text-v2:0", dimensions = 1024, endpoint, concurrency = 8 } = options;
  const client = new BedrockRuntimeClient({ region, endpoint, maxAttempts: 6, retryMode: "adaptive" });

  async function one(text: string): Promise<Float32Array> {
    try {
      const { body } = await client.send(
        new InvokeModelCommand({
          modelId: model,
          contentType: "application/json",
          accept: "application/json",
          body: JSON.stringify({ inputText: text.slice(0, longestInput), dimensions, normalize: true }),
        }),
      );
      return Float32Array.from(reply.parse(JSON.parse(new TextDecoder().decode(body))).embedding);
    } catch (error) {
      throw new EmbeddingFailed(`bedrock ${model}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  return {
    name: "bedrock",
    version: `${model}/${dimensions}`,
    dimensions,
    batchSize: concurrency,
    costly: true,
    embed: (texts) => Promise.all(texts.map(one)),
  };
}
