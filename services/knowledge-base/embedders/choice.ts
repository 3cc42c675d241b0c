import { InputError } from "../../../contracts/input-error";
import type { DownloadProgress } from "../../../runtime/download";
import { bedrockEmbedder } from "./bedrock";
import type { Embedder } from "./embedder";
import { openAiEmbedder } from "./openai";
import { sentenceEmbedder, sentenceName } from "./sentence";
import { staticEmbedder, staticName } from "./static";
import { statisticalName } from "./statistical";
import { fetchWeights, findWeights, type Weights } from "./weights";

/** What the operator wants, and what there is beside it. */
export interface EmbedderChoice {
  /** Embeds everything in the end; where a memory has another, it is indexed anew while that one answers. */
  readonly embedder: Embedder;
  /** Embeds the first passages of a new memory. @default embedder */
  readonly begins?: Embedder;
  /** Others of this machine, which answer for what they embedded before. */
  readonly others?: readonly Embedder[];
  /** Downloads what `KB_EMBEDDER` asks for and this machine lacks. @returns The choice with it. @throws DownloadFailed */
  readonly fetch?: (progress?: DownloadProgress, signal?: AbortSignal) => Promise<EmbedderChoice>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const names = ["static", sentenceName, "bedrock", "openai"] as const;

/**
 * Reads KB_EMBEDDER: `static`, `sentence`, `bedrock` or `openai`; @default sentence where its weights are on this machine, else static.
 * With it KB_EMBEDDER_FILE, KB_EMBEDDER_MODEL, KB_EMBEDDER_DIMENSIONS, KB_EMBEDDER_URL, KB_EMBEDDER_API_KEY, KB_MODELS_DIR, AWS_REGION.
 * @throws InputError
 */
export async function embedderChoice(environment: Environment): Promise<EmbedderChoice> {
  const name = environment.KB_EMBEDDER || undefined;
  const remote = remoteEmbedder(name, environment);
  const weights = await findWeights(environment);
  const withSentence = (found: Weights): EmbedderChoice => {
    const sentence = sentenceEmbedder({ ...found, dimensions: readDimensions(environment, 384) });
    if (remote !== undefined) return { embedder: remote, others: [staticEmbedder(), sentence] };
    if (name === staticName) return { embedder: staticEmbedder(), others: [sentence] };
    return { embedder: sentence, begins: staticEmbedder() };
  };
  if (weights !== undefined) return withSentence(weights);
  if (remote !== undefined) return { embedder: remote, others: [staticEmbedder()] };
  if (name !== sentenceName) return { embedder: staticEmbedder() };
  return {
    embedder: staticEmbedder(),
    fetch: async (progress, signal) => withSentence(await fetchWeights(environment, progress, signal)),
  };
}

/** The remote embedder that KB_EMBEDDER names; undefined for one of this machine. */
function remoteEmbedder(name: string | undefined, environment: Environment): Embedder | undefined {
  if (name === undefined || name === staticName || name === sentenceName) return undefined;
  const model = environment.KB_EMBEDDER_MODEL || undefined;
  if (name === "bedrock") {
    const dimensions = readDimensions(environment, 1024);
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
    return bedrockEmbedder({ region, model, dimensions, endpoint: environment.KB_EMBEDDER_URL || undefined });
  }
  if (name === "openai") {
    const baseUrl = environment.KB_EMBEDDER_URL;
    if (!baseUrl) throw missing("KB_EMBEDDER_URL", "the base of an OpenAI-compatible API, for example https://host/v1");
    if (model === undefined) throw missing("KB_EMBEDDER_MODEL", "the model's name");
    const apiKey = environment.KB_EMBEDDER_API_KEY || undefined;
    return openAiEmbedder({ baseUrl, model, dimensions: readDimensions(environment, 1024), apiKey });
  }
  const gone = name === statisticalName ? "; the statistical embedder is gone, static takes its place" : "";
  throw new InputError({
    path: "KB_EMBEDDER",
    given: name,
    allowed: `${names.join(", ")}${gone}`,
    where: "KB_EMBEDDER",
  });
}

function readDimensions(environment: Environment, usual: number): number {
  const text = environment.KB_EMBEDDER_DIMENSIONS;
  if (!text) return usual;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 2000) return value;
  throw new InputError({
    path: "KB_EMBEDDER_DIMENSIONS",
    given: text,
    allowed: "a whole number from 1 to 2000, the most that an HNSW index takes",
    where: "KB_EMBEDDER_DIMENSIONS",
  });
}

function missing(name: string, allowed: string): InputError {
  return new InputError({ path: name, given: undefined, allowed, where: name });
}
