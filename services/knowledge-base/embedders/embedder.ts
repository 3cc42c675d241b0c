/** What a text is embedded for; some models treat a question differently. */
export type EmbeddingPurpose = "passage" | "query";

/** Turns texts into vectors. Vectors of two embedders, or of two versions of one, never meet in one generation. */
export interface Embedder {
  readonly name: string;
  readonly version: string;
  /** Numbers of a vector, at most 2,000: more has no HNSW index. */
  readonly dimensions: number;
  /** Texts per call at most. */
  readonly batchSize: number;
  /** Whether a vector costs money or a network call, so that it is worth keeping until its passage is stored. */
  readonly costly: boolean;
  /** @throws EmbeddingFailed after the retries that the embedder makes itself */
  embed(texts: readonly string[], purpose: EmbeddingPurpose): Promise<Float32Array[]>;
  /** Gives back what it holds. */
  close?(): Promise<void>;
}

/** How an embedder is named to people: its name, and its version where that says something. */
export const described = ({ name, version, dimensions }: Pick<Embedder, "name" | "version" | "dimensions">): string =>
  `${name} (${version}, ${dimensions} numbers)`;

/** An embedder gave no usable vector. */
export class EmbeddingFailed extends Error {
  override readonly name = "EmbeddingFailed";
}

/**
 * Embeds in batches and checks every vector: count, dimension, finite numbers, not zero. A zero vector is near nothing and
 * far from nothing, so storing one hides its passage for good.
 * @throws EmbeddingFailed
 */
export async function embedAll(
  embedder: Embedder,
  texts: readonly string[],
  purpose: EmbeddingPurpose,
): Promise<Float32Array[]> {
  const out: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += embedder.batchSize) {
    const batch = texts.slice(at, at + embedder.batchSize);
    const vectors = await embedder.embed(batch, purpose);
    if (vectors.length !== batch.length) {
      throw new EmbeddingFailed(`${embedder.name} returned ${vectors.length} vectors for ${batch.length} texts`);
    }
    out.push(...vectors.map((vector) => checkedVector(embedder, vector)));
  }
  return out;
}

function checkedVector(embedder: Embedder, vector: Float32Array): Float32Array {
  if (vector.length !== embedder.dimensions) {
    throw new EmbeddingFailed(
      `${embedder.name} returned a vector of ${vector.length} numbers where its dimension is ${embedder.dimensions}`,
    );
  }
  let square = 0;
  for (const value of vector) square += value * value;
  if (!Number.isFinite(square)) throw new EmbeddingFailed(`${embedder.name} returned a number that is not finite`);
  if (square < 1e-12) throw new EmbeddingFailed(`${embedder.name} returned a zero vector`);
  return vector;
}
