import type { Session } from "../database/types";
import { unpackTermIds } from "../index/vectors";
import type { ItemKind } from "../index/writer";

/** A passage that some leg brought up. */
export interface Candidate {
  readonly id: number;
  readonly kind: ItemKind;
  readonly itemId: string;
  readonly termIds: Int32Array;
  /** Cosine similarity to the question; null where one of the two has no vector. */
  readonly cosine: number | null;
}

/** Reads what ranking needs of passages; a concept's canon passage gives way to the telling of the asker's own world. */
export async function readCandidates(
  session: Session,
  generation: number,
  ids: readonly number[],
  vector: string | undefined,
): Promise<Candidate[]> {
  if (ids.length === 0) return [];
  // As base64: the embedded engine's client reads bytes digit by digit.
  const { rows } = await session.query<{
    id: number;
    kind: ItemKind;
    item: string;
    terms: string;
    cosine: number | null;
  }>(
    `SELECT p.id, p.kind, p.item_id AS item, encode(p.term_ids, 'base64') AS terms, 1 - (p.embedding <=> $3::vector) AS cosine FROM passages p
     WHERE p.generation_id = $1 AND p.id = ANY ($2::int[])
       AND NOT (p.kind = 'concept' AND p.space = 0 AND EXISTS (
         SELECT FROM indexed_items x WHERE x.generation_id = $1 AND x.kind = 'concept' AND x.item_id = p.item_id AND x.space <> 0))`,
    [generation, ids, vector ?? null],
  );
  return rows.map(({ id, kind, item, terms, cosine }) => ({
    id,
    kind,
    itemId: item,
    termIds: unpackTermIds(Buffer.from(terms, "base64")),
    cosine,
  }));
}

/** What a hit shows. */
export interface PassageView {
  readonly id: number;
  readonly kind: ItemKind;
  readonly itemId: string;
  readonly type: string;
  readonly scope: string;
  readonly world: boolean;
  readonly title: string;
  readonly heading: string;
  readonly content: string;
  readonly chunkIndex: number;
  readonly chunkTotal: number;
  readonly occurredAt: Date;
  readonly source: string | null;
  readonly file: string | null;
}

/** Reads the passages of a page. */
export async function readPassages(
  session: Session,
  generation: number,
  ids: readonly number[],
): Promise<Map<number, PassageView>> {
  const { rows } = await session.query<PassageView>(
    `SELECT p.id, p.kind, p.item_id AS "itemId", p.type, p.scope, p.space <> 0 AS world, p.title, p.heading, p.content,
       p.chunk_index AS "chunkIndex", p.chunk_total AS "chunkTotal", p.occurred_at AS "occurredAt", d.source, d.source_file AS file
     FROM passages p LEFT JOIN narrative_documents d ON p.kind = 'document' AND d.id = p.item_id
     WHERE p.generation_id = $1 AND p.id = ANY ($2::int[])`,
    [generation, ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
