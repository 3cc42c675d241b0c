import type { Preparation } from "../../catalog/gpu-boot";
import type { Assumptions } from "./assumptions";
import type { BootModel } from "./boot";
import type { DecisionKind, DecisionSink } from "./decision-log";
import { countFleet, type FleetCounts, type Instance, type Market, nextEvent } from "./instance";
import type { GroupPlan } from "./plan";
import type { QuotaLedger } from "./quota";
import type { Random } from "./random";
import { clamp, purchaseSplit } from "./scaling-rules";

const never = Number.POSITIVE_INFINITY;
/** Seconds of EC2's spot interruption notice. */
const spotNoticeSeconds = 120;
/** Seconds from launch to running, after which a node without a launch hook is in service whether it can serve or not. */
const runningSeconds = 30;

/** One instance type of a group. */
export interface FleetKind {
  readonly vcpus: number;
  readonly boot: BootModel;
  /** US dollars an hour of spot, by which the group chooses among pools that have capacity; NaN where it is not known. */
  readonly spotUsd: number;
}

export interface FleetInput {
  readonly plan: GroupPlan;
  /** The group's types in its order. */
  readonly kinds: readonly FleetKind[];
  readonly assumptions: Assumptions;
  readonly quota: QuotaLedger;
  readonly random: Random;
  readonly log: DecisionSink;
}

/** What was run, in seconds of instances; every second is counted when the instance ends. */
export interface Ledger {
  onDemandSeconds: number;
  spotSeconds: number;
  /** Seconds of disks, stopped instances included. */
  diskSeconds: number;
  /** The same by type, in the group's order. */
  readonly kinds: readonly { onDemandSeconds: number; spotSeconds: number }[];
}

/** The instances of one Auto Scaling group: it launches, replaces, drains and bills them until they match what is desired. */
export class Fleet {
  desired: number;
  min: number;
  max: number;
  counts: FleetCounts;
  readonly ledger: Ledger;
  interruptions = 0;
  failedLaunches = 0;
  #instances: Instance[] = [];
  #nextAt = never;
  #retryAt = never;
  /** Of each type's spot pools: whether they are empty, and when that changes. */
  readonly #dry: boolean[];
  readonly #turnsAt: number[];
  /** Types by the price of spot, the cheapest first. */
  readonly #spotOrder: readonly number[];
  #failing: string | undefined;
  readonly #plan: GroupPlan;
  readonly #random: Random;

  constructor(private readonly input: FleetInput) {
    this.#plan = input.plan;
    this.#random = input.random;
    this.desired = input.plan.desired;
    this.min = input.plan.min;
    this.max = input.plan.max;
    const { kinds, assumptions, random } = input;
    const { availableHours } = assumptions.spotMarket;
    this.ledger = {
      onDemandSeconds: 0,
      spotSeconds: 0,
      diskSeconds: 0,
      kinds: kinds.map(() => ({ onDemandSeconds: 0, spotSeconds: 0 })),
    };
    this.#dry = kinds.map(() => false);
    this.#turnsAt = kinds.map(() => (availableHours > 0 ? random.exponential(availableHours * 3600) : never));
    const price = (kind: number) => (Number.isNaN(kinds[kind]!.spotUsd) ? never : kinds[kind]!.spotUsd);
    this.#spotOrder = kinds.map((_, index) => index).sort((a, b) => price(a) - price(b) || a - b);
    this.counts = this.#count(0);
  }

  /** Starts the group with nodes that serve already, as a run begins on a live platform. */
  startWarm(capacity: number): void {
    this.desired = clamp(capacity, this.min, this.max);
    while (this.counts.active < this.desired && this.#launch(0, this.#wantedMarket())) this.counts = this.#count(0);
    for (const instance of this.#instances) {
      instance.state = "inService";
      instance.inServiceAt = -3600;
      instance.readyAt = -3600;
    }
    this.#settle(0);
  }

  /** Lets everything happen that is due, and brings the group nearer to what is desired. */
  advance(now: number): void {
    const turnsAt = Math.min(...this.#turnsAt);
    if (now < this.#nextAt && now < this.#retryAt && now < turnsAt) return;
    if (now >= turnsAt) this.#turnMarkets(now);
    for (const instance of [...this.#instances]) this.#happen(instance, now);
    this.#settle(now);
  }

  /** Sets the capacity that is wanted, within the bounds. */
  setDesired(capacity: number, now: number): void {
    this.desired = clamp(capacity, this.min, this.max);
    this.#settle(now);
  }

  /** Instances whose warm-up has passed. */
  warmed(now: number, warmupSeconds: number): number {
    return this.#instances.filter(({ state, inServiceAt, leaving }) => {
      return state === "inService" && !leaving && now - inServiceAt >= warmupSeconds;
    }).length;
  }

  /** Begins to replace every instance, as after a change of the launch template. */
  startRefresh(now: number): void {
    for (const instance of this.#instances) instance.outdated = true;
    this.#say(now, "refresh", `${this.counts.active} instances to replace`);
    this.#settle(now);
  }

  /** Ends the run: bills what still runs. */
  close(now: number): void {
    for (const instance of this.#instances) this.#bill(instance, now);
  }

  #say(now: number, kind: DecisionKind, note: string): void {
    this.input.log({ time: now, group: this.#plan.name, kind, from: this.desired, to: this.desired, note });
  }

  #count(now: number): FleetCounts {
    return countFleet(this.#instances, now, this.input.kinds.length);
  }

  #giveUpAt({ launchedAt }: Instance): number {
    const hook = this.#plan.launchHook;
    return hook === undefined ? never : launchedAt + hook.heartbeatSeconds;
  }

  #unhealthyAt({ inServiceAt, readyAt }: Instance): number {
    const { loadBalancerHealth, launchHook, healthGraceSeconds } = this.#plan;
    const failsAt = inServiceAt + healthGraceSeconds;
    return loadBalancerHealth && launchHook === undefined && readyAt > failsAt ? failsAt : never;
  }

  #happen(instance: Instance, now: number): void {
    if (instance.state === "pooled") return;
    if (instance.state === "preparing" || instance.state === "draining") {
      if (now < instance.changesAt) return;
      if (instance.state === "preparing" || instance.toPool) this.#pool(instance, now);
      else this.#remove(instance, now);
      return;
    }
    if (now >= instance.noticeAt) {
      this.#interrupt(instance, now);
      return;
    }
    if (instance.state === "booting") {
      if (now >= instance.inServiceAt) instance.state = "inService";
      else if (now >= this.#giveUpAt(instance)) this.#timeOut(instance, now);
    }
    if (instance.state !== "inService") return;
    if (now >= this.#unhealthyAt(instance) && now < instance.readyAt) {
      this.#say(now, "unhealthy", "the load balancer's health check failed before the model answered; replaced");
      this.#remove(instance, now);
    } else if (now >= instance.rebalanceAt && !instance.leaving) {
      instance.leaving = true;
      this.#say(now, "rebalance", "spot instance at risk; a replacement is launched first");
    }
  }

  #timeOut(instance: Instance, now: number): void {
    if (this.#plan.launchHook?.onTimeout === "CONTINUE") {
      instance.state = "inService";
      instance.inServiceAt = now;
      return;
    }
    this.#say(now, "abandoned", "the launch hook timed out before the model answered; replaced");
    this.#remove(instance, now);
  }

  #interrupt(instance: Instance, now: number): void {
    this.interruptions++;
    this.#say(now, "interrupted", "spot instance is taken back in two minutes");
    instance.state = "draining";
    instance.changesAt = now + spotNoticeSeconds;
    instance.toPool = false;
  }

  #turnMarkets(now: number): void {
    const { availableHours, unavailableHours, lostWhenDry } = this.input.assumptions.spotMarket;
    this.#turnsAt.forEach((at, kind) => {
      if (now < at) return;
      const dry = !this.#dry[kind];
      this.#dry[kind] = dry;
      this.#turnsAt[kind] = now + this.#random.exponential((dry ? unavailableHours : availableHours) * 3600);
      if (!dry) return;
      for (const instance of this.#instances) {
        const struck = instance.market === "spot" && instance.kind === kind;
        if (struck && this.#random.next() < lostWhenDry) instance.noticeAt = now;
      }
    });
  }

  /** Launches, replaces and terminates until the group is as desired or nothing more can be done now. */
  #settle(now: number): void {
    this.counts = this.#count(now);
    this.#retryAt = never;
    this.#launchMissing(now);
    while (this.counts.active > this.desired) this.#terminate(this.#victim(), now);
    this.#refreshSome(now);
    this.#releaseLeaving(now);
    this.#fillPool(now);
    this.counts = this.#count(now);
    this.#nextAt = never;
    for (const instance of this.#instances) {
      const next = nextEvent(instance, now, this.#giveUpAt(instance), this.#unhealthyAt(instance));
      if (next < this.#nextAt) this.#nextAt = next;
    }
    if (this.#instances.some(({ outdated }) => outdated)) this.#nextAt = Math.min(this.#nextAt, now + 60);
  }

  #wantedMarket(): Market {
    const { onDemandBase, onDemandPercentAboveBase } = this.#plan;
    const split = purchaseSplit(this.desired, onDemandBase, onDemandPercentAboveBase);
    return this.counts.activeOnDemand < split.onDemand ? "onDemand" : "spot";
  }

  #launchMissing(now: number): void {
    while (this.counts.active < this.desired) {
      const pooled = this.#instances.find(({ state }) => state === "pooled");
      if (pooled) this.#wake(pooled, now);
      else if (!this.#launch(now, this.#wantedMarket())) {
        this.#retryAt = now + this.input.assumptions.retrySeconds;
        return;
      }
      this.counts = this.#count(now);
    }
    this.#failing = undefined;
  }

  /** The type that a launch gets: the first with capacity, by preference on demand and by price on spot; undefined for none. */
  #kindFor(market: Market): number | undefined {
    if (market === "spot") return this.#spotOrder.find((kind) => !this.#dry[kind]);
    const { onDemandFailureShare } = this.input.assumptions;
    const kind = this.input.kinds.findIndex(() => this.#random.next() >= onDemandFailureShare);
    return kind === -1 ? undefined : kind;
  }

  #launch(now: number, market: Market): boolean {
    const { quota, kinds } = this.input;
    const kind = this.#kindFor(market);
    const problem =
      kind === undefined
        ? market === "spot"
          ? "no spot capacity in any pool; on demand does not stand in"
          : "insufficient on-demand capacity"
        : quota.take(market, kinds[kind]!.vcpus)
          ? undefined
          : `vCPU quota for ${market === "spot" ? "spot" : "on demand"} is used up`;
    if (kind === undefined || problem !== undefined) {
      this.failedLaunches++;
      if (this.#failing !== problem) this.#say(now, "launch-failed", `${problem}; retried`);
      this.#failing = problem;
      return false;
    }
    this.#instances.push(this.#newInstance(now, market, kind, "booting"));
    return true;
  }

  #newInstance(now: number, market: Market, kind: number, state: "booting" | "preparing"): Instance {
    const { interruptionsPerHour, recommendedShare, recommendedLeadSeconds } = this.input.assumptions.spotMarket;
    const noticeAt =
      market === "spot" && interruptionsPerHour > 0
        ? now + this.#random.exponential(3600 / interruptionsPerHour)
        : never;
    const recommended = market === "spot" && this.#random.next() < recommendedShare;
    const instance: Instance = {
      market,
      kind,
      state,
      launchedAt: now,
      createdAt: now,
      inServiceAt: never,
      readyAt: never,
      changesAt: never,
      noticeAt,
      rebalanceAt:
        recommended && this.#plan.capacityRebalance ? Math.max(now, noticeAt - recommendedLeadSeconds) : never,
      billedSince: now,
      leaving: false,
      outdated: false,
      toPool: false,
    };
    this.#boot(instance, now, "baked");
    if (state === "preparing") instance.changesAt = instance.inServiceAt;
    return instance;
  }

  #boot(instance: Instance, now: number, preparation: Preparation): void {
    const time = this.input.kinds[instance.kind]!.boot.draw(preparation, this.#random);
    const delay = this.input.assumptions.launchDelaySeconds;
    instance.inServiceAt =
      now + delay + (this.#plan.launchHook ? time.inService : Math.min(runningSeconds, time.inService));
    instance.readyAt = now + delay + time.ready;
  }

  #wake(instance: Instance, now: number): void {
    const stopped = this.#plan.warmPool?.state !== "Running";
    if (stopped) instance.billedSince = now;
    instance.state = "booting";
    instance.launchedAt = now;
    this.#boot(instance, now, stopped ? "warm-pool-stopped" : "warm-pool-running");
  }

  #pool(instance: Instance, now: number): void {
    instance.state = "pooled";
    instance.toPool = false;
    if (this.#plan.warmPool?.state === "Running") return;
    this.#settleBill(instance, now);
    instance.billedSince = never;
  }

  /** The default termination policy: keep the purchase split, then the outdated first, then the oldest. */
  #victim(): Instance {
    const { onDemandBase, onDemandPercentAboveBase } = this.#plan;
    const split = purchaseSplit(this.desired, onDemandBase, onDemandPercentAboveBase);
    const market: Market = this.counts.activeOnDemand > split.onDemand ? "onDemand" : "spot";
    const active = this.#instances.filter(({ state, leaving }) => {
      return (state === "booting" || state === "inService") && !leaving;
    });
    const candidates = active.filter((instance) => instance.market === market);
    const from = candidates.length > 0 ? candidates : active;
    return from.find(({ outdated }) => outdated) ?? from[0]!;
  }

  #terminate(instance: Instance, now: number): void {
    const { terminateHook, loadBalancerHealth, drainSeconds, warmPool } = this.#plan;
    const reuse = warmPool?.reuseOnScaleIn === true && instance.market === "onDemand" && !instance.outdated;
    const drains = instance.state === "inService" && (terminateHook !== undefined || loadBalancerHealth);
    if (drains) {
      instance.state = "draining";
      instance.changesAt = now + Math.min(drainSeconds, terminateHook?.heartbeatSeconds ?? drainSeconds);
      instance.toPool = reuse;
    } else this.#remove(instance, now);
    this.counts = this.#count(now);
  }

  #remove(instance: Instance, now: number): void {
    this.#bill(instance, now);
    this.input.quota.give(instance.market, this.input.kinds[instance.kind]!.vcpus);
    this.#instances = this.#instances.filter((other) => other !== instance);
  }

  #bill(instance: Instance, now: number): void {
    this.#settleBill(instance, now);
    this.ledger.diskSeconds += now - instance.createdAt;
  }

  #settleBill(instance: Instance, now: number): void {
    if (instance.billedSince === never) return;
    const seconds = now - instance.billedSince;
    const key = instance.market === "onDemand" ? "onDemandSeconds" : "spotSeconds";
    this.ledger[key] += seconds;
    this.ledger.kinds[instance.kind]![key] += seconds;
  }

  /** Terminates instances that are to be replaced as soon as enough others serve. */
  #releaseLeaving(now: number): void {
    const leaving = this.#instances.filter((instance) => instance.leaving && instance.state !== "draining");
    if (leaving.length === 0) return;
    const serving = this.#instances.filter((instance) => {
      return instance.state === "inService" && instance.readyAt <= now && !instance.leaving;
    }).length;
    if (serving >= this.desired) for (const instance of leaving) this.#terminate(instance, now);
  }

  /** The next part of an instance refresh: as many at once as may be unhealthy, or one more than desired where none may. */
  #refreshSome(now: number): void {
    const outdated = this.#instances.filter(({ state, outdated, leaving }) => {
      return outdated && !leaving && (state === "inService" || state === "booting");
    });
    if (outdated.length === 0) return;
    const warmup = this.#plan.defaultWarmupSeconds ?? this.#plan.healthGraceSeconds;
    const unhealthy = this.desired - this.warmed(now, warmup);
    const share = Math.floor((this.desired * (100 - this.#plan.refreshMinHealthyPercent)) / 100);
    const allowed = this.#plan.refreshMinHealthyPercent >= 100 ? 0 : Math.max(1, share);
    if (allowed === 0) {
      if (unhealthy <= 0) outdated[0]!.leaving = true;
    } else for (const instance of outdated.slice(0, Math.max(0, allowed - unhealthy))) this.#terminate(instance, now);
    this.counts = this.#count(now);
    this.#launchMissing(now);
  }

  #fillPool(now: number): void {
    const pool = this.#plan.warmPool;
    if (pool === undefined) return;
    const wanted = Math.max(pool.minSize, (pool.maxPrepared ?? this.max) - this.desired, 0);
    const size = () =>
      this.#instances.filter(({ state, toPool }) => state === "pooled" || state === "preparing" || toPool).length;
    while (size() < wanted && this.input.quota.take("onDemand", this.input.kinds[0]!.vcpus)) {
      this.#instances.push(this.#newInstance(now, "onDemand", 0, "preparing"));
    }
    while (size() > wanted) {
      const extra = this.#instances.find(({ state }) => state === "pooled");
      if (extra === undefined) return;
      this.#remove(extra, now);
    }
  }
}
