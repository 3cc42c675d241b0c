import { type DemandSeries, rateAt } from "./demand/demand";

/**
 * Nodes that each step needs so that the objective is kept, by whoever knew the demand and had nodes at once.
 * @param sustainable Requests a second that a fleet of 1, 2, 3... nodes serves within the objective, ascending.
 */
export function nodesNeeded(
  demand: DemandSeries,
  sustainable: readonly number[],
  steps: number,
  stepSeconds: number,
): Float32Array {
  const need = new Float32Array(steps);
  for (let index = 0; index < steps; index++) {
    need[index] = nodesFor(rateAt(demand, index * stepSeconds), sustainable);
  }
  return need;
}

/** The smallest fleet that carries a rate; beyond the last one, its nodes' share for each further node. */
export function nodesFor(rate: number, sustainable: readonly number[]): number {
  if (rate <= 1e-9) return 0;
  const most = sustainable.at(-1)!;
  if (rate > most) return Math.ceil((rate * sustainable.length) / most - 1e-9);
  let low = 0;
  let high = sustainable.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sustainable[middle]! >= rate - 1e-9) high = middle;
    else low = middle + 1;
  }
  return low + 1;
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

/** What a group can come to at best that learns of demand as it comes. */
export interface CausalBound {
  /** Nodes that are paid for at each step. */
  readonly paid: Float32Array;
  /** Nodes that always stand, and factor on what has been seen. */
  readonly floor: number;
  readonly headroom: number;
  /** Share of requests that find no place, 0-1. */
  readonly lost: number;
}

/**
 * The cheapest group that knows the demand of this moment exactly, and its growth over the last three minutes, but not the future: a
 * node that it asks for serves a boot later. It keeps a number of nodes at all times and a factor of what it sees beyond these; of both
 * the cheapest pair is taken that loses no more than `tolerance` of the requests, where only those are lost that exceed the fleet's
 * rate. Real policies also wait for alarms, see noise, and lose more than the excess; they cannot do better without a forecast.
 */
export function causalBound(
  demand: DemandSeries,
  sustainable: readonly number[],
  steps: number,
  stepSeconds: number,
  bootSeconds: number,
  tolerance: number,
): CausalBound {
  const boot = Math.round(bootSeconds / stepSeconds);
  const back = Math.round(180 / stepSeconds);
  const rate = Float64Array.from({ length: steps }, (_, index) => rateAt(demand, index * stepSeconds));
  const seen = rate.map((value, index) => {
    const growth = index < back ? 0 : (value - rate[index - back]!) / back;
    return Math.max(0, value + Math.max(0, growth) * boot);
  });
  let total = 0;
  let highest = 0;
  for (const value of rate) {
    total += value;
    highest = Math.max(highest, value);
  }
  const rateOf = (nodes: number) =>
    nodes === 0 ? 0 : (sustainable[nodes - 1] ?? (sustainable.at(-1)! * nodes) / sustainable.length);
  const run = (floor: number, headroom: number, paid?: Float32Array) => {
    let lost = 0;
    let nodes = 0;
    let before = Math.max(floor, nodesFor(headroom * seen[0]!, sustainable));
    const wanted = new Uint16Array(steps);
    for (let index = 0; index < steps; index++) {
      wanted[index] = Math.max(floor, nodesFor(headroom * seen[index]!, sustainable));
      // The run begins on a group that fits.
      if (index >= boot) before = wanted[index - boot]!;
      const serving = index < boot ? Math.max(before, nodesFor(rate[index]!, sustainable)) : before;
      lost += Math.max(0, rate[index]! - rateOf(serving));
      const billed = Math.max(serving, wanted[index]!);
      nodes += billed;
      if (paid !== undefined) paid[index] = billed;
    }
    return { lost: total === 0 ? 0 : lost / total, nodes };
  };
  let best: { floor: number; headroom: number; nodes: number } | undefined;
  const most = nodesFor(highest, sustainable);
  for (let part = 0; part <= 20; part++) {
    const floor = Math.ceil((most * part) / 20);
    let [low, high] = [0, 4];
    if (run(floor, high).lost > tolerance) continue;
    for (let round = 0; round < 9; round++) {
      const middle = (low + high) / 2;
      if (run(floor, middle).lost <= tolerance) high = middle;
      else low = middle;
    }
    const { nodes } = run(floor, high);
    if (best === undefined || nodes < best.nodes) best = { floor, headroom: high, nodes };
  }
  const paid = new Float32Array(steps);
  const { floor, headroom } = best ?? { floor: most, headroom: 1 };
  return { paid, floor, headroom, lost: run(floor, headroom, paid).lost };
}
