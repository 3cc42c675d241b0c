import type { DocumentInput } from "./prepare";

/** What an ingestion will do. */
export interface IngestPlan {
  readonly add: readonly DocumentInput[];
  readonly update: readonly DocumentInput[];
  readonly unchanged: number;
  readonly vanished: readonly { readonly file: string; readonly id: string }[];
}

/**
 * Compares what a source has with what is stored of it. A file that could not be read has not vanished, nor what stands below a folder
 * that could not.
 */
export function planIngest(
  documents: readonly DocumentInput[],
  unreadable: ReadonlySet<string>,
  stored: ReadonlyMap<string, { id: string; contentHash: string }>,
): IngestPlan {
  const present = new Set(documents.map(({ file }) => file));
  const folders = [...unreadable].map((name) => `${name}/`);
  const isUnread = (file: string) => unreadable.has(file) || folders.some((folder) => file.startsWith(folder));
  return {
    add: documents.filter(({ file }) => !stored.has(file)),
    update: documents.filter((one) => stored.has(one.file) && stored.get(one.file)?.contentHash !== one.contentHash),
    unchanged: documents.filter((one) => stored.get(one.file)?.contentHash === one.contentHash).length,
    vanished: [...stored]
      .filter(([file]) => !present.has(file) && !isUnread(file))
      .map(([file, { id }]) => ({ file, id })),
  };
}

/** A sweep of at most this many documents needs no leave. */
const fewDocuments = 3;

/**
 * Whether so many documents vanished that the folder is more likely the wrong one.
 * @param most Share of the stored documents that may vanish, 0 to 1
 */
export function isSuspicious(vanished: number, stored: number, most: number): boolean {
  return vanished > fewDocuments && vanished > most * stored;
}
