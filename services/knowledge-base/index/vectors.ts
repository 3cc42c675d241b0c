/**
 * A vector at the length that its generation stores: filled up with zeros, which changes no cosine, where an earlier release stored
 * all at 1,024 numbers, or cut to the numbers that it was made with.
 */
export function atLength(vector: Float32Array, length: number): Float32Array {
  if (vector.length >= length) return vector.subarray(0, length);
  const filled = new Float32Array(length);
  filled.set(vector);
  return filled;
}

/** A vector as pgvector receives it: two bytes for its size, two unused, four for each number. Its text takes ten times as long to read. */
export function vectorBytes(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(4 + vector.length * 4);
  bytes.writeInt16BE(vector.length, 0);
  for (let at = 0; at < vector.length; at += 1) bytes.writeFloatBE(vector[at] as number, 4 + at * 4);
  return bytes;
}

/** A vector as text, for lists of them. Six digits are more than cosine distances of single precision need. */
export function vectorText(vector: Float32Array): string {
  let text = "[";
  for (let at = 0; at < vector.length; at += 1) {
    const value = vector[at] as number;
    text += at === 0 ? "" : ",";
    text += value === 0 ? "0" : value.toPrecision(6);
  }
  return `${text}]`;
}

/** The text of a vector, read back. */
export function parseVector(text: string): Float32Array {
  return Float32Array.from(text.slice(1, -1).split(","), Number);
}

/** Term numbers of a passage in order, as they are stored. */
export function packTermIds(ids: readonly number[]): Buffer {
  const bytes = Buffer.alloc(ids.length * 4);
  for (const [at, id] of ids.entries()) bytes.writeInt32LE(id, at * 4);
  return bytes;
}

/** The reverse of {@link packTermIds}. */
export function unpackTermIds(bytes: Uint8Array): Int32Array {
  const copy = new Uint8Array(bytes);
  return new Int32Array(copy.buffer, 0, copy.byteLength >> 2);
}
