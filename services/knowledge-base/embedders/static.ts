import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Embedder } from "./embedder";
import { basicWords, WordPieces } from "./wordpiece";

/** Vectors of single tokens, made by models/distil-static.py. */
export interface StaticModel {
  /** Hash of the file and of how it is used; the embedder's version. */
  readonly version: string;
  /** Numbers of a token. */
  readonly dimensions: number;
  readonly tokens: readonly string[];
  /** What a token's numbers are multiplied with: its weight by frequency is in it. */
  readonly scales: Float32Array;
  /** `tokens.length` rows of `dimensions` numbers. */
  readonly rows: Int8Array;
}

export const staticName = "static";

/** Counts changes of how a text becomes a vector. */
const encoding = 1;

/** The file's name, beside the bundle and in the repository. */
export const staticModelFile = "static-embedder.bin";

let loaded: Embedder | undefined;

/**
 * The embedder that needs nothing but this program: the mean of its tokens' vectors, which are distilled from all-MiniLM-L6-v2. It
 * knows what words mean and nothing of their order.
 */
export function staticEmbedder(): Embedder {
  loaded ??= embedderOf(readStaticModel(readFileSync(modelPlace())));
  return loaded;
}

function modelPlace(): string {
  const inRepository = join(__dirname, "models", staticModelFile);
  return existsSync(inRepository) ? inRepository : join(__dirname, staticModelFile);
}

function embedderOf(model: StaticModel): Embedder {
  const encode = staticEncoder(model);
  return {
    name: staticName,
    version: model.version,
    dimensions: model.dimensions + letterSize,
    batchSize: 64,
    costly: false,
    // Yields between batches through the awaits of its caller; a batch takes about 10 ms.
    embed: async (texts) => texts.map(encode),
  };
}

/** Reads a model: the header's length in four bytes, the header as JSON, a scale for each token, the rows. */
export function readStaticModel(bytes: Buffer): StaticModel {
  const size = bytes.readUInt32LE(0);
  const { dimensions, tokens } = JSON.parse(bytes.toString("utf8", 4, 4 + size)) as Pick<
    StaticModel,
    "dimensions" | "tokens"
  >;
  const from = 4 + size;
  // Float32Array needs an aligned start, which a part of a buffer does not have.
  const scales = new Float32Array(new Uint8Array(bytes.subarray(from, from + tokens.length * 4)).buffer);
  const rows = new Int8Array(bytes.buffer, bytes.byteOffset + from + tokens.length * 4, tokens.length * dimensions);
  const version = createHash("sha256").update(`${encoding}\n`).update(bytes).digest("hex").slice(0, 16);
  return { version, dimensions, tokens, scales, rows };
}

/** Numbers after those of the meaning that follow from letters. */
const letterSize = 64;
/** Share of the letters in the square of a vector's length, where a text has words that the vocabulary cannot tell the meaning of. */
const letterShare = 0.06;

/** @returns A function that embeds one text; never a zero vector for a text that has a letter or digit */
export function staticEncoder({ dimensions, tokens, scales, rows }: StaticModel): (text: string) => Float32Array {
  const pieces = new WordPieces(tokens);
  const add = (sum: Float32Array, id: number) => {
    const scale = scales[id] as number;
    for (let at = 0, from = id * dimensions; at < dimensions; at += 1) {
      sum[at] = (sum[at] as number) + scale * (rows[from + at] as number);
    }
  };
  return (text) => {
    const meaning = new Float32Array(dimensions);
    const letters = new Float32Array(letterSize);
    for (const word of basicWords(text)) {
      const ids = pieces.split(word) ?? [];
      // Two pieces are a word and its ending, mostly; more are a name, or a script that the vocabulary hardly has.
      if (ids.length === 1 || (ids.length === 2 && word.length > 3)) for (const id of ids) add(meaning, id);
      else addLetters(letters, word);
    }
    const parts = [Math.hypot(...meaning), Math.hypot(...letters)] as const;
    // Signs alone, which may weigh nothing.
    if (parts[0] + parts[1] === 0) addLetters(letters, text);
    const out = new Float32Array(dimensions + letterSize);
    out.set(scaled(meaning, Math.sqrt(1 - letterShare)));
    out.set(scaled(letters, Math.sqrt(letterShare)), dimensions);
    return scaled(out, 1);
  };
}

function scaled(vector: Float32Array, length: number): Float32Array {
  const own = Math.hypot(...vector);
  return own === 0 ? vector : vector.map((value) => (value * length) / own);
}

/**
 * Adds directions that follow from a word's letters, one drawn for each of its groups of three and four, so that a misspelt name is near
 * the right one.
 */
function addLetters(sum: Float32Array, word: string): void {
  const padded = `<${word}>`;
  const groups = [3, 4].flatMap((size) =>
    Array.from({ length: Math.max(1, padded.length - size + 1) }, (_, at) => padded.slice(at, at + size)),
  );
  for (const group of groups) {
    let state = fnv1a(group);
    for (let at = 0; at < sum.length; at += 32) {
      state = mixed(state);
      for (let bit = 0; bit < 32 && at + bit < sum.length; bit += 1) {
        sum[at + bit] = (sum[at + bit] as number) + ((state >>> bit) & 1 ? 1 : -1);
      }
    }
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The next number of a small generator (mulberry32). */
function mixed(state: number): number {
  const next = (state + 0x6d2b79f5) >>> 0;
  let value = Math.imul(next ^ (next >>> 15), 1 | next);
  value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
  return (value ^ (value >>> 14)) >>> 0;
}
