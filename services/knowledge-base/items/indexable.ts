import type { Session } from "../database/types";
import type { IndexItem, ItemKind } from "../index/writer";
import type { MediaType } from "../ingest/blocks";
import { type Piece, piece } from "../ingest/prepare";
import { readPieces } from "../ingest/reader";

/** An item and the texts that are to be found. */
export interface Indexable {
  readonly item: IndexItem;
  /** A document's text is cut here, outside the transaction that read it. */
  readonly pieces: () => Promise<readonly Piece[]>;
  /** Concepts that the item names itself, beside those its text mentions. */
  readonly conceptIds: readonly string[];
}

/** Reads an item for the index; undefined when it is gone. */
export function loadIndexable(
  session: Session,
  kind: ItemKind,
  id: string,
  space: number,
): Promise<Indexable | undefined> {
  if (kind === "document") return loadDocument(session, id);
  if (kind === "concept") return loadConcept(session, id, space);
  return kind === "event" ? loadEvent(session, id) : loadFact(session, id);
}

async function loadDocument(session: Session, id: string): Promise<Indexable | undefined> {
  const { rows } = await session.query<{
    space: number;
    type: string;
    title: string;
    media_type: MediaType;
    content: string;
    content_hash: string;
    updated_at: Date;
  }>(
    `SELECT coalesce(w.space, 0) AS space, d.type, d.title, d.media_type, d.content, d.content_hash, d.updated_at
     FROM narrative_documents d LEFT JOIN worlds w ON w.id = d.world_id WHERE d.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    item: {
      kind: "document",
      id,
      space: row.space,
      type: row.type,
      scope: row.space === 0 ? "global" : "world",
      occurredAt: row.updated_at,
      title: row.title,
      contentHash: row.content_hash,
    },
    pieces: () => readPieces({ title: row.title, content: row.content, mediaType: row.media_type }),
    conceptIds: [],
  };
}

async function loadConcept(session: Session, id: string, space: number): Promise<Indexable | undefined> {
  // The world's own telling where it has one, else the concept itself.
  const { rows } = await session.query<{
    name: string;
    type: string;
    description: string;
    scope: string;
    content_hash: string;
    known_by: string[] | null;
    at: Date;
  }>(
    `SELECT coalesce(v.name, c.name) AS name, coalesce(v.type, c.type) AS type, coalesce(v.description, c.description) AS description,
       c.scope, coalesce(v.content_hash, c.content_hash) AS content_hash, coalesce(v.valid_from, c.updated_at) AS at,
       CASE WHEN v.id IS NULL THEN c.known_by ELSE v.known_by END AS known_by
     FROM narrative_concepts c
     LEFT JOIN LATERAL (
       SELECT v.* FROM concept_versions v JOIN worlds w ON w.id = v.world_id
       WHERE v.concept_id = c.id AND w.space = $2 AND c.world_id IS NULL ORDER BY v.version DESC LIMIT 1) v ON true
     WHERE c.id = $1`,
    [id, space],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    item: {
      kind: "concept",
      id,
      space,
      type: row.type,
      scope: row.scope,
      occurredAt: row.at,
      title: row.name,
      contentHash: row.content_hash,
      knownBy: row.known_by,
    },
    pieces: async () => [piece(row.name, "", row.description)],
    conceptIds: [id],
  };
}

async function loadEvent(session: Session, id: string): Promise<Indexable | undefined> {
  const { rows } = await session.query<{
    space: number;
    type: string;
    summary: string;
    npcs: string[];
    known_by: string[] | null;
    concept_ids: string[];
    content_hash: string;
    occurred_at: Date;
  }>(
    `SELECT w.space, e.type, e.summary, e.npcs, e.known_by, e.concept_ids, e.content_hash, e.occurred_at
     FROM story_events e JOIN worlds w ON w.id = e.world_id WHERE e.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const people = row.npcs.length === 0 ? "" : `\n${row.npcs.join(", ")}`;
  return {
    item: {
      kind: "event",
      id,
      space: row.space,
      type: row.type,
      scope: "world",
      occurredAt: row.occurred_at,
      title: row.type,
      contentHash: row.content_hash,
      knownBy: row.known_by,
    },
    pieces: async () => [piece(row.type, "", `${row.summary}${people}`)],
    conceptIds: row.concept_ids,
  };
}

async function loadFact(session: Session, id: string): Promise<Indexable | undefined> {
  const { rows } = await session.query<{
    space: number;
    subject: string;
    predicate: string;
    statement: string;
    known_by: string[] | null;
    valid_from: Date;
    valid_until: Date | null;
    content_hash: string;
  }>(
    `SELECT coalesce(w.space, 0) AS space, f.subject, left(f.predicate, 50) AS predicate, f.statement, f.known_by, f.valid_from,
       f.valid_until, f.content_hash
     FROM facts f LEFT JOIN worlds w ON w.id = f.world_id WHERE f.id = $1 AND f.status = 'accepted'`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    item: {
      kind: "fact",
      id,
      space: row.space,
      type: row.predicate,
      scope: row.space === 0 ? "global" : "world",
      occurredAt: row.valid_from,
      title: row.subject,
      contentHash: row.content_hash,
      knownBy: row.known_by,
      validFrom: row.valid_from,
      validUntil: row.valid_until,
    },
    pieces: async () => [piece(row.subject, "", row.statement)],
    conceptIds: [],
  };
}
