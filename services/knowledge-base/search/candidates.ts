import type { Session, SqlValue } from "../database/types";
import type { Generation } from "../index/generations";
import { unpackTermIds } from "../index/vectors";
import type { ItemKind } from "../index/writer";
import { type Parameter, passageFilter, type SearchFilters } from "./filters";
import { type LexicalQuery, lexicalStatement, type QueryTerm, rarestTerms } from "./lexical";
import type { RankingSettings } from "./settings";
import { nearestStatement, notHidden } from "./vector";

/** A passage that some leg brought up. */
export interface Candidate {
  readonly id: number;
  readonly kind: ItemKind;
  readonly itemId: string;
  readonly termIds: Int32Array;
  /** Cosine similarity to the question; null where one of the two has no vector. */
  readonly cosine: number | null;
  /** Seconds since 1970. */
  readonly occurredAt: number;
}

/** What the legs brought up. */
export interface Found {
  readonly candidates: readonly Candidate[];
  /** Passages that the lexical leg brought up. */
  readonly lexical: number;
  /** Passages that the vector leg brought up. */
  readonly nearest: number;
}

/** What candidates are looked for by; an absent vector leaves the vector leg out. */
export interface Asked {
  readonly query: LexicalQuery;
  readonly vector: Uint8Array | undefined;
}

/**
 * Finds candidates by words and by vector: the lexical leg by the rarest terms alone, unless both legs together bring up fewer
 * than asked for.
 */
export async function findCandidates(
  session: Session,
  generation: Pick<Generation, "id" | "dimensions">,
  asked: Asked,
  settings: RankingSettings,
  filters: SearchFilters,
): Promise<Found> {
  const { terms } = asked.query;
  const rarest = rarestTerms(terms);
  const found = await readCandidates(session, generation, asked, rarest, settings, filters);
  // A vector leg that brings up fewer than it may has brought up all.
  const all = asked.vector !== undefined && found.nearest < settings.candidates;
  if (rarest.length === terms.length || all || found.candidates.length >= settings.candidates) return found;
  return readCandidates(session, generation, asked, terms, settings, filters);
}

/**
 * The statement for the passages that nobody who asks may find, whatever the question: what the canon tells of a concept that the
 * asker's own world tells differently, and facts that do not hold at the time asked about. The legs leave them out before they count.
 */
function hiddenStatement(own: string, filters: SearchFilters, parameter: Parameter): string {
  const retold = `SELECT p.id FROM indexed_items x JOIN passages p ON p.generation_id = ${own} AND p.item_id = x.item_id AND p.space = 0
     WHERE x.generation_id = ${own} AND x.kind = 'concept' AND x.space = (SELECT space FROM worlds WHERE id = kb_world())`;
  if (filters.includeEnded) return retold;
  const at = `coalesce(${parameter(filters.at ?? null)}::timestamptz, now())`;
  return `${retold}
    UNION ALL SELECT id FROM passages WHERE generation_id = ${own} AND valid_until <= ${at}
    UNION ALL SELECT id FROM passages WHERE generation_id = ${own} AND valid_from > ${at}
    UNION ALL SELECT p.id FROM fact_replacements r JOIN facts g ON g.id = r.by_fact AND g.status = 'accepted' AND g.valid_from <= ${at}
      JOIN passages p ON p.generation_id = ${own} AND p.item_id = r.replaced AND p.kind = 'fact'`;
}

/**
 * One statement for both legs and for what ranking needs of their passages. It answers with one row of lists: the embedded engine's client takes microseconds for each value. Limits
 * stand in its text: PostgreSQL keeps one plan for all questions only where it does not take a limit for a tenth of the table.
 */
async function readCandidates(
  session: Session,
  generation: Pick<Generation, "id" | "dimensions">,
  { query, vector }: Asked,
  terms: readonly QueryTerm[],
  settings: RankingSettings,
  filters: SearchFilters,
): Promise<Found> {
  const values: SqlValue[] = [];
  const parameter: Parameter = (value) => `$${values.push(value)}`;
  const own = String(generation.id);
  const near = parameter(vector ?? null);
  const none = "SELECT 0 AS id WHERE false";
  const lexical =
    settings.mode === "vector" || terms.length === 0
      ? none
      : lexicalStatement(generation.id, { ...query, terms }, settings, filters, parameter);
  const nearest =
    vector === undefined ? none : nearestStatement(generation, near, query.spaces, settings, filters, parameter);
  const recent = settings.recencyWeight === 0 ? none : recentStatement(own, settings, filters, parameter);
  const { rows } = await session.prepared<CandidateLists>(
    `WITH hidden AS MATERIALIZED (${hiddenStatement(own, filters, parameter)}), lexical AS MATERIALIZED (${lexical}), nearest AS MATERIALIZED (${nearest}),
       recent AS MATERIALIZED (${recent})
     SELECT (SELECT count(*)::int FROM lexical) AS lexical, (SELECT count(*)::int FROM nearest) AS nearest,
       json_agg(p.id) AS ids, json_agg(p.kind) AS kinds, json_agg(p.item_id) AS items,
       string_agg(p.term_ids, ''::bytea) AS terms, json_agg(length(p.term_ids)) AS sizes,
       json_agg(1 - (p.embedding <=> ${near}::vector)) AS cosines,
       json_agg(extract(epoch FROM p.occurred_at)::float8) AS times
     FROM passages p
     WHERE p.generation_id = ${own} AND p.id = ANY (ARRAY (SELECT id FROM lexical UNION SELECT id FROM nearest UNION SELECT id FROM recent))`,
    values,
  );
  const found = rows[0] as CandidateLists;
  return { candidates: candidatesOf(found), lexical: found.lexical, nearest: found.nearest };
}

/** The statement for the latest passages, which a search that asks for recency must not miss. */
function recentStatement(own: string, settings: RankingSettings, filters: SearchFilters, parameter: Parameter): string {
  const conditions = [`p.generation_id = ${own}`, notHidden, ...passageFilter(filters, parameter)];
  return `SELECT p.id FROM passages p WHERE ${conditions.join(" AND ")} ORDER BY p.occurred_at DESC, p.id LIMIT ${settings.candidates}`;
}

/** Columns of the candidates; null where there is none. */
interface CandidateLists {
  readonly lexical: number;
  readonly nearest: number;
  readonly ids: readonly number[] | null;
  readonly kinds: readonly ItemKind[];
  readonly items: readonly string[];
  /** The packed terms of all candidates, one after the other. */
  readonly terms: Uint8Array;
  /** Bytes of each candidate's terms. */
  readonly sizes: readonly number[];
  readonly cosines: readonly (number | null)[];
  /** Seconds since 1970. */
  readonly times: readonly number[];
}

function candidatesOf({ ids, kinds, items, terms, sizes, cosines, times }: CandidateLists): Candidate[] {
  if (ids === null) return [];
  const all = unpackTermIds(terms);
  let from = 0;
  return ids.map((id, at) => {
    const start = from;
    from += (sizes[at] as number) / 4;
    return {
      id,
      kind: kinds[at] as ItemKind,
      itemId: items[at] as string,
      termIds: all.subarray(start, from),
      cosine: cosines[at] as number | null,
      occurredAt: times[at] as number,
    };
  });
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
  /** Of a fact: from when on it holds. */
  readonly validFrom: Date | null;
  /** Of a fact: its own end; what takes its place may end it earlier. */
  readonly validUntil: Date | null;
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
       p.chunk_index AS "chunkIndex", p.chunk_total AS "chunkTotal", p.occurred_at AS "occurredAt",
       p.valid_from AS "validFrom", p.valid_until AS "validUntil", d.source, d.source_file AS file
     FROM passages p LEFT JOIN narrative_documents d ON p.kind = 'document' AND d.id = p.item_id
     WHERE p.generation_id = $1 AND p.id = ANY ($2::int[])`,
    [generation, ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
