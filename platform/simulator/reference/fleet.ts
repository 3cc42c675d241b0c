import type { TierWorkload } from "../../../catalog/workload";
import { Random } from "../random";
import { type ReferenceAnswer, ReferenceNode, type ReferenceRequest, type ReferenceSpeed } from "./node";

/** Requests that come independently of each other. */
export interface ArrivalOptions {
  /** Requests a second. */
  readonly rate: number;
  readonly count: number;
  readonly workload: TierWorkload;
  /** Adapters that are asked for; how often each is follows Zipf's law. @default 1 */
  readonly adapters?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** Draws requests. Gaps, lengths and adapters have streams of their own, so that another rate shifts times and nothing else. */
export function arrivals({ rate, count, workload, adapters = 1, seed = 1 }: ArrivalOptions): ReferenceRequest[] {
  const random = new Random(seed);
  const [gaps, lengths, names] = [random.fork("gaps"), random.fork("lengths"), random.fork("adapters")];
  const weights = Array.from({ length: adapters }, (_, index) => 1 / (index + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const spread = workload.lengthSpread ?? 0;
  const length = (mean: number) => Math.max(1, Math.round(mean * lengths.factor(spread)));
  let now = 0;
  return Array.from({ length: count }, () => {
    now += gaps.exponential(1 / rate);
    const inputTokens = length(workload.inputTokens);
    const adapter = pick(weights, names.next() * total);
    return {
      arrivedAt: now,
      inputTokens,
      cachedTokens: Math.floor(inputTokens * workload.cachedInputShare),
      outputTokens: length(workload.outputTokens),
      adapter,
    };
  });
}

/** Index of the weight that a share of their sum falls into. */
function pick(weights: readonly number[], share: number): number {
  let left = share;
  for (let index = 0; index < weights.length; index++) {
    left -= weights[index]!;
    if (left <= 0) return index;
  }
  return weights.length - 1;
}

/** What a run of the reference measured. */
export interface ReferenceResult {
  readonly answers: readonly ReferenceAnswer[];
  /** Requests a second that were answered, warm-up and end left out. */
  readonly throughput: number;
  /** Means over time and nodes. */
  readonly running: number;
  readonly waiting: number;
  /** Share of time in which iterations ran, 0-1. */
  readonly busy: number;
  readonly kvShare: number;
  readonly preemptions: number;
  /** Answers by the node that gave them. */
  readonly byNode: readonly (readonly ReferenceAnswer[])[];
}

/**
 * Replays requests on nodes behind a balancer that gives each to the node with the fewest outstanding requests.
 * @param leaveOut Share of the run's start that is not counted, while nodes fill. @default 0.2
 */
export function runReference(
  speeds: readonly ReferenceSpeed[],
  requests: readonly ReferenceRequest[],
  leaveOut = 0.2,
): ReferenceResult {
  const nodes = speeds.map((speed) => new ReferenceNode(speed));
  let turn = 0;
  for (const request of requests) {
    for (const node of nodes) node.advance(request.arrivedAt);
    let best = nodes[turn % nodes.length]!;
    // Ties go round, as a balancer spreads them.
    for (let offset = 1; offset < nodes.length; offset++) {
      const node = nodes[(turn + offset) % nodes.length]!;
      if (node.outstanding < best.outstanding) best = node;
    }
    turn++;
    best.submit(request);
  }
  const end = requests.at(-1)?.arrivedAt ?? 0;
  const sum = (of: (node: ReferenceNode) => number) => nodes.reduce((all, node) => all + of(node), 0);
  const [running, waiting, busy, kv] = [
    sum((node) => node.runningSeconds),
    sum((node) => node.waitingSeconds),
    sum((node) => node.busySeconds),
    sum((node) => node.kvSeconds),
  ];
  const answeredBy = sum((node) => node.answers.length);
  for (const node of nodes) node.advance(Number.POSITIVE_INFINITY);
  const seconds = Math.max(end, 1e-9) * nodes.length;
  const settled = (answers: readonly ReferenceAnswer[]) =>
    answers.filter(({ arrivedAt }) => arrivedAt >= leaveOut * end);
  return {
    answers: settled(nodes.flatMap((node) => node.answers)),
    throughput: answeredBy / Math.max(end, 1e-9),
    running: running / seconds,
    waiting: waiting / seconds,
    busy: Math.min(1, busy / seconds),
    kvShare: kv / seconds,
    preemptions: sum((node) => node.preemptions),
    byNode: nodes.map((node) => settled(node.answers)),
  };
}

/** The value below which a share (0-1) of values lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Share of answers within both limits of the objective, 0-1; 1 of none. */
export function goodShare(answers: readonly ReferenceAnswer[], { slo }: Pick<TierWorkload, "slo">): number {
  if (answers.length === 0) return 1;
  return (
    answers.filter(({ firstTokenMs, interTokenMs }) => firstTokenMs <= slo.ttftMs && interTokenMs <= slo.itlMs).length /
    answers.length
  );
}
