import type { Session } from "../database/types";
import { type Parameter, passageFilter, type SearchFilters } from "./filters";
import type { RankingSettings } from "./settings";
import type { VisibleSpace } from "./vector";

/** A term of the question with what the visible spaces know of it. */
export interface QueryTerm {
  readonly term: string;
  /** Its numbers: one in the canon, one in the world. */
  readonly ids: readonly number[];
  /** Inverse document frequency over the visible passages (Robertson and Spärck Jones, never negative). */
  readonly idf: number;
  /** Visible passages that have it. */
  readonly passages: number;
  /** How often the question has it. */
  readonly count: number;
}

export interface LexicalQuery {
  /** Terms that some visible passage has, in order of first appearance. */
  readonly terms: readonly QueryTerm[];
  /** Sum of idf over all terms of the question, also those that no passage has. */
  readonly totalIdf: number;
  /** Terms of the question in order, as numbers into `terms`; -1 for one that no passage has. */
  readonly sequence: readonly number[];
  readonly averageLength: number;
  /** What the asker sees: the canon, and the world asked in. */
  readonly spaces: readonly VisibleSpace[];
}

/** Looks the question's terms up. Row-level security confines the counts to the spaces that the asker sees. */
export async function lexicalQuery(
  session: Session,
  generation: number,
  question: readonly string[],
): Promise<LexicalQuery> {
  const unique = [...new Set(question)];
  const { rows } = await session.prepared<{
    term: string | null;
    ids: number[];
    passages: number;
    spaces: { space: number; passages: number; length: number }[] | null;
  }>(
    `WITH sizes AS (SELECT json_agg(json_build_object('space', space, 'passages', passages, 'length', total_length)) AS spaces
       FROM space_sizes WHERE generation_id = $1)
     SELECT found.term, found.ids, found.passages, sizes.spaces FROM sizes LEFT JOIN (
       SELECT term, array_agg(id) AS ids, sum(passages)::int AS passages FROM terms
       WHERE generation_id = $1 AND term = ANY ($2) AND passages > 0 GROUP BY term) found ON true`,
    [generation, unique],
  );
  const spaces = rows[0]?.spaces ?? [];
  const size = spaces.reduce((sum, { passages }) => sum + passages, 0);
  const length = spaces.reduce((sum, space) => sum + space.length, 0);
  const known = new Map(rows.flatMap((row) => (row.term === null ? [] : [[row.term, row] as const])));
  const idfOf = (passages: number) => Math.log(1 + (size - passages + 0.5) / (passages + 0.5));
  const terms = unique.flatMap((term) => {
    const row = known.get(term);
    if (row === undefined) return [];
    const count = question.filter((other) => other === term).length;
    return [{ term, ids: row.ids, idf: idfOf(row.passages), passages: row.passages, count }];
  });
  const place = new Map(terms.map(({ term }, index) => [term, index]));
  return {
    terms,
    totalIdf: unique.reduce((sum, term) => sum + idfOf(known.get(term)?.passages ?? 0), 0),
    sequence: question.map((term) => place.get(term) ?? -1),
    averageLength: size === 0 ? 1 : Math.max(1, length / size),
    spaces,
  };
}

/** Postings read for a question's candidates; 1,000 take the embedded engine about a millisecond. */
const mostPostings = 3_000;

/**
 * The terms that candidates are brought up by: the two rarest, and further ones, rarest first, as long as the postings are few.
 * Every candidate is scored with all terms afterwards, so what a common word decides is the order, not who is looked at.
 */
export function rarestTerms(terms: readonly QueryTerm[], most: number = mostPostings): readonly QueryTerm[] {
  const sorted = [...terms].sort((a, b) => a.passages - b.passages);
  let postings = 0;
  return sorted.filter(({ passages }, index) => {
    postings += passages;
    return index < 2 || postings <= most;
  });
}

/**
 * The statement for passages by BM25 over the postings of some terms: `id` and `score`, best first. It stands beside one named
 * `hidden`, whose passages it leaves out.
 */
export function lexicalStatement(
  generation: number,
  query: Pick<LexicalQuery, "terms" | "averageLength">,
  settings: RankingSettings,
  filters: SearchFilters,
  parameter: Parameter,
): string {
  const own = parameter(generation);
  const ids = parameter(query.terms.flatMap((term) => term.ids));
  const weights = parameter(
    query.terms.flatMap((term) => term.ids.map(() => term.idf * term.count * (settings.k1 + 1))),
  );
  const floor = parameter(settings.k1 * (1 - settings.b));
  const slope = parameter((settings.k1 * settings.b) / query.averageLength);
  const scored = `SELECT posting.passage_id AS id,
      sum(asked.weight * posting.frequency / (posting.frequency + ${floor}::float8 + ${slope}::float8 * posting.length)) AS score
    FROM unnest(${ids}::int[], ${weights}::float8[]) AS asked (term_id, weight)
    JOIN postings posting ON posting.generation_id = ${own} AND posting.term_id = asked.term_id
    WHERE NOT EXISTS (SELECT FROM hidden WHERE hidden.id = posting.passage_id)
    GROUP BY posting.passage_id`;
  const conditions = passageFilter(filters, parameter);
  const kept =
    conditions.length === 0
      ? scored
      : `SELECT scored.id, scored.score FROM (${scored}) scored JOIN passages p ON p.generation_id = ${own} AND p.id = scored.id
         WHERE ${conditions.join(" AND ")}`;
  return `${kept} ORDER BY score DESC, id LIMIT ${settings.candidates}`;
}

/** What one candidate earns by its words. */
export interface LexicalScore {
  /** BM25 by term, in the order of the query's terms. */
  readonly byTerm: readonly number[];
  /** Bonus for words that stand side by side as in the question. */
  readonly pairs: number;
  readonly total: number;
  /** Share of the question's idf that the passage has, 0 to 1. */
  readonly coverage: number;
}

/**
 * Scores candidates exactly, from their terms in order; the same BM25 as {@link lexicalStatement}, with pairs and coverage.
 * @returns A function that scores one candidate
 */
export function candidateScorer(query: LexicalQuery, settings: RankingSettings): (termIds: Int32Array) => LexicalScore {
  const { terms, sequence, averageLength, totalIdf } = query;
  const place = new Map(terms.flatMap(({ ids }, index) => ids.map((id) => [id, index] as const)));
  const pairOf = (left: number, right: number) => left * terms.length + right;
  const wanted = new Set(
    sequence.flatMap((right, at) => {
      const left = sequence[at - 1] ?? -1;
      return left >= 0 && right >= 0 && left !== right ? [pairOf(left, right)] : [];
    }),
  );
  const idfOf = (index: number) => (terms[index] as QueryTerm).idf;

  return (termIds) => {
    const counts = new Array<number>(terms.length).fill(0);
    const next = new Map<number, number>();
    let before = -1;
    for (const id of termIds) {
      const index = place.get(id) ?? -1;
      if (index >= 0) {
        counts[index] = (counts[index] as number) + 1;
        const pair = pairOf(before, index);
        if (before >= 0 && wanted.has(pair)) next.set(pair, (next.get(pair) ?? 0) + 1);
      }
      before = index;
    }
    const norm = settings.k1 * (1 - settings.b + (settings.b * termIds.length) / averageLength);
    const saturated = (count: number) => (count * (settings.k1 + 1)) / (count + norm);
    const byTerm = counts.map((count, index) =>
      count === 0 ? 0 : (terms[index] as QueryTerm).count * idfOf(index) * saturated(count),
    );
    let pairs = 0;
    for (const [pair, count] of next) {
      const [left, right] = [Math.floor(pair / terms.length), pair % terms.length];
      pairs += settings.pairWeight * Math.min(idfOf(left), idfOf(right)) * saturated(count);
    }
    const covered = counts.reduce((sum, count, index) => sum + (count > 0 ? idfOf(index) : 0), 0);
    const total = byTerm.reduce((sum, score) => sum + score, pairs);
    return { byTerm, pairs, total, coverage: totalIdf === 0 ? 0 : covered / totalIdf };
  };
}
