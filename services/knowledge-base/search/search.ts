import { tracerOf } from "../../../runtime/service/tracing";
import type { Scope, Session } from "../database/types";
import { embedAll } from "../embedders/embedder";
import type { Generation } from "../index/generations";
import type { Indexer } from "../index/indexer";
import { atLength, vectorBytes } from "../index/vectors";
import { terms } from "../text/terms";
import { type Candidate, findCandidates } from "./candidates";
import type { SearchFilters } from "./filters";
import { byScore, minMax, reciprocalRankFusion, weightedSum, withRecency } from "./fusion";
import { candidateScorer, type LexicalQuery, type LexicalScore, lexicalQuery } from "./lexical";
import { type RankingSettings, rankingSettings } from "./settings";
import { feedbackScores } from "./vector";

const traced = tracerOf("knowledge-base");

export interface SearchRequest {
  readonly query: string;
  readonly filters?: SearchFilters;
  readonly ranking?: Partial<RankingSettings>;
  /** Lowest `match` of a hit, 0 to 1. @default 0 */
  readonly threshold?: number;
  /** `item`: the best passage of each document, concept or event; `passage`: every passage. @default item */
  readonly group?: "item" | "passage";
}

/** Why a hit stands where it does. */
export interface Explanation {
  readonly lexical: number;
  readonly lexicalRank: number | null;
  readonly terms: readonly { readonly term: string; readonly idf: number; readonly score: number }[];
  readonly pairs: number;
  readonly cosine: number | null;
  readonly vectorRank: number | null;
  readonly feedback: number | null;
  /** Each leg as it entered the fusion: scaled score times weight, or reciprocal rank. */
  readonly fused: number;
}

/** One ranked passage. */
export interface RankedHit {
  readonly candidate: Candidate;
  /** Place among the candidates of this question, 0 to 1; not to be compared between questions. */
  readonly score: number;
  /**
   * How well the passage answers, comparable between questions: the larger of the cosine similarity and the share of the
   * question's words, weighted by rarity, that the passage has.
   */
  readonly match: number;
  readonly explanation: Explanation;
}

export interface Ranking {
  readonly generation: Generation;
  readonly settings: RankingSettings;
  readonly hits: readonly RankedHit[];
  /** Terms of the question that were looked for. */
  readonly terms: ReadonlySet<string>;
}

/** Ranks the passages that the scope sees for a question. */
export function rank(indexer: Indexer, scope: Scope, request: SearchRequest): Promise<Ranking> {
  return traced("search", { "kb.sees": scope.sees }, async (span) => {
    const ranking = await rankPassages(indexer, scope, request);
    span.setAttributes({ "kb.generation": ranking.generation.id, "kb.hits": ranking.hits.length });
    return ranking;
  });
}

async function rankPassages(indexer: Indexer, scope: Scope, request: SearchRequest): Promise<Ranking> {
  const generation = await indexer.active();
  const settings = rankingSettings(request.ranking ?? {});
  const question = terms(request.query);
  const vector =
    settings.mode === "lexical"
      ? undefined
      : await traced("search.embed", { "kb.embedder": generation.embedder }, () =>
          queryVector(indexer, generation, request.query),
        );

  return indexer.database.transaction(scope, async (session) => {
    const query = await traced("search.terms", {}, () => lexicalQuery(session, generation.id, question));
    const candidates = await traced("search.candidates", {}, async (span) => {
      const asked = { query, vector };
      const found = await findCandidates(session, generation, asked, settings, request.filters ?? {});
      const { lexical, nearest } = found;
      span.setAttributes({ "kb.rows": found.candidates.length, "kb.lexical": lexical, "kb.nearest": nearest });
      return found.candidates;
    });
    const hits = await traced("search.fuse", {}, () =>
      fuse(session, generation, query, settings, candidates, vector, request.filters ?? {}),
    );
    const kept = hits.filter(({ match }) => match >= (request.threshold ?? 0));
    return {
      generation,
      settings,
      terms: new Set(question),
      hits: request.group === "passage" ? kept : bestOfItem(kept),
    };
  });
}

/** A question without a letter or digit has no vector. */
async function queryVector(indexer: Indexer, generation: Generation, query: string): Promise<Uint8Array | undefined> {
  if (!/[\p{L}\p{N}]/u.test(query)) return undefined;
  const embedder = await indexer.embedderOf(generation);
  const [vector] = await embedAll(embedder, [query], "query");
  return vectorBytes(atLength(vector as Float32Array, generation.dimensions));
}

async function fuse(
  session: Session,
  generation: Generation,
  query: LexicalQuery,
  settings: RankingSettings,
  candidates: readonly Candidate[],
  vector: Uint8Array | undefined,
  asked: SearchFilters,
): Promise<RankedHit[]> {
  if (candidates.length === 0) return [];
  const score = candidateScorer(query, settings);
  const lexical = new Map(candidates.map(({ id, termIds }) => [id, score(termIds)]));
  const worded = new Map([...lexical].filter(([, { total }]) => total > 0).map(([id, { total }]) => [id, total]));
  const cosines = new Map(candidates.flatMap(({ id, cosine }) => (cosine === null ? [] : [[id, cosine] as const])));
  const first = firstFusion(settings, worded, cosines);
  const feedback =
    vector === undefined || settings.feedbackPassages === 0 || settings.feedbackWeight === 0
      ? new Map<number, number>()
      : await feedbackScores(
          session,
          generation.id,
          candidates,
          byScore(first)
            .slice(0, settings.feedbackPassages)
            .map(([id]) => id),
        );
  const final =
    feedback.size === 0
      ? first
      : weightedSum([
          { scores: first, weight: 1 - settings.feedbackWeight },
          { scores: minMax(feedback), weight: settings.feedbackWeight },
        ]);
  const now = (asked.at === undefined ? Date.now() : Date.parse(asked.at)) / 1000;
  const timed =
    settings.recencyWeight === 0
      ? final
      : withRecency(final, new Map(candidates.map(({ id, occurredAt }) => [id, (now - occurredAt) / 3600])), {
          weight: settings.recencyWeight,
          halfLifeHours: settings.recencyHalfLifeHours,
        });
  const ranks = { lexical: ranksOf(worded), vector: ranksOf(cosines) };
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  return byScore(timed).map(([id, score]) => {
    const candidate = byId.get(id) as Candidate;
    const own = lexical.get(id) as LexicalScore;
    return {
      candidate,
      score,
      match: Math.min(1, Math.max(own.coverage, candidate.cosine ?? 0, 0)),
      explanation: {
        lexical: own.total,
        lexicalRank: ranks.lexical.get(id) ?? null,
        terms: query.terms.map(({ term, idf }, index) => ({ term, idf, score: own.byTerm[index] as number })),
        pairs: own.pairs,
        cosine: candidate.cosine,
        vectorRank: ranks.vector.get(id) ?? null,
        feedback: feedback.get(id) ?? null,
        fused: first.get(id) ?? 0,
      },
    };
  });
}

function firstFusion(
  settings: RankingSettings,
  worded: Map<number, number>,
  cosines: Map<number, number>,
): Map<number, number> {
  if (settings.mode === "lexical" || cosines.size === 0) return minMax(worded);
  if (settings.mode === "vector" || worded.size === 0) return minMax(cosines);
  if (settings.fusion === "rrf") return reciprocalRankFusion([worded, cosines], settings.rrfConstant);
  return weightedSum([
    { scores: minMax(worded), weight: 1 - settings.vectorWeight },
    { scores: minMax(cosines), weight: settings.vectorWeight },
  ]);
}

function ranksOf(scores: ReadonlyMap<number, number>): Map<number, number> {
  return new Map(byScore(scores).map(([id], index) => [id, index + 1]));
}

function bestOfItem(hits: readonly RankedHit[]): RankedHit[] {
  const seen = new Set<string>();
  return hits.filter(({ candidate }) => {
    if (seen.has(candidate.itemId)) return false;
    seen.add(candidate.itemId);
    return true;
  });
}
