import type { PassageFilter } from "./lexical";

/** What hits must be. Each list is an "any of"; an absent one asks nothing. */
export interface SearchFilters {
  readonly kinds?: readonly string[];
  readonly types?: readonly string[];
  readonly scopes?: readonly string[];
  /** ISO 8601; from then on. */
  readonly since?: string;
  /** ISO 8601; before then. */
  readonly until?: string;
  /** A concept that the passage tells or mentions. */
  readonly conceptId?: string;
}

/** The filters as SQL over `p` with parameters numbered from `first`; undefined when nothing is asked. */
export function passageFilter(filters: SearchFilters, first: number): PassageFilter | undefined {
  const where: string[] = [];
  const values: (string | readonly string[])[] = [];
  const add = (condition: (parameter: string) => string, value: string | readonly string[]) => {
    where.push(condition(`$${first + values.length}`));
    values.push(value);
  };
  if (filters.kinds?.length) add((p) => `p.kind = ANY (${p}::text[])`, filters.kinds);
  if (filters.types?.length) add((p) => `p.type = ANY (${p}::text[])`, filters.types);
  if (filters.scopes?.length) add((p) => `p.scope = ANY (${p}::text[])`, filters.scopes);
  if (filters.since !== undefined) add((p) => `p.occurred_at >= ${p}::timestamptz`, filters.since);
  if (filters.until !== undefined) add((p) => `p.occurred_at < ${p}::timestamptz`, filters.until);
  if (filters.conceptId !== undefined) add((p) => `${p}::uuid = ANY (p.concept_ids)`, filters.conceptId);
  return where.length === 0 ? undefined : { where: where.join(" AND "), values };
}
