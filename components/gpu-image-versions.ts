import { createHash } from "node:crypto";

/** Image Builder takes three whole numbers below this as a version. Source: Image Builder user guide, "Semantic versioning". */
const segmentLimit = 2 ** 30;

/** A file of the image: where it goes in the payload, and its content's checksum. */
export interface PayloadFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
}

export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/**
 * A version that follows from the content: the same content has the same version, another content another one. The first number
 * is the revision, which a person raises to build content again whose version is kept from before.
 */
export function contentVersion(revision: number, ...content: readonly string[]): string {
  const digest = createHash("sha256").update(JSON.stringify(content)).digest();
  const segment = (offset: number) => digest.readUInt32BE(offset) % segmentLimit;
  return `${revision}.${segment(0)}.${segment(4)}`;
}

/** The text of SHA256SUMS for a payload, as `sha256sum --check` reads it. */
export function checksumList(files: readonly PayloadFile[]): string {
  return files
    .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
    .join("");
}
