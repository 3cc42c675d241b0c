import type { Session } from "../database/types";
import type { Generation } from "../index/generations";
import type { Candidate } from "./candidates";
import { type Parameter, passageFilter, type SearchFilters } from "./filters";
import type { RankingSettings } from "./settings";

/** A space that the asker sees, with how much it holds. */
export interface VisibleSpace {
  readonly space: number;
  readonly passages: number;
}

/** A space with fewer passages is read whole, which is faster than an HNSW index and misses nothing. */
export const worthAnIndex = 2_000;

/**
 * Passages that a filter may leave of a large space for them to be read whole. What reading takes grows with what the filter leaves,
 * what an index scan takes with what it leaves out: to find `wanted` passages it looks at `wanted * passages / left`. At the root of
 * the product both cost the same but for a factor, which is measured (bench/knowledge-base/postgres.ts).
 */
export function readWhole(passages: number, wanted: number): number {
  return Math.round(3 * Math.sqrt(passages * wanted));
}

/**
 * The statement for the passages nearest to a vector, given as its placeholder: their `id`. Small spaces are read whole; a large one by
 * its own HNSW index, or whole where a filter leaves little of it. The transaction has iterative index scans on, so that an index scan
 * goes on until a filter has left enough. It stands beside one named `hidden`, whose passages it leaves out.
 */
export function nearestStatement(
  { id, dimensions }: Pick<Generation, "id" | "dimensions">,
  vector: string,
  spaces: readonly VisibleSpace[],
  settings: RankingSettings,
  filters: SearchFilters,
  parameter: Parameter,
): string {
  const most = settings.candidates;
  const distance = `p.embedding::vector(${dimensions}) <=> ${vector}::vector(${dimensions})`;
  const asked = passageFilter(filters, parameter);
  // Numbers of the index stand in the text: a partial index serves only where the planner sees its space.
  const leg = (order: string, ...conditions: readonly string[]) => {
    const all = [`p.generation_id = ${id}`, "p.embedding IS NOT NULL", notHidden, ...conditions];
    return `(SELECT p.id, ${distance} AS distance FROM passages p WHERE ${all.join(" AND ")} ORDER BY ${order} LIMIT ${most})`;
  };
  // Not what the index orders by: a space that shrank may have one still.
  const whole = `(${distance}) + 0`;
  const small = spaces.filter(({ passages }) => passages < worthAnIndex).map(({ space }) => space);
  const large = spaces.filter(({ passages }) => passages >= worthAnIndex);
  const counted: string[] = [];
  const legs = [
    ...(small.length === 0 ? [] : [leg(whole, `p.space = ANY (${parameter(small)}::int[])`, ...asked)]),
    ...large.flatMap(({ space, passages }) => {
      const inside = `p.space = ${space}`;
      if (asked.length === 0) return [leg(distance, inside)];
      const bound = readWhole(passages, most);
      const conditions = [`p.generation_id = ${id}`, inside, ...asked].join(" AND ");
      const left = `(SELECT ids FROM left_of_${space})::int[]`;
      counted.push(
        `left_of_${space} AS MATERIALIZED (SELECT ARRAY (SELECT p.id FROM passages p WHERE ${conditions} LIMIT ${bound + 1}) AS ids)`,
      );
      return [
        leg(whole, `p.id = ANY (${left})`, `cardinality(${left}) <= ${bound}`),
        leg(distance, inside, ...asked, `cardinality(${left}) > ${bound}`),
      ];
    }),
  ];
  if (legs.length === 0) return "SELECT 0 AS id WHERE false";
  const first = counted.length === 0 ? "" : `WITH ${counted.join(", ")} `;
  return `${first}SELECT id FROM (${legs.join(" UNION ALL ")}) near ORDER BY distance, id LIMIT ${most}`;
}

/** Keeps passages that nobody who asks may find out; an array, so that an index scan keeps its order. */
export const notHidden = "p.id <> ALL (ARRAY (SELECT id FROM hidden))";

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
