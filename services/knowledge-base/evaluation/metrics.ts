/** Graded relevance of documents for one question; absent means not relevant. */
export type Judgements = ReadonlyMap<string, number>;

/** Normalised discounted cumulative gain with linear gain (Järvelin and Kekäläinen 2002), as trec_eval computes it. */
export function ndcg(ranked: readonly string[], judged: Judgements, depth: number): number {
  const gain = (grades: readonly number[]) =>
    grades.slice(0, depth).reduce((sum, grade, rank) => sum + grade / Math.log2(rank + 2), 0);
  const ideal = gain([...judged.values()].sort((a, b) => b - a));
  return ideal === 0 ? 0 : gain(ranked.map((id) => judged.get(id) ?? 0)) / ideal;
}

/** Share of the relevant documents among the first. */
export function recall(ranked: readonly string[], judged: Judgements, depth: number): number {
  const relevant = [...judged].filter(([, grade]) => grade > 0);
  if (relevant.length === 0) return 0;
  const found = new Set(ranked.slice(0, depth));
  return relevant.filter(([id]) => found.has(id)).length / relevant.length;
}

/** One over the place of the first relevant document, 0 when there is none among the first. */
export function reciprocalRank(ranked: readonly string[], judged: Judgements, depth: number): number {
  const place = ranked.slice(0, depth).findIndex((id) => (judged.get(id) ?? 0) > 0);
  return place < 0 ? 0 : 1 / (place + 1);
}
