import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open, statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalModel } from "../../../catalog/local-models";
import { isGguf } from "../../../runtime/gguf";
import { hashOf, modelFile, recordedHashes, recordHash } from "./model-files";

export interface FetchOptions {
  readonly name: string;
  readonly model: Pick<LocalModel, "url" | "sha256">;
  readonly folder: string;
  /** Takes one line at a time. */
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Tries in a row that may bring no byte before it gives up. @default 5 */
  readonly tries?: number;
  /** Milliseconds before the second try, doubled with each further one. @default 500 */
  readonly retryMs?: number;
}

export interface FetchedModel {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** What the hash was compared with; `recorded` now for the first time where it was not. */
  readonly checked: "pinned" | "recorded before" | "recorded now";
  /** False for a file that was there already. */
  readonly downloaded: boolean;
}

/** A download that cannot go on, in one line. What came so far stays, unless the file is not what it should be. */
export class FetchError extends Error {
  override readonly name = "FetchError";
}

/** What is known of a download that has begun. */
interface Begun {
  readonly url: string;
  /** Of the server's file, so that its parts are of one file. */
  readonly etag: string | null;
}

/**
 * Brings a model's file into a folder: goes on where an earlier try has ended, checks length, format and hash, and puts the file into
 * its place only when all of them are right.
 * @throws FetchError
 */
export async function fetchModel(options: FetchOptions): Promise<FetchedModel> {
  const { name, folder, say } = options;
  const file = modelFile(folder, name);
  if (existsSync(file)) {
    say(`${name} is here already; checking it`);
    return { ...(await checked(options, file)), file, downloaded: false };
  }
  mkdirSync(folder, { recursive: true });
  const partial = `${file}.partial`;
  await download(options, partial);
  const found = await checked(options, partial);
  renameSync(partial, file);
  rmSync(noteOf(partial), { force: true });
  return { ...found, file, downloaded: true };
}

/** Compares a whole file with what is known of it; one that is wrong is removed. */
async function checked(
  { name, model, folder }: FetchOptions,
  file: string,
): Promise<Omit<FetchedModel, "file" | "downloaded">> {
  const fail = (message: string): never => {
    rmSync(file, { force: true });
    rmSync(noteOf(file), { force: true });
    throw new FetchError(`${name}: ${message}; the file was removed`);
  };
  if (!isGguf(file)) fail("what came is no GGUF file");
  const [sha256, bytes] = [await hashOf(file), statSync(file).size];
  const recorded = recordedHashes(folder)[name];
  const wanted = model.sha256 ?? recorded?.sha256;
  if (wanted !== undefined && wanted !== sha256) {
    const by = model.sha256 === undefined ? "was recorded when it was fetched first" : "is pinned";
    fail(`its SHA-256 is ${sha256}, and ${wanted} ${by}`);
  }
  if (recorded === undefined) recordHash(folder, name, { sha256, bytes, url: model.url });
  const how = model.sha256 !== undefined ? "pinned" : recorded !== undefined ? "recorded before" : "recorded now";
  return { bytes, sha256, checked: how };
}

async function download(options: FetchOptions, partial: string): Promise<void> {
  const { name, say, signal, tries = 5, retryMs = 500 } = options;
  for (let failed = 0; ; ) {
    const before = sizeOf(partial);
    try {
      await attempt(options, partial);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof FetchError) throw error;
      const after = sizeOf(partial);
      failed = after > before ? 1 : failed + 1;
      const reason = reasonOf(error);
      if (failed >= tries) {
        throw new FetchError(`${name}: ${reason}, with ${megabytes(after)} here; the same command goes on from there`);
      }
      say(`${reason}, with ${megabytes(after)} here; going on`);
      await sleep(retryMs * 2 ** (failed - 1), undefined, { signal });
    }
  }
}

/** One request, from where the partial file ends. Resolves when the file is as long as the server says. */
async function attempt({ name, model: { url }, folder, say, signal }: FetchOptions, partial: string): Promise<void> {
  const begun = begunAt(partial);
  const here = begun?.url === url ? sizeOf(partial) : 0;
  const headers = here === 0 ? {} : { range: `bytes=${here}-`, ...(begun?.etag ? { "if-range": begun.etag } : {}) };
  const response = await fetch(url, {
    headers: { "accept-encoding": "identity", ...headers },
    ...(signal && { signal }),
  });
  const restart = response.status === 416;
  if (restart) rmSync(partial, { force: true });
  if (restart || response.status >= 500 || response.status === 429)
    throw new Error(`the server answered ${response.status}`);
  if (!response.ok) throw new FetchError(`${name}: ${url} answered ${response.status}`);
  const goesOn = response.status === 206;
  const from = goesOn ? here : 0;
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  if (goesOn && Number(range?.[1]) !== here) {
    rmSync(partial, { force: true });
    throw new Error("the server sent another part than the one that was asked for");
  }
  const length = Number(response.headers.get("content-length") ?? Number.NaN);
  const total = goesOn ? Number(range![2]) : length;
  if (!Number.isFinite(total) || total === 0) throw new FetchError(`${name}: ${url} does not say how long the file is`);
  await requireRoom(folder, total - from, name);
  const note: Begun = { url, etag: response.headers.get("etag") };
  writeFileSync(noteOf(partial), JSON.stringify(note));
  say(from === 0 ? `${megabytes(total)} to fetch` : `going on at ${megabytes(from)} of ${megabytes(total)}`);
  const handle = await open(partial, from === 0 ? "w" : "a");
  try {
    // Piece by piece, so that all that came is on the disk when the connection breaks.
    for await (const piece of response.body ?? []) await handle.write(piece);
  } finally {
    await handle.close();
  }
  const size = sizeOf(partial);
  if (size < total) throw new Error("the connection ended early");
  if (size > total) {
    rmSync(partial, { force: true });
    throw new Error("more came than the file is long");
  }
}

async function requireRoom(folder: string, bytes: number, name: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes)
    throw new FetchError(
      `${name}: ${megabytes(bytes)} are to come, and ${folder} has room for ${megabytes(bavail * bsize)}`,
    );
}

const noteOf = (partial: string): string => `${partial}.json`;

function begunAt(partial: string): Begun | undefined {
  try {
    return JSON.parse(readFileSync(noteOf(partial), "utf8")) as Begun;
  } catch {
    return undefined;
  }
}

const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);

/** Bytes in words. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error ? `${error.message} (${cause.message || cause.name})` : error.message;
}
