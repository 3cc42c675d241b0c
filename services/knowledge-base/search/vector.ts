import type { Session, SqlValue } from "../database/types";
import { passageFilter, type SearchFilters } from "./filters";
import { byScore } from "./fusion";
import type { RankingSettings } from "./settings";

/**
 * Passages nearest to a vector. The transaction has iterative index scans on, so that row-level security and filters, which apply
 * after the index, still leave as many rows as asked for.
 */
export async function vectorLeg(
  session: Session,
  generation: number,
  vector: string,
  settings: RankingSettings,
  filters: SearchFilters,
): Promise<{ id: number; score: number }[]> {
  const filter = passageFilter(filters, 4);
  const { rows } = await session.query<{ id: number; score: number }>(
    `SELECT p.id, 1 - (p.embedding <=> $2::vector) AS score FROM passages p
     WHERE p.generation_id = $1 AND p.embedding IS NOT NULL ${filter === undefined ? "" : `AND ${filter.where}`}
     ORDER BY p.embedding <=> $2::vector LIMIT $3`,
    [generation, vector, settings.candidates, ...((filter?.values ?? []) as SqlValue[])],
  );
  return rows;
}

/**
 * Pseudo-relevance feedback after Rocchio: the mean vector of the best passages, as long as the question's, is added to it, and
 * every candidate is measured again.
 */
export async function feedbackScores(
  session: Session,
  generation: number,
  vector: string,
  first: readonly [id: number, score: number][],
  passages: number,
): Promise<Map<number, number>> {
  const best = byScore(new Map(first))
    .slice(0, passages)
    .map(([id]) => id);
  const { rows } = await session.query<{ id: number; score: number }>(
    `WITH mean AS (SELECT l2_normalize(l2_normalize(avg(embedding)) + l2_normalize($2::vector)) AS asked FROM passages
       WHERE generation_id = $1 AND id = ANY ($3::int[]) AND embedding IS NOT NULL)
     SELECT p.id, 1 - (p.embedding <=> mean.asked) AS score FROM passages p, mean
     WHERE p.generation_id = $1 AND p.id = ANY ($4::int[]) AND p.embedding IS NOT NULL AND mean.asked IS NOT NULL`,
    [generation, vector, best, first.map(([id]) => id)],
  );
  return new Map(rows.map(({ id, score }) => [id, score]));
}
