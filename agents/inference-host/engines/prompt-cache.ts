import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// A prompt that an engine has read once need not be read again. Sequences in memory hold the conversations of a few characters; those of
// others wait in files, and what an archetype's prompts have in common is copied instead of computed.

/** Tokens whose computation costs more than bringing them from a file. */
const worthBringing = 24;
/** Tokens that may be lost without keeping them. */
const littleLoss = 48;
/** Tokens from which a conversation that makes room is worth a file. */
const worthSaving = 64;

/** Tokens that a sequence or a file holds, and when it was used last. */
export interface Held {
  readonly tokens: readonly number[];
  readonly usedAt: number;
}

/** Where a prompt is to be computed, and what is done before. */
export interface Placement {
  /** Index of the sequence to take. */
  readonly take: number;
  /** True where what the sequence holds is kept in a file first. */
  readonly save: boolean;
  /** What to bring into it: from a file, or from another sequence; absent where it holds enough itself. */
  readonly bring?: { readonly from: "file" | "sequence"; readonly index: number };
}

/**
 * Chooses a free sequence for a prompt: the one that holds the conversation so far; else the one that is longest unused, which gets what
 * another one or a file has in common with the prompt.
 */
export function place(prompt: readonly number[], free: readonly Held[], files: readonly Held[]): Placement | undefined {
  if (free.length === 0) return undefined;
  const shared = (held: readonly Held[]) => held.map(({ tokens }) => commonPrefix(tokens, prompt));
  const [inFree, inFiles] = [shared(free), shared(files)];
  const live = indexOfMost(inFree);
  const [common, length] = [inFree[live]!, free[live]!.tokens.length];
  if (common > 0 && (2 * common >= length || length - common <= littleLoss)) return { take: live, save: false };
  const take = free.reduce((oldest, held, index) => (held.usedAt < free[oldest]!.usedAt ? index : oldest), 0);
  const save = free[take]!.tokens.length >= worthSaving;
  const filed = indexOfMost(inFiles);
  const best = Math.max(common, inFiles[filed] ?? 0);
  if (best < worthBringing || best < inFree[take]! + worthBringing) return { take, save };
  const bring =
    (inFiles[filed] ?? 0) >= common
      ? ({ from: "file", index: filed } as const)
      : ({ from: "sequence", index: live } as const);
  return { take, save, bring };
}

/** Tokens at the start of two lists that are the same. */
export function commonPrefix(held: readonly number[], wanted: readonly number[]): number {
  let length = 0;
  while (length < held.length && length < wanted.length && held[length] === wanted[length]) length++;
  return length;
}

const indexOfMost = (values: readonly number[]): number =>
  values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);

/** A sequence's state that can be put into a file and brought back; node-llama-cpp's sequences are such. */
export interface Savable {
  readonly contextTokens: readonly number[];
  saveStateToFile(path: string): Promise<{ fileSize: number }>;
  loadStateFromFile(path: string, risk: { acceptRisk: true }): Promise<void>;
}

interface StateFile extends Held {
  readonly path: string;
  readonly bytes: number;
  usedAt: number;
}

/** States of sequences in files of a temporary folder, up to a number of bytes; the longest unused goes first. */
export class StateFiles {
  #files: StateFile[] = [];
  #folder: Promise<string> | undefined;
  #made = 0;

  constructor(private readonly mostBytes: number) {}

  get held(): readonly Held[] {
    return this.#files;
  }

  /** Keeps a sequence's state, once. @returns Its index in {@link held} */
  async save(sequence: Savable, now: number): Promise<number> {
    const tokens = [...sequence.contextTokens];
    const same = this.#files.findIndex(
      (file) => file.tokens.length === tokens.length && commonPrefix(file.tokens, tokens) === tokens.length,
    );
    if (same >= 0) return same;
    this.#folder ??= mkdtemp(join(tmpdir(), "prompt-cache-"));
    const folder = await this.#folder;
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${this.#made++}.state`);
    const { fileSize } = await sequence.saveStateToFile(path);
    this.#files.push({ tokens, usedAt: now, path, bytes: fileSize });
    await this.#makeRoom();
    return this.#files.findIndex((file) => file.path === path);
  }

  /** Brings a state into a sequence. */
  async bring(index: number, sequence: Savable, now: number): Promise<void> {
    const file = this.#files[index]!;
    file.usedAt = now;
    await sequence.loadStateFromFile(file.path, { acceptRisk: true });
  }

  async close(): Promise<void> {
    this.#files = [];
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }

  async #makeRoom(): Promise<void> {
    const bytes = () => this.#files.reduce((sum, file) => sum + file.bytes, 0);
    while (bytes() > this.mostBytes) {
      const oldest = this.#files.reduce((first, file) => (file.usedAt < first.usedAt ? file : first));
      this.#files = this.#files.filter((file) => file !== oldest);
      await rm(oldest.path, { force: true });
    }
  }
}
