import type { Chain, ChainStep } from "../../../contracts/chains";
import { type Allowed, longestJson } from "./parts";

/** How fast the engine of this node is, as the catalogue has it: inter-token latency = tokenMs + tokenMsPerSequence x batch. */
export interface Pace {
  readonly tokenMs: number;
  readonly tokenMsPerSequence: number;
  readonly prefillTokensPerSecond: number;
  /** Streams in a full batch. */
  readonly sequences: number;
}

/** Milliseconds of a step where the engine's speed is not known. */
const unknownPaceMs = 60_000;
/** A step may take so many times what it should: a limit is there to end what hangs, not what is slow for a moment. */
const slack = { prefill: 3, tokens: 1.5, waitMs: 250 } as const;
/** Characters per token of JSON; grammars force many tokens of one character. */
const jsonCharactersPerToken = 2.5;

/** Tokens that a step is allowed. */
export function mostTokens(step: ChainStep, allowed: Allowed): number {
  // A tokenizer of bytes needs as many tokens as characters; the grammar ends the object long before.
  return step.maxTokens ?? (step.gives === "text" ? 1 : longestJson(step.gives, allowed) + 8);
}

/** Tokens that a step should need at most. */
function expectedTokens(step: ChainStep, allowed: Allowed): number {
  if (step.gives === "text") return step.maxTokens!;
  return Math.ceil(
    Math.min(step.maxTokens ?? Number.POSITIVE_INFINITY, longestJson(step.gives, allowed) / jsonCharactersPerToken),
  );
}

const prefillMs = (pace: Pace, tokens: number) => (1000 * tokens) / pace.prefillTokensPerSecond;
const tokensMs = (pace: Pace, tokens: number, batch: number) =>
  tokens * (pace.tokenMs + pace.tokenMsPerSequence * batch);

/**
 * Milliseconds after which a step is given up: what the chain says, else what the step takes on this node's engine with a full batch,
 * and half as much again.
 */
export function stepLimitMs(step: ChainStep, allowed: Allowed, promptTokens: number, pace: Pace | undefined): number {
  if (step.deadlineMs !== undefined) return step.deadlineMs;
  if (pace === undefined) return unknownPaceMs;
  const tokens = tokensMs(pace, expectedTokens(step, allowed), pace.sequences);
  return Math.round(slack.waitMs + slack.prefill * prefillMs(pace, promptTokens) + slack.tokens * tokens);
}

/**
 * Milliseconds until a chain's first part on this node: the sooner of its data, which run side by side, or of its words where it has
 * none. Undefined where the engine's speed is not known.
 * @param batch Streams that the engine has now.
 */
export function firstPartMs(
  { steps }: Chain,
  allowed: Allowed,
  promptTokens: number,
  pace: Pace | undefined,
  batch: number,
): number | undefined {
  if (pace === undefined) return undefined;
  const data = steps.filter(({ gives }) => gives !== "text").map((step) => expectedTokens(step, allowed));
  const tokens = data.length === 0 ? 1 : Math.min(...data);
  return Math.round(prefillMs(pace, promptTokens) + tokensMs(pace, tokens, batch + Math.max(1, data.length)));
}
