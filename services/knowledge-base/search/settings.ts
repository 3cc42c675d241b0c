import { InputError } from "../../../contracts/input-error";

/** How a ranking comes about. The defaults are one setting for every collection; docs/knowledge-base.md has the measurements. */
export interface RankingSettings {
  /** Which legs take part. @default hybrid */
  readonly mode: "hybrid" | "lexical" | "vector";
  /**
   * How the legs are joined: `minmax` scales each leg's scores over the candidates and weighs them, `rrf` adds reciprocal ranks.
   * @default minmax
   */
  readonly fusion: "minmax" | "rrf";
  /** Weight of the vector leg under minmax, 0 to 1. @default 0.4 */
  readonly vectorWeight: number;
  /** Constant of reciprocal rank fusion. @default 60 */
  readonly rrfConstant: number;
  /** Saturation of term frequency in BM25. @default 1.2 */
  readonly k1: number;
  /** Length normalisation in BM25, 0 to 1. @default 0.75 */
  readonly b: number;
  /** Weight of two words of the question standing side by side in a passage, beside their BM25. @default 0.4 */
  readonly pairWeight: number;
  /** Candidates taken from each leg, 10 to 500. @default 120 */
  readonly candidates: number;
  /** Pseudo-relevance feedback: passages whose mean vector is added to the question's; 0 switches it off. @default 0 */
  readonly feedbackPassages: number;
  /** Share of the feedback in the final score, 0 to 1. @default 0.35 */
  readonly feedbackWeight: number;
  /** Share of recency in the final score, 0 to 1. @default 0 */
  readonly recencyWeight: number;
  /** Hours after which recency is worth half. @default 168 */
  readonly recencyHalfLifeHours: number;
}

/** The measured defaults: one setting, whatever embeds. */
export function defaultSettings(): RankingSettings {
  return {
    mode: "hybrid",
    fusion: "minmax",
    vectorWeight: 0.4,
    rrfConstant: 60,
    k1: 1.2,
    b: 0.75,
    pairWeight: 0.4,
    candidates: 120,
    feedbackPassages: 0,
    feedbackWeight: 0.35,
    recencyWeight: 0,
    recencyHalfLifeHours: 168,
  };
}

const ranges = {
  vectorWeight: [0, 1],
  rrfConstant: [1, 1000],
  k1: [0, 10],
  b: [0, 1],
  pairWeight: [0, 10],
  candidates: [10, 500],
  feedbackPassages: [0, 50],
  feedbackWeight: [0, 1],
  recencyWeight: [0, 1],
  recencyHalfLifeHours: [0.01, 1_000_000],
} as const satisfies Partial<Record<keyof RankingSettings, readonly [number, number]>>;

/** Lays given settings over the defaults. @throws InputError for a number out of range */
export function rankingSettings(given: Partial<RankingSettings>): RankingSettings {
  for (const [name, [low, high]] of Object.entries(ranges)) {
    const value = given[name as keyof typeof ranges];
    if (value !== undefined && !(value >= low && value <= high)) {
      throw new InputError({ path: `ranking.${name}`, given: value, allowed: `a number from ${low} to ${high}` });
    }
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...defaultSettings(), ...set };
}
