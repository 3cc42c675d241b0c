/** What players ask of a tier, and what they are promised. */
export interface TierWorkload {
  /** Requests that one connected player causes in a minute. */
  readonly requestsPerPlayerMinute: number;
  readonly inputTokens: number;
  /** Share of the prompt that the engine has in its prefix cache, 0-1: the character sheet is the same for every turn. */
  readonly cachedInputShare: number;
  readonly outputTokens: number;
  /** Coefficient of variation of both lengths around their means, log-normal; 0 for equal lengths. @default 0 */
  readonly lengthSpread?: number;
  /** Seconds after which a waiting request is given up by who sent it. */
  readonly patienceSeconds: number;
  readonly slo: {
    /** Milliseconds from arrival to the first token. */
    readonly ttftMs: number;
    /** Milliseconds between two tokens. */
    readonly itlMs: number;
  };
}
export type Workload = Readonly<Record<"gold" | "silver", TierWorkload>>;

/**
 * Assumptions, not measurements. Answer lengths are those of the public Azure conversation trace (median 129, mean 211 tokens);
 * the limits are the product's (Gold under 16 ms a token, Silver under 100 ms; story services wait 30 s for a model); the rates
 * per player make 10,000 players need what the product's sizing table says, 25 to 50 Gold and 15 to 30 Silver nodes.
 */
export const defaultWorkload: Workload = {
  gold: {
    requestsPerPlayerMinute: 1.2,
    inputTokens: 600,
    cachedInputShare: 0.5,
    outputTokens: 120,
    patienceSeconds: 30,
    slo: { ttftMs: 500, itlMs: 16 },
  },
  silver: {
    requestsPerPlayerMinute: 0.3,
    inputTokens: 900,
    cachedInputShare: 0.5,
    outputTokens: 150,
    patienceSeconds: 30,
    slo: { ttftMs: 1000, itlMs: 100 },
  },
};
