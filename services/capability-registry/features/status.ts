import { compareRanks } from "../engines/version";

export type Status = "not-yet" | "available" | "deprecated" | "removed";

/** The versions in which a feature changes what it is. */
export interface Range {
  readonly sinceRank: readonly number[];
  readonly deprecatedRank: readonly number[] | null;
  readonly removedRank: readonly number[] | null;
}

/** What a feature is in an engine version. */
export function statusIn({ sinceRank, deprecatedRank, removedRank }: Range, engine: readonly number[]): Status {
  const reached = (rank: readonly number[] | null) => rank !== null && compareRanks(engine, rank) >= 0;
  if (reached(removedRank)) return "removed";
  if (reached(deprecatedRank)) return "deprecated";
  return reached(sinceRank) ? "available" : "not-yet";
}

/** True where a game can use the feature. */
export const isThere = (status: Status): boolean => status === "available" || status === "deprecated";

/** What is wrong with a range; undefined where it is in order: since, deprecated, removed, the last two optional. */
export function rangeProblem({ sinceRank, deprecatedRank, removedRank }: Range): string | undefined {
  const before = (a: readonly number[] | null, b: readonly number[] | null) =>
    a === null || b === null ? undefined : compareRanks(a, b);
  if ((before(sinceRank, deprecatedRank) ?? 0) > 0) return "it is deprecated before the version that brings it";
  if ((before(sinceRank, removedRank) ?? -1) >= 0) return "it is removed before the version that brings it, or in it";
  if ((before(deprecatedRank, removedRank) ?? -1) >= 0) return "it is removed before it is deprecated, or with it";
  return undefined;
}

/** A move from one version to another, for features that are there before or after it. */
export type Change = "gained" | "deprecated" | "lost";

/** What a move means for one feature; undefined where nothing changes. */
export function changeBetween(range: Range, from: readonly number[], to: readonly number[]): Change | undefined {
  const before = statusIn(range, from);
  const after = statusIn(range, to);
  if (!isThere(before)) return isThere(after) ? "gained" : undefined;
  if (!isThere(after)) return "lost";
  return before === "available" && after === "deprecated" ? "deprecated" : undefined;
}
