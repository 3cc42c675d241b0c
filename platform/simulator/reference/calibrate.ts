import { type CurvePoint, type NodeCurve, objectiveShare } from "../../../catalog/node-curves";
import type { ServingModel } from "../../../catalog/serving-model";
import type { TierWorkload } from "../../../catalog/workload";
import { arrivals, goodShare, quantile, runReference } from "./fleet";

export interface CalibrationOptions {
  /** Fleet sizes that the curve is fitted at. @default 1, 2, 4, 8, 16 and 32 */
  readonly sizes?: readonly number[];
  /** Requests of a run with one node; a run with n nodes takes the square root of n times as many. @default 24000 */
  readonly requests?: number;
  /** @default 7 */
  readonly seed?: number;
}

/** Shares of the highest rate that every curve has a point at; more are put where the objective is lost. */
const shares = [
  0.02, 0.035, 0.05, 0.075, 0.1, 0.14, 0.18, 0.22, 0.26, 0.3, 0.34, 0.38, 0.42, 0.46, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75,
  0.8, 0.85, 0.9, 0.95,
];

/** Fits the fast model to the reference: runs the same requests, closer together from run to run, on fleets of several sizes. */
export function calibrate(serving: ServingModel, workload: TierWorkload, options: CalibrationOptions = {}): NodeCurve {
  const { sizes = [1, 2, 4, 8, 16, 32], requests = 24_000, seed = 7 } = options;
  const maxRate = highestRate(serving, workload, Math.min(requests, 4000), seed);
  return {
    maxRate: round(maxRate),
    outputTokens: workload.outputTokens,
    sizes: sizes.map((nodes) => {
      const count = Math.round(requests * Math.sqrt(nodes));
      const measure = (rate: number) => measurePoint(serving, workload, nodes, rate, count, seed);
      const points = shares.map((share) => measure(share * maxRate));
      // Where the share falls below the objective and then steeply, a straight line would be too coarse.
      for (let round = 0; round < 8; round++) {
        const at = widestGap(points);
        if (at === undefined) break;
        points.splice(at, 0, measure((points[at - 1]!.rate + points[at]!.rate) / 2));
      }
      return { nodes, points: monotone(points) };
    }),
  };
}

/** Index of the point before which another is needed most; undefined where the curve is fine enough. */
function widestGap(points: readonly CurvePoint[]): number | undefined {
  const edge = points.findIndex(({ good }) => good < objectiveShare);
  if (edge > 0 && points[edge]!.rate - points[edge - 1]!.rate > 0.04 * points[edge]!.rate) return edge;
  let best: number | undefined;
  let most = 0.12;
  for (let index = 1; index < points.length; index++) {
    const fall = points[index - 1]!.good - points[index]!.good;
    if (fall > most) [best, most] = [index, fall];
  }
  return best;
}

/** Chance may let a higher rate look better; it is not. */
function monotone(points: readonly CurvePoint[]): CurvePoint[] {
  let good = 1;
  return points.map((point) => {
    good = Math.min(good, point.good);
    return { ...point, good };
  });
}

/** Requests a second of a node that always has more to do. */
function highestRate(serving: ServingModel, workload: TierWorkload, count: number, seed: number): number {
  const requests = arrivals({ rate: 1e6, count, workload, adapters: serving.adapterCount, seed });
  const { answers } = runReference([serving], requests, 0);
  const ends = answers.map(({ finishedAt }) => finishedAt).sort((a, b) => a - b);
  const [from, to] = [Math.floor(ends.length * 0.2), Math.floor(ends.length * 0.8)];
  return (to - from) / (ends[to]! - ends[from]!);
}

function measurePoint(
  serving: ServingModel,
  workload: TierWorkload,
  nodes: number,
  rate: number,
  count: number,
  seed: number,
): CurvePoint {
  const requests = arrivals({ rate: rate * nodes, count, workload, adapters: serving.adapterCount, seed });
  const result = runReference(
    Array.from({ length: nodes }, () => serving),
    requests,
  );
  const first = result.answers.map(({ firstTokenMs }) => firstTokenMs);
  const inter = result.answers.map(({ interTokenMs }) => interTokenMs);
  const summary = (values: readonly number[]): CurvePoint["firstToken"] => [
    round(values.reduce((sum, value) => sum + value, 0) / values.length),
    round(quantile(values, 0.5)),
    round(quantile(values, 0.95)),
    round(quantile(values, 0.99)),
  ];
  return {
    rate: round(rate),
    good: round(goodShare(result.answers, workload)),
    firstToken: summary(first),
    interToken: summary(inter),
    waiting: round(result.waiting),
    busy: round(result.busy),
    kv: round(result.kvShare),
  };
}

/** Four digits: what chance leaves certain. */
const round = (value: number): number => Number(value.toPrecision(4));
