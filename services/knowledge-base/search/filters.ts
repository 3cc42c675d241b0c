import type { SqlValue } from "../database/types";

/** Adds a value to the parameters of a statement, and returns the placeholder that stands for it. */
export type Parameter = (value: SqlValue) => string;

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
  /** Only what somebody knows of: by name, or because everybody does. */
  readonly knownBy?: string;
  /** Story time, ISO 8601: facts that have ended by then, or not begun, are left out. @default now */
  readonly at?: string;
  /** Facts that have ended or not begun are found too. @default false */
  readonly includeEnded?: boolean;
}

/** The filters as conditions on passages `p`. */
export function passageFilter(filters: SearchFilters, parameter: Parameter): string[] {
  const { kinds, types, scopes, since, until, conceptId, knownBy } = filters;
  return [
    kinds?.length ? `p.kind = ANY (${parameter(kinds)}::text[])` : undefined,
    types?.length ? `p.type = ANY (${parameter(types)}::text[])` : undefined,
    scopes?.length ? `p.scope = ANY (${parameter(scopes)}::text[])` : undefined,
    since === undefined ? undefined : `p.occurred_at >= ${parameter(since)}::timestamptz`,
    until === undefined ? undefined : `p.occurred_at < ${parameter(until)}::timestamptz`,
    conceptId === undefined ? undefined : `${parameter(conceptId)}::uuid = ANY (p.concept_ids)`,
    knownBy === undefined ? undefined : `(p.known_by IS NULL OR ${parameter(knownBy)}::text = ANY (p.known_by))`,
  ].filter((condition) => condition !== undefined);
}
