import type { Session } from "../database/types";
import type { Candidate } from "./candidates";
import { type Parameter, passageFilter, type SearchFilters } from "./filters";
import type { RankingSettings } from "./settings";

/**
 * The statement for the passages nearest to a vector, given as its placeholder: their `id`. The transaction has
 * iterative index scans on, so that row-level security and filters, which apply after the index, still leave as many rows as
 * asked for. It stands beside one named `hidden`, whose passages it leaves out.
 */
export function nearestStatement(
  generation: number,
  vector: string,
  settings: RankingSettings,
  filters: SearchFilters,
  parameter: Parameter,
): string {
  const conditions = [
    `p.generation_id = ${parameter(generation)}`,
    "p.embedding IS NOT NULL",
    "NOT EXISTS (SELECT FROM hidden WHERE hidden.id = p.id)",
    ...passageFilter(filters, parameter),
  ];
  return `SELECT p.id FROM passages p WHERE ${conditions.join(" AND ")}
    ORDER BY p.embedding <=> ${vector}::vector LIMIT ${settings.candidates}`;
}

/**
 * Pseudo-relevance feedback after Rocchio: every candidate is measured again, against the sum of the question's vector and the mean
 * vector of the best candidates, each scaled to length 1. The cosine with such a sum is, but for a factor that is the same for
 * all, the mean of the two cosines; the one with the question is known, so the database is asked for the other alone.
 * @returns The mean of both cosines for each candidate that has a vector
 */
export async function feedbackScores(
  session: Session,
  generation: number,
  candidates: readonly Pick<Candidate, "id" | "cosine">[],
  best: readonly number[],
): Promise<Map<number, number>> {
  const known = new Map(candidates.flatMap(({ id, cosine }) => (cosine === null ? [] : [[id, cosine] as const])));
  const { rows } = await session.prepared<{ ids: number[] | null; cosines: number[] }>(
    `WITH mean AS (SELECT avg(embedding) AS vector FROM passages
       WHERE generation_id = $1 AND id = ANY ($2::int[]) AND embedding IS NOT NULL)
     SELECT json_agg(p.id) AS ids, json_agg(1 - (p.embedding <=> mean.vector)) AS cosines FROM passages p, mean
     WHERE p.generation_id = $1 AND p.id = ANY ($3::int[]) AND p.embedding IS NOT NULL AND vector_norm(mean.vector) > 0`,
    [generation, best, [...known.keys()]],
  );
  const { ids, cosines } = rows[0] as (typeof rows)[number];
  return new Map((ids ?? []).map((id, at) => [id, ((known.get(id) as number) + (cosines[at] as number)) / 2]));
}
