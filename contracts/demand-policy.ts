/**
 * The policy on demand over nodes, in plain values: the stack declares it, and the simulator compares it with others.
 *
 * Load is requests a minute and node, with room for chance and with what waits, which is to be worked off within a minute. It halves
 * when the nodes double, which target tracking assumes and which neither utilisation nor a queue does.
 */

/** Series of the expression: ids, statistics, and the metric of `contracts/metrics.ts` behind each. */
export const demandSeries = [
  { id: "demand", metric: "demand", stat: "Sum" },
  // Nodes by their heartbeats, whose sum is the seconds in which they served.
  { id: "beats", metric: "heartbeat", stat: "Sum" },
  { id: "queue", metric: "queueDepth", stat: "Average" },
] as const;

/** What the config need not say. */
export const demandDefaults = {
  /** Nodes per square root of requests a second that chance is given. */
  spread: 1,
  /** Percent of the target below which a group shrinks, measured on one node less than it has. */
  scaleInBelow: 95,
  /** Minutes that demand has to stay below. */
  scaleInMinutes: 3,
} as const;

/** Seconds of a datapoint of the alarm that shrinks a group. */
export const scaleInPeriodSeconds = 60;

const round = (value: number): number => Math.round(value * 1000) / 1000;

/**
 * CloudWatch metric math of the load.
 * @param periodSeconds Of every series. @param nodesLess Nodes fewer than serve, to see what a smaller group would carry. @default 0
 */
export function demandExpression(spread: number, periodSeconds: number, nodesLess = 0): string {
  const nodes = nodesLess === 0 ? "beats" : `(beats - ${nodesLess * periodSeconds})`;
  return `60 * (demand + ${round(spread * Math.sqrt(periodSeconds))} * demand ^ 0.5) / ${nodes} + queue`;
}

/** Percent below the threshold at which a step begins, and percent of its nodes that the group then gives up. */
const steps = [
  { below: 0, remove: 5 },
  { below: 10, remove: 12 },
  { below: 25, remove: 25 },
  { below: 45, remove: 45 },
] as const;

/** The threshold of the load of one node less, and the steps below it, the deepest first; bounds are relative to it. */
export function demandScaleIn(
  target: number,
  scaleInBelow: number,
): {
  readonly threshold: number;
  readonly steps: readonly { readonly lower?: number; readonly upper: number; readonly adjustment: number }[];
} {
  const threshold = round((target * scaleInBelow) / 100);
  const bound = (below: number) => (below === 0 ? 0 : -round((threshold * below) / 100));
  return {
    threshold,
    steps: steps
      .map(({ below, remove }, index) => {
        const next = steps[index + 1];
        return { lower: next && bound(next.below), upper: bound(below), adjustment: -remove };
      })
      .reverse(),
  };
}

/** Requests a minute and node that a fleet gets where its policy is content: the target less the room for chance. */
export function contentRate(target: number, spread: number, nodes: number): number {
  const root = (-spread + Math.sqrt(spread * spread + (4 * nodes * target) / 60)) / 2;
  return (60 * root * root) / nodes;
}
