/**
 * The arithmetic of EC2 Auto Scaling, one rule per function, without state. Sources: the EC2 Auto Scaling User Guide (target
 * tracking, step scaling, purchase options) and recorded scaling events of real groups.
 */

/** Limits a capacity to the group's bounds. */
export function clamp(capacity: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, capacity));
}

/**
 * Capacity at which a metric that is inversely proportional to capacity would stand at its target.
 * Rounded up, so that 1.5 more become two more and 1.5 fewer become one fewer.
 */
export function targetTrackingCapacity(capacity: number, metric: number, target: number): number {
  return Math.ceil(capacity * (metric / target) - 1e-9);
}

export type AdjustmentType = "ChangeInCapacity" | "ExactCapacity" | "PercentChangeInCapacity";

/** One step: bounds relative to the alarm's threshold, null for no bound. */
export interface StepAdjustment {
  readonly lower: number | null;
  readonly upper: number | null;
  readonly adjustment: number;
}

/**
 * The step that a breach falls into: above the threshold the lower bound belongs to the step and the upper does not, below
 * the threshold it is the other way round. Undefined when no step covers it.
 */
export function findStep(
  steps: readonly StepAdjustment[],
  metric: number,
  threshold: number,
): StepAdjustment | undefined {
  const breach = metric - threshold;
  const above = (step: StepAdjustment) =>
    step.lower === null || (breach >= 0 ? breach >= step.lower : breach > step.lower);
  const below = (step: StepAdjustment) =>
    step.upper === null || (breach >= 0 ? breach < step.upper : breach <= step.upper);
  return steps.find((step) => above(step) && below(step));
}

/** Rounds a percentage of the capacity as EC2 Auto Scaling does: 12.7 to 12, 0.67 to 1, -0.58 to -1, -6.67 to -6. */
export function roundPercentChange(change: number): number {
  if (change > 0 && change < 1) return 1;
  if (change < 0 && change > -1) return -1;
  return Math.trunc(change);
}

/**
 * Capacity after one step adjustment, before the group's bounds.
 * @param minMagnitude Least number of instances that a percentage changes. @default 0
 */
export function stepCapacity(capacity: number, type: AdjustmentType, adjustment: number, minMagnitude = 0): number {
  if (type === "ExactCapacity") return adjustment;
  if (type === "ChangeInCapacity") return Math.max(0, capacity + adjustment);
  const rounded = roundPercentChange((capacity * adjustment) / 100);
  const change = Math.abs(rounded) < minMagnitude && adjustment !== 0 ? Math.sign(adjustment) * minMagnitude : rounded;
  return Math.max(0, capacity + change);
}

/** How many of a group's instances are on demand and how many spot. */
export interface PurchaseSplit {
  readonly onDemand: number;
  readonly spot: number;
}

/** Splits a capacity: the base first, then the percentage above it, a fraction rounded up in favour of on demand. */
export function purchaseSplit(capacity: number, base: number, percentAboveBase: number): PurchaseSplit {
  const above = Math.max(0, capacity - base);
  const onDemand = Math.min(capacity, base) + Math.ceil((above * percentAboveBase) / 100 - 1e-9);
  return { onDemand, spot: capacity - onDemand };
}
