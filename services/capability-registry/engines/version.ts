export type Stage = "preview" | "release" | "hotfix";

/** An engine version that can be compared. */
export interface EngineVersion {
  /** The one spelling of it: `5.6` is 5.6.0. */
  readonly text: string;
  readonly stage: Stage;
  /** Major, minor, patch, stage, number: compared place by place, as PostgreSQL compares arrays. */
  readonly rank: readonly number[];
}

/** A preview comes before its release, a hotfix after it. */
const stages: readonly Stage[] = ["preview", "release", "hotfix"];

/** Reads a version that the contract has let through. */
export function parseVersion(text: string): EngineVersion {
  const [, major, minor, patch = "0", word = "release", number = "0"] =
    /^(\d+)\.(\d+)(?:\.(\d+))?(?:-(preview|hotfix)-(\d+))?$/.exec(text)!;
  const stage = word as Stage;
  const rank = [Number(major), Number(minor), Number(patch), stages.indexOf(stage), Number(number)];
  const tail = stage === "release" ? "" : `-${stage}-${rank[4]}`;
  return { text: `${rank[0]}.${rank[1]}.${rank[2]}${tail}`, stage, rank };
}

/** Below 0 where the first is older, above where it is newer. */
export function compareRanks(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((part, index) => part !== b[index]);
  return place === -1 ? 0 : a[place]! - b[place]!;
}
