import type { Session, SqlValue } from "../database/types";
import { mapInTurns } from "../in-turns";
import { packTermIds, unpackTermIds, vectorBytes } from "./vectors";

export type ItemKind = "document" | "concept" | "event" | "fact";

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
  /** Who knows of it. @default everybody */
  readonly knownBy?: readonly string[] | null;
  /** Of a fact: from when on it holds. */
  readonly validFrom?: Date | null;
  /** Of a fact: its own end. */
  readonly validUntil?: Date | null;
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
 * true; with no passages it takes the item out. Runs inside the caller's transaction, after {@link lockItem}.
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
  await lockItem(session, generation, item);
  const old = await readOld(session, generation, item);
  await changeTerms(session, generation, item.space, old, []);
  await removeOld(session, generation, old);
  await session.query(
    "DELETE FROM indexed_items WHERE generation_id = $1 AND kind = $2 AND item_id = $3 AND space = $4",
    [generation, item.kind, item.id, item.space],
  );
  await changeSize(session, generation, item.space, old, []);
}

/** Held shared by whoever writes passages, and alone by whoever names a new concept in all of them. */
const namingLock = 7_215_001;

/**
 * Lets one writer after the other at an item's passages: two that both found none would both store theirs. The lock comes before the
 * passages are read, so that the second one reads what the first one wrote.
 */
export async function lockItem(
  session: Session,
  generation: number,
  { kind, id, space }: Pick<IndexItem, "kind" | "id" | "space">,
): Promise<void> {
  await session.query(
    "SELECT pg_advisory_xact_lock_shared($1::bigint), pg_advisory_xact_lock(hashtextextended($2, 0))",
    [namingLock, `${generation} ${kind} ${id} ${space}`],
  );
}

/**
 * Keeps writers of passages out until the transaction ends, before a concept is named in passages: one under way sees the concept or is
 * seen by it, and none is missed by both.
 */
export async function lockNaming(session: Session): Promise<void> {
  await session.query("SELECT pg_advisory_xact_lock($1::bigint)", [namingLock]);
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
  await mapInTurns(old, ({ terms }) => {
    for (const id of new Set(terms)) lost.set(id, (lost.get(id) ?? 0) + 1);
  });
  const gained = new Map<string, number>();
  await mapInTurns(passages, ({ terms }) => {
    for (const term of new Set(terms)) gained.set(term, (gained.get(term) ?? 0) + 1);
  });
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
  const terms = new Set<number>();
  await mapInTurns(old, (passage) => {
    for (const id of passage.terms) terms.add(id);
  });
  await session.query(
    "DELETE FROM postings WHERE generation_id = $1 AND term_id = ANY($2::int[]) AND passage_id = ANY($3::int[])",
    [generation, [...terms], ids],
  );
  await session.query("DELETE FROM passages WHERE generation_id = $1 AND id = ANY($2::int[])", [generation, ids]);
}

/** Passages stored by one statement. */
const rowsPerInsert = 16;

async function insertPassages(
  session: Session,
  generation: number,
  item: IndexItem,
  passages: readonly IndexPassage[],
  numbers: TermNumbers,
): Promise<number[]> {
  const ids: number[] = [];
  for (let from = 0; from < passages.length; from += rowsPerInsert) {
    const values: SqlValue[] = [];
    const parameter = (value: SqlValue) => `$${values.push(value)}`;
    const shared = [
      parameter(generation),
      parameter(item.space),
      parameter(item.kind),
      parameter(item.id),
      parameter(item.type),
      parameter(item.scope),
      `${parameter(item.occurredAt)}::timestamptz`,
      parameter(passages.length),
      parameter(item.title),
      `${parameter(item.knownBy ?? null)}::text[]`,
      `${parameter(item.validFrom ?? null)}::timestamptz`,
      `${parameter(item.validUntil ?? null)}::timestamptz`,
    ].join(", ");
    const rows = passages.slice(from, from + rowsPerInsert).map((passage, at) => {
      const own = [
        parameter(passage.conceptIds),
        parameter(from + at),
        parameter(passage.heading),
        parameter(passage.content),
        parameter(passage.textHash),
        parameter(packTermIds(passage.terms.map((term) => numbers.get(term) as number))),
        parameter(passage.vector === null ? null : vectorBytes(passage.vector)),
      ].join(", ");
      return `(${shared}, ${own})`;
    });
    const stored = await session.query<{ id: number; chunk_index: number }>(
      `INSERT INTO passages (generation_id, space, kind, item_id, type, scope, occurred_at, chunk_total, title,
         known_by, valid_from, valid_until, concept_ids, chunk_index, heading, content, text_hash, term_ids, embedding)
       VALUES ${rows.join(", ")} RETURNING id, chunk_index`,
      values,
    );
    for (const { id, chunk_index } of stored.rows) ids[chunk_index] = id;
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
  await mapInTurns(passages, ({ terms }, at) => {
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
