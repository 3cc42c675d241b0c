import type { Session } from "../database/types";
import type { RankingSettings } from "./settings";

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
}

/** Looks the question's terms up. Row-level security confines the counts to the spaces that the asker sees. */
export async function lexicalQuery(
  session: Session,
  generation: number,
  question: readonly string[],
): Promise<LexicalQuery> {
  const unique = [...new Set(question)];
  const { rows } = await session.query<{ term: string; ids: number[]; passages: number; size: number; length: number }>(
    `WITH sizes AS (SELECT coalesce(sum(passages), 0)::float8 AS size, coalesce(sum(total_length), 0)::float8 AS length
       FROM space_sizes WHERE generation_id = $1)
     SELECT found.term, found.ids, found.passages, sizes.size, sizes.length FROM sizes LEFT JOIN (
       SELECT term, array_agg(id) AS ids, sum(passages)::int AS passages FROM terms
       WHERE generation_id = $1 AND term = ANY ($2) AND passages > 0 GROUP BY term) found ON true`,
    [generation, unique],
  );
  const size = rows[0]?.size ?? 0;
  const known = new Map(rows.filter(({ term }) => term !== null).map((row) => [row.term, row]));
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
    averageLength: size === 0 ? 1 : Math.max(1, (rows[0]?.length ?? 0) / size),
  };
}

/** A condition on passages `p`, with parameters from `$n` on. */
export interface PassageFilter {
  readonly where: string;
  readonly values: readonly (string | readonly string[])[];
}

/** Postings read for a question's candidates; 1,000 take the embedded engine about a millisecond. */
const mostPostings = 3_000;

/**
 * The terms that candidates are brought up by: the two rarest, and further ones, rarest first, as long as the postings are few or
 * those before have fewer than `least`. Every candidate is scored with all terms afterwards, so what a common word decides is the
 * order, not who is looked at.
 */
export function rarestTerms(terms: readonly QueryTerm[], most: number = mostPostings, least = 0): readonly QueryTerm[] {
  const sorted = [...terms].sort((a, b) => a.passages - b.passages);
  let postings = 0;
  return sorted.filter(({ passages }, index) => {
    const tooFew = postings < least;
    postings += passages;
    return index < 2 || tooFew || postings <= most;
  });
}

/** Passages by BM25 over the postings, best first; by the rarest terms alone where those bring up enough. */
export async function lexicalLeg(
  session: Session,
  generation: number,
  query: LexicalQuery,
  settings: RankingSettings,
  filter: PassageFilter | undefined,
): Promise<{ id: number; score: number }[]> {
  // Twice as many postings as candidates, since a passage may have several of the terms.
  const rarest = rarestTerms(query.terms, mostPostings, 2 * settings.candidates);
  const found = await scorePostings(session, generation, query, rarest, settings, filter);
  if (rarest.length === query.terms.length || found.length >= settings.candidates) return found;
  return scorePostings(session, generation, query, query.terms, settings, filter);
}

async function scorePostings(
  session: Session,
  generation: number,
  query: LexicalQuery,
  terms: readonly QueryTerm[],
  settings: RankingSettings,
  filter: PassageFilter | undefined,
): Promise<{ id: number; score: number }[]> {
  const ids = terms.flatMap((term) => term.ids);
  if (ids.length === 0) return [];
  const weights = terms.flatMap(({ idf, count, ids: own }) => own.map(() => idf * count * (settings.k1 + 1)));
  const scored = `SELECT posting.passage_id AS id,
      sum(asked.weight * posting.frequency / (posting.frequency + $4::float8 + $5::float8 * posting.length)) AS score
    FROM unnest($2::int[], $3::float8[]) AS asked (term_id, weight)
    JOIN postings posting ON posting.generation_id = $1 AND posting.term_id = asked.term_id
    GROUP BY posting.passage_id`;
  const text =
    filter === undefined
      ? `${scored} ORDER BY score DESC, id LIMIT $6`
      : `SELECT scored.id, scored.score FROM (${scored}) scored JOIN passages p ON p.generation_id = $1 AND p.id = scored.id
         WHERE ${filter.where} ORDER BY scored.score DESC, scored.id LIMIT $6`;
  const { rows } = await session.query<{ id: number; score: number }>(text, [
    generation,
    ids,
    weights,
    settings.k1 * (1 - settings.b),
    (settings.k1 * settings.b) / query.averageLength,
    settings.candidates,
    ...(filter?.values ?? []),
  ] as Parameters<Session["query"]>[1]);
  return rows;
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

/** Scores a candidate exactly, from its terms in order; the same BM25 as {@link lexicalLeg}, with pairs and coverage. */
export function scoreCandidate(query: LexicalQuery, settings: RankingSettings, termIds: Int32Array): LexicalScore {
  const place = new Map<number, number>();
  query.terms.forEach(({ ids }, index) => {
    for (const id of ids) place.set(id, index);
  });
  const counts = new Array<number>(query.terms.length).fill(0);
  const next = new Map<string, number>();
  const wanted = wantedPairs(query.sequence);
  let before = -1;
  for (const id of termIds) {
    const index = place.get(id) ?? -1;
    if (index >= 0) {
      counts[index] = (counts[index] as number) + 1;
      const pair = `${before} ${index}`;
      if (before >= 0 && wanted.has(pair)) next.set(pair, (next.get(pair) ?? 0) + 1);
    }
    before = index;
  }
  const norm = settings.k1 * (1 - settings.b + (settings.b * termIds.length) / query.averageLength);
  const saturated = (count: number) => (count * (settings.k1 + 1)) / (count + norm);
  const byTerm = counts.map((count, index) => {
    const { idf, count: asked } = query.terms[index] as QueryTerm;
    return count === 0 ? 0 : asked * idf * saturated(count);
  });
  let pairs = 0;
  for (const [pair, count] of next) {
    const [left, right] = pair.split(" ").map((index) => (query.terms[Number(index)] as QueryTerm).idf);
    pairs += settings.pairWeight * Math.min(left as number, right as number) * saturated(count);
  }
  const covered = counts.reduce(
    (sum, count, index) => sum + (count > 0 ? (query.terms[index] as QueryTerm).idf : 0),
    0,
  );
  const total = byTerm.reduce((sum, score) => sum + score, pairs);
  return { byTerm, pairs, total, coverage: query.totalIdf === 0 ? 0 : covered / query.totalIdf };
}

function wantedPairs(sequence: readonly number[]): ReadonlySet<string> {
  const pairs = new Set<string>();
  for (let at = 0; at + 1 < sequence.length; at += 1) {
    const [left, right] = [sequence[at] as number, sequence[at + 1] as number];
    if (left >= 0 && right >= 0 && left !== right) pairs.add(`${left} ${right}`);
  }
  return pairs;
}
