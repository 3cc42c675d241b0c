/** How many adapters fit where. */
export interface ResidencyLimits {
  /** Distinct adapters that may be on the GPU, hence in flight, at once. */
  readonly gpu: number;
  /** Adapters that the engine holds, those on the GPU included. */
  readonly held: number;
  /** Milliseconds that an adapter keeps its GPU slot before a mere preference may take it. @default 250 */
  readonly minHoldMs?: number;
}

/** One adapter version that the engine holds. */
export interface HeldAdapter {
  readonly engineName: string;
  readonly name: string;
  readonly pinned: boolean;
  /** What it costs to bring it back; milliseconds that loading took. */
  readonly cost: number;
  place: "gpu" | "cpu";
  inFlight: number;
  /** Recent tokens, halved every five minutes. */
  tokens: number;
  /** No new request gets it: it was replaced by another version, or gives its slot to an adapter that waited too long. */
  closing: boolean;
  retiring: boolean;
  credit: number;
  tokensAt: number;
  onGpuSince: number;
  /** Until then it stays: somebody waits for it and has not been served yet. */
  keptUntil: number;
}

/** How soon a request for an adapter could start: `free` has a slot of the GPU waiting, `swap` takes another adapter's. */
export type Access = "resident" | "free" | "swap" | "blocked" | "absent";

const halfLifeMs = 300_000;
const defaultMinHoldMs = 250;
/** Milliseconds that a claim to the next GPU slot stands; it is made anew while its request waits. */
const claimMs = 10_000;

/**
 * Which adapters the engine holds, which of them are on the GPU, and which goes next. Pure: time comes in, nothing goes out.
 *
 * Eviction is GreedyDual: an adapter's credit is the table's floor plus its cost weighted by recent tokens; the lowest credit
 * goes and becomes the new floor, so that whatever is not used ages whatever it once cost. Never pinned ones, never with
 * requests in flight. Source: Cao and Irani, "Cost-Aware WWW Proxy Caching Algorithms", USITS 1997.
 */
export class ResidencyTable {
  readonly #held = new Map<string, HeldAdapter>();
  #floor = 0;
  #claimant: string | undefined;
  #claimedAt = 0;

  constructor(readonly limits: ResidencyLimits) {}

  all(): readonly HeldAdapter[] {
    return [...this.#held.values()];
  }

  get(engineName: string): HeldAdapter | undefined {
    return this.#held.get(engineName);
  }

  /**
   * Notes that the engine holds an adapter; it goes to the GPU with its first request.
   * @param keepMs Milliseconds that it stays for those who asked for it, unless they are served sooner. @default 0
   */
  add(adapter: Pick<HeldAdapter, "engineName" | "name" | "pinned" | "cost">, now: number, keepMs = 0): void {
    this.#held.set(adapter.engineName, {
      ...adapter,
      place: "cpu",
      inFlight: 0,
      tokens: 0,
      tokensAt: now,
      closing: false,
      retiring: false,
      credit: this.#floor + adapter.cost,
      onGpuSince: 0,
      keptUntil: now + keepMs,
    });
  }

  remove(engineName: string): void {
    this.#held.delete(engineName);
    if (this.#claimant === engineName) this.#endClaim();
  }

  /** Forgets everything: the engine has started anew. */
  clear(): void {
    this.#held.clear();
    this.#claimant = undefined;
  }

  access(engineName: string, now: number): Access {
    const adapter = this.#held.get(engineName);
    // Whoever claimed may have left: an old claim must not keep everyone else waiting.
    if (this.#claimant !== undefined && now - this.#claimedAt > claimMs) this.#endClaim();
    if (!adapter) return "absent";
    if (adapter.closing) return "blocked";
    if (adapter.place === "gpu") return "resident";
    // A slot that somebody waits for is not given to anyone else.
    if (this.#claimant !== undefined && this.#claimant !== engineName) return "blocked";
    if (this.#gpuCount() < this.limits.gpu) return "free";
    return this.#victim("gpu", now, engineName) ? "swap" : "blocked";
  }

  /** Counts a request in, moving the adapter to the GPU. @returns false when it must wait */
  acquire(engineName: string, now: number): boolean {
    const adapter = this.#held.get(engineName);
    const access = this.access(engineName, now);
    if (!adapter || access === "blocked" || access === "absent") return false;
    if (access !== "resident") {
      const victim = access === "swap" ? this.#victim("gpu", now, engineName) : undefined;
      if (victim) this.#evict(victim, "cpu");
      adapter.place = "gpu";
      adapter.onGpuSince = now;
      if (this.#claimant === engineName) this.#endClaim();
    }
    adapter.inFlight++;
    adapter.keptUntil = 0;
    return true;
  }

  /** Counts a request out and what it used. */
  release(engineName: string, tokens: number, now: number): void {
    const adapter = this.#held.get(engineName);
    if (!adapter) return;
    adapter.inFlight--;
    adapter.tokens = adapter.tokens * 2 ** (-(now - adapter.tokensAt) / halfLifeMs) + tokens;
    adapter.tokensAt = now;
    adapter.credit = this.#floor + adapter.cost * (1 + adapter.tokens / 1_000);
  }

  /**
   * Promises the next GPU slot to an adapter that has waited too long: the cheapest adapter on the GPU takes no new
   * requests until it has drained. One claim at a time.
   */
  claim(engineName: string, now: number): void {
    if (this.#claimant !== undefined || this.access(engineName, now) !== "blocked") return;
    const candidates = [...this.#held.values()].filter(
      ({ place, pinned, closing }) => place === "gpu" && !pinned && !closing,
    );
    const chosen = lowestCredit(candidates);
    if (!chosen) return;
    chosen.closing = true;
    this.#claimant = engineName;
    this.#claimedAt = now;
  }

  /** Takes an adapter out of use; its requests in flight finish. */
  retire(engineName: string): void {
    const adapter = this.#held.get(engineName);
    if (adapter) adapter.closing = adapter.retiring = true;
  }

  /** Takes a retiring adapter back into use: it is wanted again before its last request has ended. */
  reinstate(engineName: string): void {
    const adapter = this.#held.get(engineName);
    if (adapter) adapter.closing = adapter.retiring = false;
  }

  /** Retires the cheapest adapter that is in use, so that a load which found no room gets some. Pinned ones stay. */
  makeWay(): void {
    if ([...this.#held.values()].some(({ retiring }) => retiring)) return;
    const chosen = lowestCredit([...this.#held.values()].filter(({ pinned }) => !pinned));
    if (chosen) this.retire(chosen.engineName);
  }

  /** Retired adapters that nobody uses any more. */
  drained(): readonly HeldAdapter[] {
    return [...this.#held.values()].filter(({ retiring, inFlight }) => retiring && inFlight === 0);
  }

  /** The adapter to unload so that another can be loaded: undefined when there is room, null when none may go yet. */
  toUnload(now: number): HeldAdapter | undefined | null {
    if (this.#held.size < this.limits.held) return undefined;
    return this.drained()[0] ?? this.#victim("held", now) ?? null;
  }

  #victim(level: "gpu" | "held", now: number, forAdapter?: string): HeldAdapter | undefined {
    const { minHoldMs = defaultMinHoldMs } = this.limits;
    const idle = [...this.#held.values()].filter(
      (adapter) =>
        adapter.inFlight === 0 &&
        (!adapter.pinned || adapter.retiring) &&
        adapter.engineName !== this.#claimant &&
        (adapter.keptUntil <= now || adapter.retiring) &&
        (level === "held" ||
          (adapter.place === "gpu" &&
            (adapter.closing || forAdapter === this.#claimant || now - adapter.onGpuSince >= minHoldMs))),
    );
    return lowestCredit(idle.filter(({ closing }) => closing)) ?? lowestCredit(idle);
  }

  #evict(adapter: HeldAdapter, to: "cpu"): void {
    this.#floor = Math.max(this.#floor, adapter.credit);
    adapter.place = to;
  }

  #endClaim(): void {
    this.#claimant = undefined;
    for (const adapter of this.#held.values()) adapter.closing = adapter.retiring;
  }

  #gpuCount(): number {
    let count = 0;
    for (const { place } of this.#held.values()) if (place === "gpu") count++;
    return count;
  }
}

function lowestCredit(adapters: readonly HeldAdapter[]): HeldAdapter | undefined {
  return adapters.reduce<HeldAdapter | undefined>(
    (lowest, adapter) => (lowest === undefined || adapter.credit < lowest.credit ? adapter : lowest),
    undefined,
  );
}
