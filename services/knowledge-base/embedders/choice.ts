import { InputError } from "../../../contracts/input-error";
import { bedrockEmbedder } from "./bedrock";
import type { Embedder } from "./embedder";
import { openAiEmbedder } from "./openai";

/** The embedder that the operator wants; `statistical` is trained on the corpus and so is not made here. */
export type EmbedderChoice =
  | { readonly kind: "statistical" }
  | { readonly kind: "remote"; readonly embedder: Embedder };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads KB_EMBEDDER (`statistical`, `bedrock` or `openai`; @default statistical) with KB_EMBEDDER_MODEL, KB_EMBEDDER_DIMENSIONS,
 * KB_EMBEDDER_URL, KB_EMBEDDER_API_KEY, AWS_REGION.
 * @throws InputError
 */
export function embedderChoice(environment: Environment): EmbedderChoice {
  const name = environment.KB_EMBEDDER || "statistical";
  if (name === "statistical") return { kind: "statistical" };
  const dimensions = readDimensions(environment);
  const model = environment.KB_EMBEDDER_MODEL || undefined;
  if (name === "bedrock") {
    const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
    if (!region) throw missing("AWS_REGION", "the region of Bedrock");
    if (dimensions !== 256 && dimensions !== 512 && dimensions !== 1024) {
      throw new InputError({
        path: "KB_EMBEDDER_DIMENSIONS",
        given: dimensions,
        allowed: "256, 512 or 1024 for Titan v2",
        where: "KB_EMBEDDER_DIMENSIONS",
      });
    }
    const endpoint = environment.KB_EMBEDDER_URL || undefined;
    return { kind: "remote", embedder: bedrockEmbedder({ region, model, dimensions, endpoint }) };
  }
  if (name === "openai") {
    const baseUrl = environment.KB_EMBEDDER_URL;
    if (!baseUrl) throw missing("KB_EMBEDDER_URL", "the base of an OpenAI-compatible API, for example https://host/v1");
    if (model === undefined) throw missing("KB_EMBEDDER_MODEL", "the model's name");
    const apiKey = environment.KB_EMBEDDER_API_KEY || undefined;
    return { kind: "remote", embedder: openAiEmbedder({ baseUrl, model, dimensions, apiKey }) };
  }
  throw new InputError({
    path: "KB_EMBEDDER",
    given: name,
    allowed: "statistical, bedrock or openai",
    where: "KB_EMBEDDER",
  });
}

function readDimensions(environment: Environment): number {
  const text = environment.KB_EMBEDDER_DIMENSIONS;
  if (!text) return 1024;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1024) return value;
  throw new InputError({
    path: "KB_EMBEDDER_DIMENSIONS",
    given: text,
    allowed: "a whole number from 1 to 1024, the width of the vector column",
    where: "KB_EMBEDDER_DIMENSIONS",
  });
}

function missing(name: string, allowed: string): InputError {
  return new InputError({ path: name, given: undefined, allowed, where: name });
}
