import type { GpuTier } from "../../../contracts/archetypes";

/** What the choice knows of a tier. */
export interface TierView {
  readonly tier: GpuTier;
  /** False while its breaker is open. */
  readonly admits: boolean;
  /** True while it is open for silence alone: the tier may still be asked after all others. */
  readonly silent?: boolean;
  /** True while it said that it is full, or has no node. */
  readonly busy: boolean;
  /** True when it serves the model without falling back to its base; undefined when it has not said yet. */
  readonly holds: boolean | undefined;
}

/** Milliseconds below which only Gold answers in time. Source: the product's routing table. */
export const goldBudgetMs = 100;

/** The tier that a latency budget asks for: below 100 ms Gold; anything longer, and no budget, Silver. */
export function tierForBudget(budgetMs: number | undefined): GpuTier {
  return budgetMs !== undefined && budgetMs < goldBudgetMs ? "gold" : "silver";
}

/**
 * The tiers to ask, in order. The budget's tier comes first; a tier that holds the model's adapter goes before one that would fall
 * back, unless the budget leaves no choice; full ones come later, then those that are silent; others with an open breaker are left out.
 */
export function tierOrder(budgetMs: number | undefined, tiers: readonly TierView[]): GpuTier[] {
  const wanted = tierForBudget(budgetMs);
  const rank = ({ tier, admits, busy, holds }: TierView): number =>
    (admits ? 0 : 8) + (busy ? 4 : 0) + (holds === false && wanted !== "gold" ? 2 : 0) + (tier === wanted ? 0 : 1);
  return tiers
    .filter(({ admits, silent }) => admits || silent === true)
    .sort((a, b) => rank(a) - rank(b))
    .map(({ tier }) => tier);
}
