/** 0 before 1 before 2. */
export const priorities = { high: 0, normal: 1, low: 2 } as const;
export type PriorityName = keyof typeof priorities;
export type Priority = (typeof priorities)[PriorityName];

/** What the queue must know of a waiting request. */
export interface QueueItem {
  /** The archetype; requests of one archetype share a bounded lane. */
  readonly lane: string;
  readonly priority: Priority;
  /** Expected tokens: prompt plus what may be generated. */
  readonly cost: number;
  /** The adapter it needs, by its name in the engine's terms; empty for the base model. */
  readonly group: string;
  /** Monotonic milliseconds. */
  readonly enqueuedAt: number;
  /** Monotonic milliseconds after which it is not worth starting. */
  readonly deadlineAt: number;
}

export interface FairQueueLimits {
  /** Requests that may wait in one lane. */
  readonly perLane: number;
  /** Requests that may wait in all lanes. */
  readonly total: number;
  /** Milliseconds after which a request goes before all that came later, whatever its priority or adapter. */
  readonly ageBoundMs: number;
}

/** How soon an item could start: now, after another adapter leaves the GPU, or not at all for the moment. */
export type Readiness = "now" | "swap" | "wait";

interface Lane {
  /** Tokens served to this lane, as the Virtual Token Counter counts them. */
  served: number;
  size: number;
  /** Waiting items in order of arrival, by priority and adapter. */
  readonly groups: Map<string, Set<QueueItem>>;
}

/**
 * Bounded queues per archetype, served so that each gets the same share of tokens (the Virtual Token Counter of
 * "Fairness in Serving Large Language Models", OSDI 2024). Within that: higher priority first, then requests whose adapter
 * is already on the GPU. A request older than the age bound goes first of all, so that a cold adapter is not starved.
 */
export class FairQueue<Item extends QueueItem> {
  readonly #lanes = new Map<string, Lane>();
  #size = 0;

  constructor(private limits: FairQueueLimits) {}

  get size(): number {
    return this.#size;
  }

  laneSize(lane: string): number {
    return this.#lanes.get(lane)?.size ?? 0;
  }

  /** Replaces the bounds; what already waits stays. */
  setLimits(limits: FairQueueLimits): void {
    this.limits = limits;
  }

  /**
   * @param bounded False for work that counted against the bounds when it came. @default true
   * @returns which bound refuses the item, or undefined when it was taken
   */
  push(item: Item, bounded = true): "lane" | "total" | undefined {
    if (bounded && this.#size >= this.limits.total) return "total";
    const lane = this.#lane(item.lane);
    if (bounded && lane.size >= this.limits.perLane) return "lane";
    // A lane that was empty must not spend credit that it saved while it asked for nothing.
    if (lane.size === 0) lane.served = Math.max(lane.served, this.#leastServed());
    const key = groupKey(item);
    const group = lane.groups.get(key) ?? new Set();
    group.add(item);
    lane.groups.set(key, group);
    lane.size++;
    this.#size++;
    return undefined;
  }

  remove(item: Item): boolean {
    const lane = this.#lanes.get(item.lane);
    const key = groupKey(item);
    const group = lane?.groups.get(key);
    if (!lane || !group?.delete(item)) return false;
    if (group.size === 0) lane.groups.delete(key);
    lane.size--;
    this.#size--;
    return true;
  }

  /** Takes the item that should start now and charges its lane; undefined when none can. */
  next(now: number, readiness: (item: Item) => Readiness): Item | undefined {
    const chosen = this.#choose(now, readiness);
    if (!chosen) return undefined;
    this.remove(chosen);
    this.charge(chosen.lane, chosen.cost);
    return chosen;
  }

  /** Corrects a lane's account once the true number of tokens is known. */
  charge(lane: string, tokens: number): void {
    this.#lane(lane).served += tokens;
  }

  /** The oldest item beyond the age bound that cannot start. */
  starving(now: number, readiness: (item: Item) => Readiness): Item | undefined {
    let oldest: Item | undefined;
    for (const item of this.#heads()) {
      const aged = now - item.enqueuedAt >= this.limits.ageBoundMs;
      if (aged && (oldest === undefined || item.enqueuedAt < oldest.enqueuedAt) && readiness(item) === "wait")
        oldest = item;
    }
    return oldest;
  }

  /** Takes out everything whose deadline has passed. */
  expire(now: number): Item[] {
    const late = this.items().filter(({ deadlineAt }) => deadlineAt <= now);
    for (const item of late) this.remove(item);
    return late;
  }

  items(): Item[] {
    return [...this.#lanes.values()].flatMap(({ groups }) =>
      [...groups.values()].flatMap((group) => [...group] as Item[]),
    );
  }

  #choose(now: number, readiness: (item: Item) => Readiness): Item | undefined {
    let best: Item | undefined;
    let bestRank: readonly number[] = [];
    for (const item of this.#heads()) {
      const ready = readiness(item);
      if (ready === "wait") continue;
      const aged = now - item.enqueuedAt >= this.limits.ageBoundMs;
      const rank = aged
        ? [0, item.enqueuedAt]
        : [1, item.priority, ready === "now" ? 0 : 1, this.#lane(item.lane).served, item.enqueuedAt];
      if (best === undefined || before(rank, bestRank)) {
        best = item;
        bestRank = rank;
      }
    }
    return best;
  }

  *#heads(): Iterable<Item> {
    for (const { groups } of this.#lanes.values()) {
      for (const group of groups.values()) yield group.values().next().value as Item;
    }
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { served: 0, size: 0, groups: new Map() };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #leastServed(): number {
    const waiting = [...this.#lanes.values()].filter(({ size }) => size > 0);
    return waiting.length === 0 ? 0 : Math.min(...waiting.map(({ served }) => served));
  }
}

function groupKey({ priority, group }: QueueItem): string {
  return `${priority} ${group}`;
}

function before(a: readonly number[], b: readonly number[]): boolean {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    if (a[index] !== b[index]) return a[index]! < b[index]!;
  }
  return false;
}
