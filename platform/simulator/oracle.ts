import { type DemandSeries, rateAt } from "./demand/demand";

/**
 * Nodes that each step needs so that every request keeps the SLO, by whoever knew the demand and had nodes at once.
 * @param sloRate Requests a second that one node serves within the SLO.
 */
export function nodesNeeded(demand: DemandSeries, sloRate: number, steps: number, stepSeconds: number): Float32Array {
  const need = new Float32Array(steps);
  for (let index = 0; index < steps; index++) {
    need[index] = Math.ceil(rateAt(demand, index * stepSeconds) / sloRate - 1e-9);
  }
  return need;
}

/** Nodes to pay for when each has to be launched `leadSteps` before it serves: the most that is needed from now to then. */
export function withLead(need: Float32Array, leadSteps: number): Float32Array {
  const result = new Float32Array(need.length);
  // Indexes of candidates for the maximum of the window ahead, their needs falling.
  const window = new Int32Array(need.length);
  let head = 0;
  let tail = 0;
  let taken = 0;
  for (let index = 0; index < need.length; index++) {
    for (; taken < need.length && taken <= index + leadSteps; taken++) {
      while (tail > head && need[window[tail - 1]!]! <= need[taken]!) tail--;
      window[tail++] = taken;
    }
    while (window[head]! < index) head++;
    result[index] = need[window[head]!]!;
  }
  return result;
}

/** How long capacity stayed below what was needed. */
export interface Lag {
  /** Share of all steps in which fewer nodes served than were needed, 0-1. */
  readonly shortShare: number;
  /** Times that this happened. */
  readonly episodes: number;
  /** Seconds that such a time lasted, at the 95th percentile and at most. */
  readonly p95Seconds: number;
  readonly longestSeconds: number;
}

/** Measures the lag of a run behind the oracle that has nodes at once. */
export function measureLag(ready: Float32Array, need: Float32Array, stepSeconds: number): Lag {
  const lengths: number[] = [];
  let short = 0;
  let length = 0;
  for (let index = 0; index < ready.length; index++) {
    if (ready[index]! < need[index]!) {
      short++;
      length++;
    } else if (length > 0) {
      lengths.push(length);
      length = 0;
    }
  }
  if (length > 0) lengths.push(length);
  lengths.sort((a, b) => a - b);
  const at = (share: number) => (lengths[Math.max(0, Math.ceil(share * lengths.length) - 1)] ?? 0) * stepSeconds;
  return {
    shortShare: ready.length === 0 ? 0 : short / ready.length,
    episodes: lengths.length,
    p95Seconds: at(0.95),
    longestSeconds: at(1),
  };
}
