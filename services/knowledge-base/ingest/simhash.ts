import { createHash } from "node:crypto";
import { words } from "../text/terms";

/**
 * SimHash (Charikar 2002) over three-word shingles, 64 bits, signed so that a PostgreSQL bigint holds it. Texts that differ in a few
 * words differ in a few bits.
 */
export function simHash(text: string): bigint {
  const list = words(text);
  const sums = new Int32Array(64);
  for (let at = 0; at < Math.max(1, list.length - 2); at += 1) {
    const digest = createHash("md5")
      .update(list.slice(at, at + 3).join(" "))
      .digest();
    for (let bit = 0; bit < 64; bit += 1) {
      const set = ((digest[bit >> 3] as number) >> (bit & 7)) & 1;
      sums[bit] = (sums[bit] as number) + (set ? 1 : -1);
    }
  }
  let hash = 0n;
  for (let bit = 0; bit < 64; bit += 1) if ((sums[bit] as number) > 0) hash |= 1n << BigInt(bit);
  return BigInt.asIntN(64, hash);
}

/** Bits in which two hashes differ. */
export function hammingDistance(a: bigint, b: bigint): number {
  let rest = BigInt.asUintN(64, a ^ b);
  let count = 0;
  while (rest !== 0n) {
    count += Number(rest & 1n);
    rest >>= 1n;
  }
  return count;
}

/** Texts at most this many bits apart are reported as near-duplicates. */
export const nearDuplicateBits = 6;
