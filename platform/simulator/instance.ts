export type Market = "onDemand" | "spot";

/**
 * Where an instance is in its life. `booting` covers Pending and Pending:Wait, `draining` Terminating:Wait and the two minutes
 * of a spot notice, `preparing` and `pooled` the Warmed states.
 */
export type InstanceState = "booting" | "inService" | "draining" | "preparing" | "pooled";

/** One instance; all times are seconds since the start of the run, Infinity for never or for a group that does not heed it. */
export interface Instance {
  readonly market: Market;
  /** Index of its type in the group's list. */
  readonly kind: number;
  state: InstanceState;
  launchedAt: number;
  inServiceAt: number;
  readyAt: number;
  /** When it leaves: end of draining, end of preparation. */
  changesAt: number;
  rebalanceAt: number;
  noticeAt: number;
  /** The time from which it is billed; Infinity while it is stopped. */
  billedSince: number;
  createdAt: number;
  /** A replacement is wanted before it goes: spot at risk, or the last step of a refresh. */
  leaving: boolean;
  /** Launched before the running refresh began. */
  outdated: boolean;
  /** Goes back to the warm pool once drained. */
  toPool: boolean;
}

/** The next moment at which something happens to an instance by itself. */
export function nextEvent(instance: Instance, now: number, giveUpAt: number, unhealthyAt: number): number {
  const { state, inServiceAt, readyAt, noticeAt, rebalanceAt, changesAt, leaving } = instance;
  if (state === "pooled") return Number.POSITIVE_INFINITY;
  if (state === "draining" || state === "preparing") return changesAt;
  if (state === "booting") return Math.min(inServiceAt, giveUpAt, noticeAt);
  const starting = readyAt > now ? Math.min(readyAt, unhealthyAt) : Number.POSITIVE_INFINITY;
  return Math.min(starting, noticeAt, leaving ? Number.POSITIVE_INFINITY : rebalanceAt);
}

/** Counts of a fleet by what they mean for players and for the bill. */
export interface FleetCounts {
  /** Serve requests. */
  ready: number;
  /** Those that serve, by their type. */
  readyByKind: number[];
  /** In service, ready or not, not leaving. */
  inService: number;
  /** Launched and not ready: booting or starting. */
  cold: number;
  /** Count towards the desired capacity. */
  active: number;
  activeOnDemand: number;
  billedOnDemand: number;
  billedSpot: number;
  /** Stopped in the warm pool: only their disks are paid for. */
  stopped: number;
  pooled: number;
  preparing: number;
}

/** Counts instances afresh. @param kinds Types of the group. */
export function countFleet(instances: readonly Instance[], now: number, kinds: number): FleetCounts {
  const counts: FleetCounts = {
    ready: 0,
    readyByKind: new Array<number>(kinds).fill(0),
    inService: 0,
    cold: 0,
    active: 0,
    activeOnDemand: 0,
    billedOnDemand: 0,
    billedSpot: 0,
    stopped: 0,
    pooled: 0,
    preparing: 0,
  };
  for (const instance of instances) {
    if (instance.billedSince === Number.POSITIVE_INFINITY) counts.stopped++;
    else if (instance.market === "onDemand") counts.billedOnDemand++;
    else counts.billedSpot++;
    if (instance.state === "pooled") counts.pooled++;
    else if (instance.state === "preparing") counts.preparing++;
    else if (instance.state !== "draining") {
      if (instance.state === "inService") counts.inService++;
      if (instance.state === "inService" && instance.readyAt <= now) {
        counts.ready++;
        counts.readyByKind[instance.kind]!++;
      } else counts.cold++;
      if (!instance.leaving) {
        counts.active++;
        if (instance.market === "onDemand") counts.activeOnDemand++;
      }
    }
  }
  return counts;
}
