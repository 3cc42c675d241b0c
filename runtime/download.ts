import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { InputError } from "../contracts/input-error";
import { makeFolder } from "./make-folder";

/** Told of the bytes that have arrived, and of all where the server says how many. */
export type DownloadProgress = (done: number, total: number | undefined) => void;

export interface DownloadOptions {
  readonly url: string;
  /** Where the file goes, once it is whole. Its SHA-256 is recorded beside it, in a file of the same name and `.sha256`. */
  readonly file: string;
  readonly progress?: DownloadProgress;
  readonly signal?: AbortSignal;
}

/** A download failed; what arrived stays, and the next one goes on from there. */
export class DownloadFailed extends Error {
  override readonly name = "DownloadFailed";
}

const partOf = (file: string) => `${file}.part`;
const recordOf = (file: string) => `${file}.sha256`;

/**
 * Downloads a file, going on where an earlier try was cut off.
 * @returns Its SHA-256
 * @throws DownloadFailed
 */
export async function downloadFile({ url, file, progress, signal }: DownloadOptions): Promise<string> {
  makeFolder(dirname(file));
  const part = partOf(file);
  const have = existsSync(part) ? statSync(part).size : 0;
  try {
    const response = await fetch(url, { headers: have > 0 ? { range: `bytes=${have}-` } : {}, signal });
    // The part is whole already: the server has nothing beyond it.
    if (response.status === 416 && have > 0) await response.body?.cancel();
    else if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status}`);
    } else {
      // A server that knows no ranges sends the whole file again.
      const from = response.status === 206 ? have : 0;
      const length = Number(response.headers.get("content-length"));
      const total = length > 0 ? from + length : undefined;
      let done = from;
      progress?.(done, total);
      // Each piece is on disk before the next is taken, so that a cut loses nothing that came.
      const handle = await open(part, from > 0 ? "a" : "w");
      try {
        for await (const bytes of response.body) {
          await handle.writeFile(bytes);
          done += bytes.length;
          progress?.(done, total);
        }
      } finally {
        await handle.close();
      }
      if (total !== undefined && done !== total) throw new Error(`${done} of ${total} bytes came`);
    }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    throw new DownloadFailed(`${url}: ${error instanceof Error ? error.message : String(error)}${cause}`);
  }
  const hash = await sha256OfFile(part);
  writeFileSync(recordOf(file), `${hash}\n`);
  renameSync(part, file);
  return hash;
}

/** SHA-256 of a file's bytes, in hexadecimal digits. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
  return hash.digest("hex");
}

/**
 * The SHA-256 of a file, held against the one that was recorded when it was downloaded, if it was.
 * @throws InputError for a file that has changed since
 */
export async function verifiedHash(file: string, where: string): Promise<string> {
  const hash = await sha256OfFile(file);
  const recorded = existsSync(recordOf(file)) ? readFileSync(recordOf(file), "utf8").trim() : hash;
  if (recorded === hash) return hash;
  throw new InputError({
    path: "sha256",
    given: hash,
    allowed: `${recorded}, which was recorded when ${file} was downloaded; remove the file to download it again`,
    where,
  });
}
