/** Scores of one leg by candidate. */
export type LegScores = ReadonlyMap<number, number>;

/** Scales scores to 0..1 between the lowest and the highest; all equal scores become 1. */
export function minMax(scores: LegScores): Map<number, number> {
  const values = [...scores.values()];
  const low = Math.min(...values);
  const high = Math.max(...values);
  return new Map([...scores].map(([id, score]) => [id, high === low ? 1 : (score - low) / (high - low)]));
}

/** Weighted sum of scaled scores; a candidate without a score in a leg earns nothing there. */
export function weightedSum(legs: readonly { scores: LegScores; weight: number }[]): Map<number, number> {
  const out = new Map<number, number>();
  for (const { scores, weight } of legs) {
    for (const [id, score] of scores) out.set(id, (out.get(id) ?? 0) + weight * score);
  }
  return out;
}

/** Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009), scaled so that the first place in every leg is 1. */
export function reciprocalRankFusion(legs: readonly LegScores[], constant: number): Map<number, number> {
  const out = new Map<number, number>();
  for (const leg of legs) {
    byScore(leg).forEach(([id], rank) => {
      out.set(id, (out.get(id) ?? 0) + (constant + 1) / (constant + rank + 1) / legs.length);
    });
  }
  return out;
}

/**
 * Weighs in how recent each candidate is: its share halves with every half-life of age.
 * @param ages In hours, of every candidate; one that no leg scored counts as 0 there
 */
export function withRecency(
  scores: LegScores,
  ages: LegScores,
  { weight, halfLifeHours }: { readonly weight: number; readonly halfLifeHours: number },
): Map<number, number> {
  return new Map(
    [...ages].map(([id, age]) => [
      id,
      (1 - weight) * (scores.get(id) ?? 0) + weight * 2 ** (-Math.max(0, age) / halfLifeHours),
    ]),
  );
}

/** Candidates best first; equal scores by number, so that the order is the same every time. */
export function byScore(scores: LegScores): [id: number, score: number][] {
  return [...scores].sort(([a, x], [b, y]) => y - x || a - b);
}
