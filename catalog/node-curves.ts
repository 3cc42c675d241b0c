import table from "./node-curves.generated.json";
import type { ServingModel } from "./serving-model";
import type { TierWorkload } from "./workload";

/**
 * What a node does at a rate of requests. Percentiles are of requests: 50th, 95th and 99th. The means satisfy Little's law:
 * requests on a node = rate x (mean first token + (answer tokens - 1) x mean interval).
 */
export interface CurvePoint {
  /** Requests a second and node. */
  readonly rate: number;
  /** Share of requests within both limits of the objective, 0-1. */
  readonly good: number;
  /** Milliseconds to the first token: mean, p50, p95, p99. */
  readonly firstToken: readonly [mean: number, p50: number, p95: number, p99: number];
  /** Milliseconds between two tokens of an answer: mean, p50, p95, p99. */
  readonly interToken: readonly [mean: number, p50: number, p95: number, p99: number];
  /** Requests on the node that wait for a place in its batch. */
  readonly waiting: number;
  /** Share of time in which the GPU works, 0-1. */
  readonly busy: number;
  /** Share of the KV cache in use, 0-1. */
  readonly kv: number;
}

/** Fit of one kind of node to the reference, for fleets of several sizes behind a balancer by least outstanding requests. */
export interface NodeCurve {
  /** Requests a second at which the node can do no more. */
  readonly maxRate: number;
  /** Tokens of the mean answer. */
  readonly outputTokens: number;
  /** Sizes ascending, points of each by rate. */
  readonly sizes: readonly { readonly nodes: number; readonly points: readonly CurvePoint[] }[];
}

/** Share of requests that the objective asks for. */
export const objectiveShare = 0.99;

/** Everything that a curve depends on, as one text. */
export function curveKey(serving: ServingModel, workload: TierWorkload): string {
  const { itlBaseMs, itlPerSequenceMs, prefillTokensPerSecond, maxSequences, kvTokens, adapterSlots, adapterCount } =
    serving;
  const { inputTokens, cachedInputShare, outputTokens, lengthSpread = 0, slo } = workload;
  return [
    itlBaseMs.toFixed(3),
    itlPerSequenceMs.toFixed(4),
    prefillTokensPerSecond.toFixed(0),
    maxSequences,
    kvTokens,
    Math.min(adapterSlots, adapterCount),
    adapterCount,
    inputTokens,
    cachedInputShare,
    outputTokens,
    lengthSpread,
    slo.ttftMs,
    slo.itlMs,
  ].join("/");
}

/** The committed curve of a node; undefined where nobody has fitted one. */
export function findCurve(serving: ServingModel, workload: TierWorkload): NodeCurve | undefined {
  const curves = table as unknown as Readonly<Record<string, NodeCurve>>;
  return curves[curveKey(serving, workload)];
}

/** What a node does at a rate, in a fleet of a size: between the fitted rates and sizes in straight lines. */
export function pointAt(curve: NodeCurve, nodes: number, rate: number): CurvePoint {
  const { sizes } = curve;
  const above = sizes.findIndex((size) => size.nodes >= nodes);
  if (above === 0) return along(sizes[0]!.points, rate);
  if (above < 0) return along(sizes.at(-1)!.points, rate);
  const [small, large] = [sizes[above - 1]!, sizes[above]!];
  const share = Math.log(nodes / small.nodes) / Math.log(large.nodes / small.nodes);
  return mixed(along(small.points, rate), along(large.points, rate), share);
}

/** Requests on a node, running and waiting, at a rate. */
export function outstandingAt(curve: NodeCurve, point: CurvePoint): number {
  return (point.rate * (point.firstToken[0] + (curve.outputTokens - 1) * point.interToken[0])) / 1000;
}

/** Requests a second and node at which a fleet of a size still keeps the objective for 99 % of requests. */
export function sustainableRate(curve: NodeCurve, nodes: number): number {
  let low = 0;
  let high = curve.sizes[0]!.points.at(-1)!.rate;
  for (let round = 0; round < 24; round++) {
    const middle = (low + high) / 2;
    if (pointAt(curve, nodes, middle).good >= objectiveShare) low = middle;
    else high = middle;
  }
  return low;
}

function along(points: readonly CurvePoint[], rate: number): CurvePoint {
  let low = 0;
  let high = points.length - 1;
  if (rate <= points[low]!.rate) return { ...points[low]!, rate };
  if (rate >= points[high]!.rate) return { ...points[high]!, rate };
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]!.rate <= rate) low = middle;
    else high = middle;
  }
  const [a, b] = [points[low]!, points[high]!];
  return mixed(a, b, (rate - a.rate) / (b.rate - a.rate));
}

/** The point that lies a share of the way from one to another. */
export function mixed(a: CurvePoint, b: CurvePoint, share: number): CurvePoint {
  const of = (x: number, y: number) => x + (y - x) * share;
  const all = (x: CurvePoint["firstToken"], y: CurvePoint["firstToken"]): CurvePoint["firstToken"] => [
    of(x[0], y[0]),
    of(x[1], y[1]),
    of(x[2], y[2]),
    of(x[3], y[3]),
  ];
  return {
    rate: of(a.rate, b.rate),
    good: of(a.good, b.good),
    firstToken: all(a.firstToken, b.firstToken),
    interToken: all(a.interToken, b.interToken),
    waiting: of(a.waiting, b.waiting),
    busy: of(a.busy, b.busy),
    kv: of(a.kv, b.kv),
  };
}
