import { countTerms, terms, words } from "../text/terms";

/** Numbers of a vector that come from the corpus (latent semantic analysis), and those hashed from words and letters. */
export const latentSize = 256;
export const hashedSize = 768;
/** Share of each part's length in the whole vector. */
const latentShare = 0.9;
const hashedShare = Math.sqrt(1 - latentShare ** 2);

/** What training on a corpus leaves: enough to embed any later text the same way. */
export interface StatisticalModel {
  /** Hash of everything in the model; the embedder's version. */
  readonly version: string;
  readonly trainedOn: number;
  readonly rank: number;
  readonly terms: readonly string[];
  /** Inverse document frequency, one per term. */
  readonly idf: Float32Array;
  /** `terms.length` rows of `rank` numbers. */
  readonly factors: Float32Array;
}

/** A model that embeds: the stored model with its terms looked up by name. */
export interface StatisticalEncoder {
  readonly model: StatisticalModel;
  encode(text: string): Float32Array;
}

/** Prepares a model for encoding. The encoder never returns a zero vector for a text that has a letter or digit. */
export function statisticalEncoder(model: StatisticalModel): StatisticalEncoder {
  const place = new Map(model.terms.map((term, index) => [term, index]));
  const unseenIdf = Math.log(2 + model.trainedOn);
  const idfOf = (term: string) => {
    const at = place.get(term);
    return at === undefined ? unseenIdf : (model.idf[at] as number);
  };
  return {
    model,
    encode(text) {
      const counts = countTerms(terms(text));
      const latent = foldIn(model, place, counts);
      const hashed = hashWords(text, counts, idfOf);
      const out = new Float32Array(latentSize + hashedSize);
      out.set(scaled(latent, latentShare));
      out.set(scaled(hashed, hashedShare), latentSize);
      return scaled(out, 1);
    },
  };
}

function foldIn(model: StatisticalModel, place: ReadonlyMap<string, number>, counts: ReadonlyMap<string, number>) {
  const out = new Float32Array(latentSize);
  for (const [term, count] of counts) {
    const at = place.get(term);
    if (at === undefined) continue;
    const weight = (1 + Math.log(count)) * (model.idf[at] as number);
    const from = at * model.rank;
    for (let k = 0; k < model.rank; k += 1) out[k] = (out[k] as number) + weight * (model.factors[from + k] as number);
  }
  return out;
}

/** Signed feature hashing (Weinberger et al. 2009) of terms and of the letter 3- to 5-grams of words, weighted by rarity. */
function hashWords(text: string, counts: ReadonlyMap<string, number>, idfOf: (term: string) => number): Float32Array {
  const out = new Float32Array(hashedSize);
  const add = (feature: string, weight: number) => {
    const hash = fnv1a(feature);
    const at = hash % hashedSize;
    out[at] = (out[at] as number) + ((hash >>> 16) & 1 ? weight : -weight);
  };
  for (const [term, count] of counts) {
    const weight = (1 + Math.log(count)) * idfOf(term);
    add(`w:${term}`, weight);
    const padded = `<${term}>`;
    const grams = [3, 4, 5].flatMap((size) =>
      Array.from({ length: Math.max(0, padded.length - size + 1) }, (_, at) => padded.slice(at, at + size)),
    );
    for (const gram of grams) add(`g:${gram}`, weight / Math.sqrt(grams.length * 2));
  }
  if (counts.size === 0) for (const word of words(text)) add(`s:${word}`, 1);
  return out;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

function scaled(vector: Float32Array, length: number): Float32Array {
  let square = 0;
  for (const value of vector) square += value * value;
  return square === 0 ? vector : vector.map((value) => (value * length) / Math.sqrt(square));
}
