import { createHash } from "node:crypto";
import { everything, type Scope, type Session } from "../database/types";
import { generationIn, listGenerations } from "../index/generations";
import { type Indexer, storePrepared } from "../index/indexer";
import { removeItem } from "../index/writer";
import type { DocumentInput, DocumentType } from "../ingest/prepare";
import { readPieces } from "../ingest/reader";
import { nearDuplicateBits } from "../ingest/simhash";
import { NotFound } from "./errors";
import type { Once } from "./once";
import { spaceOf } from "./worlds";

export interface StoredDocument {
  readonly id: string;
  readonly source: string;
  readonly file: string;
  readonly worldId: string | null;
  readonly type: DocumentType;
  readonly title: string;
  readonly mediaType: string;
  readonly contentHash: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type PutStatus = "added" | "updated" | "unchanged";

export interface PutAnswer {
  readonly id: string;
  readonly status: PutStatus;
  /** Passages that the document has in the index. */
  readonly passages: number;
}

const columns = `id, source, source_file AS file, world_id AS "worldId", type, title, media_type AS "mediaType",
  content_hash AS "contentHash", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** Stores a document and its passages in one transaction; what has not changed is not embedded again. */
export async function putDocument(
  indexer: Indexer,
  scope: Scope,
  input: DocumentInput,
  once?: Once<PutAnswer>,
): Promise<PutAnswer> {
  for (;;) {
    const generation = await indexer.active();
    const before = await indexer.database.transaction(scope, async (session) => {
      const current = await isCurrent(session, generation.id, input);
      return current === undefined ? undefined : answered(session, once, { ...current, status: "unchanged" });
    });
    if (before !== undefined) return before;
    const pieces = await readPieces(input);
    const vectors = await indexer.vectors(generation, pieces);
    const done = indexer.database.transaction(scope, async (session): Promise<PutAnswer> => {
      const before = await once?.claim(session);
      if (before !== undefined) return before;
      await lockFile(session, input);
      const keep = async (answer: PutAnswer) => {
        await once?.keep(session, answer);
        return answer;
      };
      const current = await isCurrent(session, generation.id, input);
      if (current !== undefined) return keep({ ...current, status: "unchanged" });
      const space = await spaceOf(session, input.worldId);
      const { id, added, updatedAt } = await upsert(session, input);
      // From here on no switch of generations can come in between: it waits for this row.
      if ((await generationIn(session, "active"))?.id !== generation.id) throw new GenerationSwitched();
      const item = {
        kind: "document",
        id,
        space,
        type: input.type,
        scope: input.worldId === null ? "global" : "world",
        occurredAt: updatedAt,
        title: input.title,
        contentHash: input.contentHash,
      } as const;
      await storePrepared(session, { generation, item, pieces, conceptIds: [], vectors });
      return keep({ id, status: added ? "added" : "updated", passages: pieces.length });
    });
    const stored = await done.catch((error: unknown) => {
      if (!(error instanceof GenerationSwitched)) throw error;
    });
    if (stored !== undefined) return stored;
    indexer.switched();
  }
}

async function answered(session: Session, once: Once<PutAnswer> | undefined, answer: PutAnswer): Promise<PutAnswer> {
  const before = await once?.claim(session);
  if (before !== undefined) return before;
  await once?.keep(session, answer);
  return answer;
}

/** Another generation answers since the vectors were made: they are made again for that one. */
class GenerationSwitched extends Error {}

/** The stored document when it is the same and indexed. */
async function isCurrent(session: Session, generation: number, input: DocumentInput) {
  const { rows } = await session.query<{ id: string; passages: number }>(
    `SELECT d.id, (SELECT count(*)::int FROM passages p WHERE p.generation_id = $4 AND p.item_id = d.id) AS passages
     FROM narrative_documents d
     JOIN indexed_items x ON x.generation_id = $4 AND x.kind = 'document' AND x.item_id = d.id AND x.content_hash = d.content_hash
     WHERE d.source = $1 AND d.source_file = $2 AND d.world_id IS NOT DISTINCT FROM $3 AND d.content_hash = $5`,
    [input.source, input.file, input.worldId, generation, input.contentHash],
  );
  return rows[0];
}

/** Two writers of one file take turns. */
async function lockFile(
  session: Session,
  { source, file, worldId }: Pick<DocumentInput, "source" | "file" | "worldId">,
) {
  const digest = createHash("sha256")
    .update([source, file, worldId ?? ""].join("\0"))
    .digest();
  await session.query("SELECT pg_advisory_xact_lock($1::bigint)", [digest.readBigInt64BE(0).toString()]);
}

async function upsert(
  session: Session,
  input: DocumentInput,
): Promise<{ id: string; added: boolean; updatedAt: Date }> {
  const { rows } = await session.query<{ id: string; added: boolean; updatedAt: Date }>(
    `INSERT INTO narrative_documents (source, source_file, world_id, type, title, media_type, content, content_hash, simhash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (source, source_file, world_id) DO UPDATE SET type = EXCLUDED.type, title = EXCLUDED.title,
       media_type = EXCLUDED.media_type, content = EXCLUDED.content, content_hash = EXCLUDED.content_hash,
       simhash = EXCLUDED.simhash, updated_at = now()
     RETURNING id, xmax = 0 AS added, updated_at AS "updatedAt"`,
    [
      input.source,
      input.file,
      input.worldId,
      input.type,
      input.title,
      input.mediaType,
      input.content,
      input.contentHash,
      input.simhash,
    ],
  );
  return rows[0] as { id: string; added: boolean; updatedAt: Date };
}

/** Removes a document and its passages from every generation. @throws NotFound */
export async function deleteDocument(indexer: Indexer, scope: Scope, id: string): Promise<void> {
  await indexer.database.transaction(scope, async (session) => {
    const { rows } = await session.query<{ space: number }>(
      `SELECT coalesce(w.space, 0) AS space FROM narrative_documents d LEFT JOIN worlds w ON w.id = d.world_id
       WHERE d.id = $1 FOR UPDATE OF d`,
      [id],
    );
    const found = rows[0];
    const gone = await session.query("DELETE FROM narrative_documents WHERE id = $1", [id]);
    if (found === undefined || gone.count === 0) throw new NotFound("document");
    for (const generation of await listGenerations(session)) {
      await removeItem(session, generation.id, { kind: "document", id, space: found.space });
    }
  });
}

/** What a source holds, by file. */
export async function documentsOfSource(
  session: Session,
  source: string,
  worldId: string | null,
): Promise<Map<string, { id: string; contentHash: string }>> {
  const { rows } = await session.query<{ id: string; file: string; contentHash: string }>(
    `SELECT id, source_file AS file, content_hash AS "contentHash" FROM narrative_documents
     WHERE source = $1 AND world_id IS NOT DISTINCT FROM $2`,
    [source, worldId],
  );
  return new Map(rows.map(({ file, ...rest }) => [file, rest]));
}

export interface DocumentFilter {
  readonly source?: string;
  readonly type?: string;
  /** Only what this world has of its own. */
  readonly ownOf?: string;
  readonly after?: { readonly at: string; readonly id: string };
  readonly limit: number;
}

/** A page of documents, oldest change first. */
export async function listDocuments(session: Session, filter: DocumentFilter): Promise<StoredDocument[]> {
  const { rows } = await session.query<StoredDocument>(
    `SELECT ${columns} FROM narrative_documents
     WHERE ($1::text IS NULL OR source = $1) AND ($2::text IS NULL OR type = $2)
       AND ($3::timestamptz IS NULL OR (created_at, id) > ($3, $4::uuid)) AND ($6::uuid IS NULL OR world_id = $6)
     ORDER BY created_at, id LIMIT $5`,
    [
      filter.source ?? null,
      filter.type ?? null,
      filter.after?.at ?? null,
      filter.after?.id ?? null,
      filter.limit,
      filter.ownOf ?? null,
    ],
  );
  return rows;
}

/** One document with its text. @throws NotFound */
export async function getDocument(session: Session, id: string): Promise<StoredDocument & { content: string }> {
  const { rows } = await session.query<StoredDocument & { content: string }>(
    `SELECT ${columns}, content FROM narrative_documents WHERE id = $1`,
    [id],
  );
  if (rows[0] === undefined) throw new NotFound("document");
  return rows[0];
}

export interface NearDuplicate {
  readonly file: string;
  readonly like: string;
  readonly likeSource: string;
  /** Bits of 64 in which the two texts' hashes differ; 0 for the same words. */
  readonly bits: number;
}

/** Documents of a source that are the same as another, or nearly; reported, never dropped. */
export async function nearDuplicates(indexer: Indexer, source: string): Promise<NearDuplicate[]> {
  const { rows } = await indexer.database.transaction(everything, (session) =>
    session.query<NearDuplicate>(
      `SELECT a.source_file AS file, b.source_file AS like, b.source AS "likeSource",
         bit_count((a.simhash # b.simhash)::bit(64))::int AS bits
       FROM narrative_documents a JOIN narrative_documents b
         ON a.world_id IS NOT DISTINCT FROM b.world_id AND (b.source, b.source_file) < (a.source, a.source_file)
       WHERE a.source = $1 AND bit_count((a.simhash # b.simhash)::bit(64)) <= $2
       ORDER BY 1, 2 LIMIT 200`,
      [source, nearDuplicateBits],
    ),
  );
  return rows;
}
