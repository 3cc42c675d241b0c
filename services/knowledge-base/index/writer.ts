import type { Session } from "../database/types";
import { packTermIds, unpackTermIds, vectorBytes } from "./vectors";

export type ItemKind = "document" | "concept" | "event";

/** A thing that searches find, as the index knows it. */
export interface IndexItem {
  readonly kind: ItemKind;
  readonly id: string;
  /** 0 for the canon, else the world's number. */
  readonly space: number;
  readonly type: string;
  readonly scope: string;
  readonly occurredAt: Date;
  readonly title: string;
  readonly contentHash: string;
}

/** One passage of an item, ready to be stored. */
export interface IndexPassage {
  readonly heading: string;
  readonly content: string;
  readonly textHash: string;
  /** Concepts that the passage speaks of. */
  readonly conceptIds: readonly string[];
  /** Terms in order, with repetitions. */
  readonly terms: readonly string[];
  readonly vector: Float32Array | null;
}

/** Longest length kept, in terms: the column is a smallint. */
const longest = 32_767;

/**
 * Puts an item's passages into a generation in place of those it had there, and keeps postings, document frequencies and sizes
 * true; with no passages it takes the item out. Runs inside the caller's transaction.
 */
export async function writeItem(
  session: Session,
  generation: number,
  item: IndexItem,
  passages: readonly IndexPassage[],
): Promise<void> {
  const old = await readOld(session, generation, item);
  const change = await changeTerms(session, generation, item.space, old, passages);
  await removeOld(session, generation, old);
  const ids = await insertPassages(session, generation, item, passages, change);
  await insertPostings(session, generation, item.space, ids, passages, change);
  await session.query(
    `INSERT INTO indexed_items (generation_id, kind, item_id, space, content_hash) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (generation_id, kind, item_id, space) DO UPDATE SET content_hash = EXCLUDED.content_hash`,
    [generation, item.kind, item.id, item.space, item.contentHash],
  );
  await changeSize(session, generation, item.space, old, passages);
}

/** Takes an item out of a generation. */
export async function removeItem(
  session: Session,
  generation: number,
  item: Pick<IndexItem, "kind" | "id" | "space">,
): Promise<void> {
  const old = await readOld(session, generation, item);
  await changeTerms(session, generation, item.space, old, []);
  await removeOld(session, generation, old);
  await session.query(
    "DELETE FROM indexed_items WHERE generation_id = $1 AND kind = $2 AND item_id = $3 AND space = $4",
    [generation, item.kind, item.id, item.space],
  );
  await changeSize(session, generation, item.space, old, []);
}

interface OldPassage {
  readonly id: number;
  readonly terms: Int32Array;
}

async function readOld(
  session: Session,
  generation: number,
  item: Pick<IndexItem, "id" | "space">,
): Promise<OldPassage[]> {
  const { rows } = await session.query<{ id: number; term_ids: Uint8Array }>(
    "SELECT id, term_ids FROM passages WHERE generation_id = $1 AND item_id = $2 AND space = $3 ORDER BY id FOR UPDATE",
    [generation, item.id, item.space],
  );
  return rows.map(({ id, term_ids }) => ({ id, terms: unpackTermIds(term_ids) }));
}

/** Term numbers by term, for the terms of the new passages. */
type TermNumbers = ReadonlyMap<string, number>;

/** Locks the terms concerned in the order of their numbers, so that two writers cannot wait on each other. */
async function changeTerms(
  session: Session,
  generation: number,
  space: number,
  old: readonly OldPassage[],
  passages: readonly IndexPassage[],
): Promise<TermNumbers> {
  const lost = new Map<number, number>();
  for (const { terms } of old) for (const id of new Set(terms)) lost.set(id, (lost.get(id) ?? 0) + 1);
  const gained = new Map<string, number>();
  for (const { terms } of passages) for (const term of new Set(terms)) gained.set(term, (gained.get(term) ?? 0) + 1);
  if (lost.size + gained.size === 0) return new Map();

  const { rows: known } = await session.query<{ id: number; term: string }>(
    `SELECT id, term FROM terms WHERE generation_id = $1 AND space = $2 AND (term = ANY($3) OR id = ANY($4::int[]))
     ORDER BY id FOR UPDATE`,
    [generation, space, [...gained.keys()], [...lost.keys()]],
  );
  const numbers = new Map(known.map(({ id, term }) => [term, id]));
  const changes = known
    .map(({ id, term }) => ({ id, by: (gained.get(term) ?? 0) - (lost.get(id) ?? 0) }))
    .filter(({ by }) => by !== 0);
  if (changes.length > 0) {
    await session.query(
      `UPDATE terms SET passages = terms.passages + change.by
       FROM unnest($1::int[], $2::int[]) AS change (id, by) WHERE terms.id = change.id`,
      [changes.map(({ id }) => id), changes.map(({ by }) => by)],
    );
  }
  const fresh = [...gained.keys()].filter((term) => !numbers.has(term)).sort();
  if (fresh.length > 0) {
    const { rows: added } = await session.query<{ id: number; term: string }>(
      `INSERT INTO terms (generation_id, space, term, passages)
       SELECT $1, $2, term, by FROM unnest($3::text[], $4::int[]) AS fresh (term, by)
       ON CONFLICT (generation_id, term, space) DO UPDATE SET passages = terms.passages + EXCLUDED.passages
       RETURNING id, term`,
      [generation, space, fresh, fresh.map((term) => gained.get(term) as number)],
    );
    for (const { id, term } of added) numbers.set(term, id);
  }
  return numbers;
}

async function removeOld(session: Session, generation: number, old: readonly OldPassage[]): Promise<void> {
  if (old.length === 0) return;
  const ids = old.map(({ id }) => id);
  const terms = [...new Set(old.flatMap((passage) => [...passage.terms]))];
  await session.query(
    "DELETE FROM postings WHERE generation_id = $1 AND term_id = ANY($2::int[]) AND passage_id = ANY($3::int[])",
    [generation, terms, ids],
  );
  await session.query("DELETE FROM passages WHERE generation_id = $1 AND id = ANY($2::int[])", [generation, ids]);
}

async function insertPassages(
  session: Session,
  generation: number,
  item: IndexItem,
  passages: readonly IndexPassage[],
  numbers: TermNumbers,
): Promise<number[]> {
  const ids: number[] = [];
  for (const [index, passage] of passages.entries()) {
    const { rows } = await session.query<{ id: number }>(
      `INSERT INTO passages (generation_id, space, kind, item_id, type, scope, occurred_at, concept_ids, chunk_index, chunk_total,
         title, heading, content, text_hash, term_ids, embedding)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id`,
      [
        generation,
        item.space,
        item.kind,
        item.id,
        item.type,
        item.scope,
        item.occurredAt,
        passage.conceptIds,
        index,
        passages.length,
        item.title,
        passage.heading,
        passage.content,
        passage.textHash,
        packTermIds(passage.terms.map((term) => numbers.get(term) as number)),
        passage.vector === null ? null : vectorBytes(passage.vector),
      ],
    );
    ids.push((rows[0] as { id: number }).id);
  }
  return ids;
}

async function insertPostings(
  session: Session,
  generation: number,
  space: number,
  ids: readonly number[],
  passages: readonly IndexPassage[],
  numbers: TermNumbers,
): Promise<void> {
  const columns = { term: [] as number[], passage: [] as number[], frequency: [] as number[], length: [] as number[] };
  passages.forEach(({ terms }, at) => {
    const counts = new Map<string, number>();
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
    for (const [term, count] of counts) {
      columns.term.push(numbers.get(term) as number);
      columns.passage.push(ids[at] as number);
      columns.frequency.push(Math.min(count, longest));
      columns.length.push(Math.min(terms.length, longest));
    }
  });
  if (columns.term.length === 0) return;
  await session.query(
    `INSERT INTO postings (generation_id, term_id, passage_id, space, frequency, length)
     SELECT $1, term, passage, $2, frequency, length
     FROM unnest($3::int[], $4::int[], $5::int[], $6::int[]) AS fresh (term, passage, frequency, length)`,
    [generation, space, columns.term, columns.passage, columns.frequency, columns.length],
  );
}

/** Last of all, since every writer of the space waits for this row. */
async function changeSize(
  session: Session,
  generation: number,
  space: number,
  old: readonly OldPassage[],
  passages: readonly IndexPassage[],
): Promise<void> {
  const count = passages.length - old.length;
  const sum = (list: readonly { terms: { length: number } }[]) =>
    list.reduce((total, { terms }) => total + Math.min(terms.length, longest), 0);
  const length = sum(passages) - sum(old);
  if (count === 0 && length === 0) return;
  await session.query(
    `INSERT INTO space_sizes (generation_id, space, passages, total_length) VALUES ($1, $2, $3, $4)
     ON CONFLICT (generation_id, space) DO UPDATE
     SET passages = space_sizes.passages + EXCLUDED.passages, total_length = space_sizes.total_length + EXCLUDED.total_length`,
    [generation, space, count, length],
  );
}
