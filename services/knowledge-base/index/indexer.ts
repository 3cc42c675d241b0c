import { InputError } from "../../../contracts/input-error";
import type { DownloadProgress } from "../../../runtime/download";
import { canon, type Database, everything, type Session } from "../database/types";
import type { EmbedderChoice } from "../embedders/choice";
import { described, type Embedder, embedAll } from "../embedders/embedder";
import { loadModel, statisticalEmbedder, statisticalName } from "../embedders/statistical";
import { mapInTurns } from "../in-turns";
import { chunkerVersion } from "../ingest/chunks";
import type { Piece } from "../ingest/prepare";
import { type Indexable, loadIndexable } from "../items/indexable";
import { mentionFinder } from "../items/mentions";
import { analyzerVersion, terms } from "../text/terms";
import { createGeneration, type Generation, generationIn } from "./generations";
import { atLength, parseVector, vectorText } from "./vectors";
import { type IndexPassage, type ItemKind, lockItem, writeItem } from "./writer";

/** Version of everything but the embedder that decides what a passage is. */
export const pipelineVersion = `${chunkerVersion}+${analyzerVersion}`;

/**
 * How long a process believes that a generation answers, in milliseconds. One that was switched away stays as the one before,
 * so that a search which still asks it is answered; a write looks again inside its transaction.
 */
const activeKeptMs = 1_000;

/** Embeds and indexes items, for whichever generation. */
export class Indexer {
  #choice: EmbedderChoice;
  #known: { generation: Generation; at: number } | undefined;
  readonly #embedders = new Map<string, Promise<Embedder>>();
  /** Texts given to an embedder by this process; the resume tests and `--json` reports read it. */
  embedded = 0;

  constructor(
    readonly database: Database,
    choice: EmbedderChoice,
  ) {
    this.#choice = choice;
  }

  /** What everything is embedded with in the end. */
  get wanted(): Embedder {
    return this.#choice.embedder;
  }

  /**
   * Gets what the choice lacks, for example weights that have to be downloaded; until then others embed.
   * @returns False where nothing was missing
   * @throws DownloadFailed
   */
  async complete(progress?: DownloadProgress, signal?: AbortSignal): Promise<boolean> {
    const next = await this.#choice.fetch?.(progress, signal);
    if (next !== undefined) this.#choice = next;
    return next !== undefined;
  }

  /** Closes the embedders; the database is its owner's. */
  async close(): Promise<void> {
    const { embedder, begins, others = [] } = this.#choice;
    for (const one of [embedder, begins, ...others]) await one?.close?.();
  }

  /** The generation that answers; the first one is made here. */
  async active(): Promise<Generation> {
    const known = this.#known;
    if (known !== undefined && Date.now() - known.at < activeKeptMs) return known.generation;
    const generation = await this.#readActive();
    this.#known = { generation, at: Date.now() };
    return generation;
  }

  /** Forgets which generation answers, after a switch by this process. */
  switched(): void {
    this.#known = undefined;
  }

  async #readActive(): Promise<Generation> {
    const found = await this.database.transaction(canon, (session) => generationIn(session, "active"));
    if (found !== undefined) return found;
    return this.#first().catch(async (error: unknown) => {
      // Another process made it at the same moment.
      const made = await this.database.transaction(canon, (session) => generationIn(session, "active"));
      if (made === undefined) throw error;
      return made;
    });
  }

  async #first(): Promise<Generation> {
    const { begins = this.#choice.embedder } = this.#choice;
    return this.database.transaction(everything, (session) => startGeneration(session, begins, "active"));
  }

  /**
   * The embedder that a generation was made with.
   * @throws InputError when the configured one is another: its vectors would mean nothing beside the stored ones
   */
  embedderOf(generation: Pick<Generation, "embedder" | "embedderVersion">): Promise<Embedder> {
    const key = `${generation.embedder} ${generation.embedderVersion}`;
    const known = this.#embedders.get(key);
    if (known !== undefined) return known;
    const loading = this.#load(generation).catch((error: unknown) => {
      this.#embedders.delete(key);
      throw error;
    });
    this.#embedders.set(key, loading);
    return loading;
  }

  async #load({ embedder, embedderVersion }: Pick<Generation, "embedder" | "embedderVersion">): Promise<Embedder> {
    const { embedder: wanted, begins, others = [] } = this.#choice;
    const found = [wanted, begins, ...others].find((one) => one?.name === embedder && one.version === embedderVersion);
    if (found !== undefined) return found;
    if (embedder === statisticalName) {
      const model = await this.database.transaction(canon, (session) => loadModel(session, embedderVersion));
      if (model !== undefined) return statisticalEmbedder(model);
    }
    throw new InputError({
      path: "KB_EMBEDDER",
      given: described(wanted),
      allowed: `${embedder} ${embedderVersion}, which the answering generation was made with; "kb generations fill" makes another`,
      where: "KB_EMBEDDER",
    });
  }

  /** Vectors of texts: from stored passages, from the cache, and only then from the embedder. */
  async vectors(generation: Generation, pieces: readonly Piece[]): Promise<Map<string, Float32Array | null>> {
    const embedder = await this.embedderOf(generation);
    const wanted = new Map(pieces.map((one) => [one.textHash, one.text]));
    const found = new Map<string, Float32Array | null>();
    if (wanted.size === 0) return found;
    if (embedder.costly) await this.#recall(embedder, [...wanted.keys()], found);
    const missing = [...wanted].filter(([hash]) => !found.has(hash));
    for (let at = 0; at < missing.length; at += embedder.batchSize) {
      const batch = missing.slice(at, at + embedder.batchSize);
      const useful = batch.filter(([, text]) => /[\p{L}\p{N}]/u.test(text));
      const made = await embedAll(
        embedder,
        useful.map(([, text]) => text),
        "passage",
      );
      this.embedded += useful.length;
      for (const [hash] of batch) found.set(hash, null);
      for (const [index, [hash]] of useful.entries()) found.set(hash, made[index] as Float32Array);
      if (embedder.costly)
        await this.#remember(
          embedder,
          useful.map(([hash]) => hash),
          made,
        );
      // Lets the event loop turn: the static embedder works on this thread.
      else await new Promise((resolve) => setImmediate(resolve));
    }
    return found;
  }

  async #recall(embedder: Embedder, hashes: string[], found: Map<string, Float32Array | null>) {
    const rows = await this.database.transaction(everything, async (session) => {
      const stored = await session.query<{ text_hash: string; embedding: string }>(
        `SELECT DISTINCT ON (p.text_hash) p.text_hash, p.embedding::text FROM passages p
         WHERE p.generation_id IN (SELECT id FROM generations WHERE embedder = $1 AND embedder_version = $2)
           AND p.text_hash = ANY ($3) AND p.embedding IS NOT NULL`,
        [embedder.name, embedder.version, hashes],
      );
      const cached = await session.query<{ text_hash: string; embedding: string }>(
        "SELECT text_hash, embedding::text FROM embedding_cache WHERE embedder = $1 AND embedder_version = $2 AND text_hash = ANY ($3)",
        [embedder.name, embedder.version, hashes],
      );
      return [...stored.rows, ...cached.rows];
    });
    for (const { text_hash, embedding } of rows) {
      found.set(text_hash, atLength(parseVector(embedding), embedder.dimensions));
    }
  }

  async #remember(embedder: Embedder, hashes: string[], vectors: readonly Float32Array[]): Promise<void> {
    if (hashes.length === 0) return;
    await this.database.transaction(everything, (session) =>
      session.query(
        `INSERT INTO embedding_cache (embedder, embedder_version, text_hash, embedding)
         SELECT $1, $2, hash, vector::vector FROM unnest($3::text[], $4::text[]) AS made (hash, vector) ORDER BY hash
         ON CONFLICT DO NOTHING`,
        [embedder.name, embedder.version, hashes, vectors.map(vectorText)],
      ),
    );
  }

  /** Takes from the cache what passages now hold. */
  async forget(): Promise<void> {
    await this.database.transaction(everything, (session) => session.query("DELETE FROM embedding_cache"));
  }

  /** Embeds what an item needs in a generation; to be stored with {@link store} in a later transaction. */
  async prepare(generation: Generation, found: Indexable): Promise<PreparedItem> {
    const { item, conceptIds } = found;
    const pieces = await found.pieces();
    const vectors = await this.vectors(generation, pieces);
    return { generation, item, pieces, conceptIds, vectors };
  }

  /** Indexes one stored item into a generation; false when the item is gone or changed meanwhile. */
  async indexStored(generation: Generation, kind: ItemKind, id: string, space: number): Promise<boolean> {
    const found = await this.database.transaction(everything, (session) => loadIndexable(session, kind, id, space));
    if (found === undefined) return false;
    const prepared = await this.prepare(generation, found);
    return this.database.transaction(everything, async (session) => {
      if (!(await lockUnchanged(session, prepared))) return false;
      await storePrepared(session, prepared);
      return true;
    });
  }
}

export interface PreparedItem extends Omit<Indexable, "pieces"> {
  readonly generation: Generation;
  readonly pieces: readonly Piece[];
  readonly vectors: ReadonlyMap<string, Float32Array | null>;
}

/** Writes a prepared item's passages in the caller's transaction. */
export async function storePrepared(session: Session, prepared: PreparedItem): Promise<void> {
  const { generation, item, pieces, conceptIds, vectors } = prepared;
  await lockItem(session, generation.id, item);
  const mentions = await mentionFinder(session, item.space);
  const passages: IndexPassage[] = await mapInTurns(pieces, ({ heading, content, text, textHash }) => ({
    heading,
    content,
    textHash,
    conceptIds: [...new Set([...conceptIds, ...mentions(text)])],
    terms: terms(text),
    vector: stored(vectors.get(textHash), generation),
  }));
  await writeItem(session, generation.id, item, passages);
}

const stored = (vector: Float32Array | null | undefined, { dimensions }: Generation) =>
  vector ? atLength(vector, dimensions) : null;

/** A shared lock on the item's row: a delete waits for this transaction, or came first and the row is gone. */
async function lockUnchanged(session: Session, { item }: PreparedItem): Promise<boolean> {
  // A world's telling of a canon concept is a row beside the concept's, which the concept's row does not lock.
  if (item.kind === "concept") await session.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [item.id]);
  const table = {
    document: "narrative_documents",
    concept: "narrative_concepts",
    event: "story_events",
    fact: "facts",
  }[item.kind];
  await session.query(`SELECT FROM ${table} WHERE id = $1 FOR SHARE`, [item.id]);
  const { count } = await session.query(
    "SELECT 1 AS present FROM indexable WHERE kind = $1 AND id = $2 AND space = $3 AND content_hash = $4",
    [item.kind, item.id, item.space, item.contentHash],
  );
  return count > 0;
}

/** Makes a generation for an embedder and the pipeline of this program. */
export function startGeneration(
  session: Session,
  embedder: Embedder,
  state: "active" | "filling",
): Promise<Generation> {
  return createGeneration(session, {
    embedder: embedder.name,
    embedderVersion: embedder.version,
    chunkerVersion: pipelineVersion,
    dimensions: embedder.dimensions,
    state,
  });
}
