import type { TierLimits } from "../../../catalog/serving-limits";

/** What a request costs a tier, as far as the router can tell. */
export interface Effort {
  readonly stream: boolean;
  /** A guess at the tokens of its prompt. */
  readonly promptTokens: number;
  /** Tokens that may be generated before an answer that is not streamed begins, one after the other. */
  readonly tokens: number;
}

/** A budget is missed when it has passed so many times: nobody waits for a tier that is much later than it promised. */
const budgetFactor = 3;
/** Milliseconds below which silence says nothing, whatever the budget: a connection, a pause of a collector. */
const leastMs = 100;
/** Milliseconds that every request costs beside its tokens before a tier may be blamed. */
const overheadMs = 500;
/** Margin over the catalogue's speeds. */
const margin = 2;

/** Milliseconds that an answer which is not streamed may take once its tier has begun. */
export function wholeAnswerMs({ stream, tokens }: Effort, { tokenMs }: TierLimits): number {
  return stream ? 0 : Math.ceil(margin * tokens * tokenMs);
}

/** Milliseconds until a tier's first byte, after which it counts as silent and is given up. */
export function firstByteMs(effort: Effort, limits: TierLimits): number {
  return limits.firstByteMs + wholeAnswerMs(effort, limits);
}

/**
 * Milliseconds of silence after which the other tier is asked beside the first: three times the latency budget; without one, half of a
 * deadline that leaves no time for more. Undefined: never.
 * @param leftMs Milliseconds until the request's deadline
 */
export function patienceMs(
  budgetMs: number | undefined,
  leftMs: number,
  effort: Effort,
  limits: TierLimits,
): number | undefined {
  const answerMs = wholeAnswerMs(effort, limits);
  if (budgetMs !== undefined) return Math.max(leastMs, budgetFactor * budgetMs) + answerMs;
  const half = leftMs / 2;
  return half < firstByteMs(effort, limits) && half >= fairMs(effort, limits) + answerMs ? half : undefined;
}

/** Milliseconds of silence from which a tier can be blamed for the end of a request. */
export function fairMs({ promptTokens }: Effort, { prefillMsPerToken }: TierLimits): number {
  return overheadMs + margin * promptTokens * prefillMsPerToken;
}
