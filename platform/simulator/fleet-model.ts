import type { InstanceTypeName } from "../../catalog/instance-types";
import {
  type CurvePoint,
  findCurve,
  mixed,
  type NodeCurve,
  objectiveShare,
  outstandingAt,
  pointAt,
} from "../../catalog/node-curves";
import type { ServingModel } from "../../catalog/serving-model";
import type { TierWorkload } from "../../catalog/workload";
import { calibrate } from "./reference/calibrate";

/** One kind of node of a fleet. */
export interface NodeKind {
  readonly type: InstanceTypeName;
  readonly serving: ServingModel;
  readonly curve: NodeCurve;
}

/** A curve fitted here and now: where a trace brings token lengths, or a config an engine, that nobody fitted before. */
const fitted = new WeakMap<TierWorkload, Map<string, NodeCurve>>();

/** The curve of a node: the committed one, or a coarser one that is fitted now, which takes a second or two. */
export function curveOf(serving: ServingModel, workload: TierWorkload): NodeCurve {
  const committed = findCurve(serving, workload);
  if (committed !== undefined) return committed;
  const known = fitted.get(workload) ?? new Map<string, NodeCurve>();
  fitted.set(workload, known);
  const key = JSON.stringify(serving);
  const curve = known.get(key) ?? calibrate(serving, workload, { sizes: [1, 8], requests: 3000 });
  known.set(key, curve);
  return curve;
}

/** What a fleet does at a rate of requests for all of it; rates ascending, one entry of every list per rate. */
export interface FleetTable {
  /** Requests a second that it can take. */
  readonly maxRate: number;
  /** Requests a second at which it still keeps the objective. */
  readonly sloRate: number;
  readonly rates: Float64Array;
  readonly good: Float64Array;
  /** Milliseconds to the first token. */
  readonly first: readonly [mean: Float64Array, p50: Float64Array, p95: Float64Array, p99: Float64Array];
  /** Mean milliseconds between two tokens. */
  readonly inter: Float64Array;
  /** Mean over nodes: requests running and waiting on a node, those that wait, share of time busy, share of KV cache. */
  readonly outstanding: Float64Array;
  readonly waiting: Float64Array;
  readonly busy: Float64Array;
  readonly kv: Float64Array;
}

/** Entries of a table. */
const entries = 128;

/**
 * A fleet behind a balancer that gives every request to the node with the fewest outstanding ones. Fast and slow nodes then have
 * equally many, so that each takes the rate at which it has that many, and the slow ones lose the objective first.
 */
export class FleetModel {
  readonly #tables = new Map<string, FleetTable>();

  constructor(readonly kinds: readonly NodeKind[]) {}

  /** What a fleet of so many nodes of each kind does. */
  table(counts: readonly number[]): FleetTable {
    const key = counts.join();
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const made = tableOf(this.kinds, counts);
    this.#tables.set(key, made);
    return made;
  }
}

function tableOf(kinds: readonly NodeKind[], counts: readonly number[]): FleetTable {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const used = kinds.flatMap(({ curve }, index) => {
    const count = counts[index] ?? 0;
    return count === 0 ? [] : [{ curve, count, profile: profileOf(curve, total) }];
  });
  const levels = Math.max(...used.map(({ profile }) => profile.at(-1)!.level));
  const rows = Array.from({ length: entries }, (_, index) => {
    // Finer where a fleet is not full: there the objective is lost.
    const level = levels * (index / (entries - 1)) ** 2;
    const parts = used.map(({ count, profile }) => ({ count, point: atLevel(profile, level) }));
    const rate = parts.reduce((sum, { count, point }) => sum + count * point.rate, 0);
    const byRequest = (of: (point: CurvePoint) => number) =>
      rate === 0
        ? of(parts[0]!.point)
        : parts.reduce((sum, { count, point }) => sum + count * point.rate * of(point), 0) / rate;
    const byNode = (of: (point: CurvePoint) => number) =>
      parts.reduce((sum, { count, point }) => sum + count * of(point), 0) / total;
    return { rate, level, byRequest, byNode };
  });
  const column = (of: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, of);
  const rates = column(({ rate }) => rate);
  const good = column(({ byRequest }) => byRequest((point) => point.good));
  return {
    maxRate: used.reduce((sum, { curve, count }) => sum + count * curve.maxRate, 0),
    sloRate: crossing(rates, good),
    rates,
    good,
    first: [0, 1, 2, 3].map((place) =>
      column(({ byRequest }) => byRequest((point) => point.firstToken[place as 0 | 1 | 2 | 3])),
    ) as unknown as FleetTable["first"],
    inter: column(({ byRequest }) => byRequest((point) => point.interToken[0])),
    outstanding: column(({ level }) => level),
    waiting: column(({ byNode }) => byNode((point) => point.waiting)),
    busy: column(({ byNode }) => byNode((point) => point.busy)),
    kv: column(({ byNode }) => byNode((point) => point.kv)),
  };
}

/** A node's points with the requests on it, which never fall as the rate grows. */
type Profile = readonly { readonly level: number; readonly point: CurvePoint }[];

function profileOf(curve: NodeCurve, nodes: number): Profile {
  let level = 0;
  const highest = curve.sizes.at(-1)!.points.at(-1)!.rate;
  return Array.from({ length: 200 }, (_, index) => {
    const point = pointAt(curve, nodes, (highest * index) / 199);
    level = Math.max(level, outstandingAt(curve, point));
    return { level, point };
  });
}

function atLevel(profile: Profile, level: number): CurvePoint {
  let low = 0;
  let high = profile.length - 1;
  if (level >= profile[high]!.level) return profile[high]!.point;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (profile[middle]!.level <= level) low = middle;
    else high = middle;
  }
  const [a, b] = [profile[low]!, profile[high]!];
  const share = b.level === a.level ? 0 : (level - a.level) / (b.level - a.level);
  return mixed(a.point, b.point, share);
}

/** The rate at which the share falls through the objective. */
function crossing(rates: Float64Array, good: Float64Array): number {
  const lost = good.findIndex((share) => share < objectiveShare);
  if (lost === -1) return rates.at(-1)!;
  if (lost === 0) return 0;
  const share = (good[lost - 1]! - objectiveShare) / (good[lost - 1]! - good[lost]!);
  return rates[lost - 1]! + (rates[lost]! - rates[lost - 1]!) * share;
}

/** A place between two entries of a table's rates. */
export interface Place {
  index: number;
  share: number;
}

/** Finds a rate in a table; beyond its ends the end itself. @param place Filled in and given back. */
export function placeOf({ rates }: FleetTable, rate: number, place: Place): Place {
  let low = 0;
  let high = rates.length - 1;
  if (rate >= rates[high]!) {
    place.index = high - 1;
    place.share = 1;
    return place;
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rates[middle]! <= rate) low = middle;
    else high = middle;
  }
  place.index = low;
  const width = rates[high]! - rates[low]!;
  place.share = width <= 0 ? 0 : Math.max(0, (rate - rates[low]!) / width);
  return place;
}

/** The value of a column at a place. */
export const valueAt = (column: Float64Array, { index, share }: Place): number =>
  column[index]! + (column[index + 1]! - column[index]!) * share;
