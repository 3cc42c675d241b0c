import { findInstanceType, type InstanceTypeName } from "../../catalog/instance-types";
import type { ServingModel } from "../../catalog/serving-model";
import type { Assumptions } from "./assumptions";
import { BootModel } from "./boot";
import type { Decision } from "./decision-log";
import { type DemandSeries, rateAt } from "./demand/demand";
import { Fleet } from "./fleet";
import { Histogram } from "./histogram";
import type { Sample, Samples } from "./metric-board";
import { NodeModel, waitingByChance } from "./node-model";
import { type GroupPlan, type SimulatedMetric, simulatedMetrics } from "./plan";
import type { QuotaLedger } from "./quota";
import type { Random } from "./random";
import { RequestQueue, type StepOutcome } from "./request-queue";
import { Scaler } from "./scaler";
import { scheduledActions } from "./schedule";
import type { TierWorkload } from "./workload";

/** What is recorded of every step. */
export const seriesNames = [
  "arrivals",
  "desired",
  "ready",
  "starting",
  "pooled",
  "billed",
  "waiting",
  "batch",
  "firstTokenMs",
  "utilization",
  "kvUsage",
  "gaveUp",
] as const;
export type SeriesName = (typeof seriesNames)[number];
export type Series = Readonly<Record<SeriesName, Float32Array>>;

/** Sums over a run. Requests: arrived = completed + gaveUp + waiting + running. */
export interface Totals {
  arrived: number;
  completed: number;
  gaveUp: number;
  /** Answered within both limits of the SLO. */
  good: number;
  waiting: number;
  running: number;
  /** Node-seconds that were billed, summed over steps. */
  billedOnDemandSeconds: number;
  billedSpotSeconds: number;
}

export interface TierRunInput {
  readonly plan: GroupPlan;
  readonly serving: ServingModel;
  readonly workload: TierWorkload;
  readonly demand: DemandSeries;
  readonly start: Date;
  readonly durationSeconds: number;
  readonly stepSeconds: number;
  readonly assumptions: Assumptions;
  readonly quota: QuotaLedger;
  readonly random: Random;
  /** Second of the run at which an instance refresh begins. */
  readonly refreshAtSeconds?: number;
}

/** One tier of the platform, step by step: demand, queue, nodes, metrics, policies. */
export class TierRun {
  readonly decisions: Decision[] = [];
  readonly series: Series;
  readonly firstToken = new Histogram();
  readonly totals: Totals = {
    arrived: 0,
    completed: 0,
    gaveUp: 0,
    good: 0,
    waiting: 0,
    running: 0,
    billedOnDemandSeconds: 0,
    billedSpotSeconds: 0,
  };
  readonly fleet: Fleet;
  readonly node: NodeModel;
  readonly #queue: RequestQueue;
  readonly #scaler: Scaler;
  readonly #samples: Record<SimulatedMetric, Sample>;
  readonly #outcome: StepOutcome = { admitted: 0, gaveUp: 0, withinLimit: 0 };
  readonly #arrivals: Random;
  #batch = 0;
  #running = 0;
  #burst = 1;
  #burstUntil = 0;
  #refreshed = false;
  #extraMs = 0;
  #waitedMs = 0;
  /** Requests that wait although capacity suffices. */
  #chance = 0;
  readonly #sink = (count: number, waitSeconds: number): void => {
    const milliseconds = waitSeconds * 1000 + this.#extraMs;
    this.firstToken.add(milliseconds, count);
    this.#waitedMs += count * milliseconds;
  };

  constructor(private readonly input: TierRunInput) {
    const { plan, serving, workload, assumptions, random, durationSeconds, stepSeconds } = input;
    const instanceType = plan.instanceTypes[0] as InstanceTypeName;
    this.node = new NodeModel(serving, workload);
    this.#arrivals = random.fork("arrivals");
    this.#queue = new RequestQueue(workload.patienceSeconds);
    this.#samples = Object.fromEntries(
      simulatedMetrics.map((metric) => [metric, { value: 0, count: 0, zeros: 0 }]),
    ) as Record<SimulatedMetric, Sample>;
    const log = (decision: Decision): void => {
      this.decisions.push(decision);
    };
    this.fleet = new Fleet({
      plan,
      vcpus: findInstanceType(instanceType)?.vcpus ?? 0,
      assumptions,
      boot: new BootModel(instanceType, serving.model, assumptions.bootScale),
      quota: input.quota,
      random: random.fork("fleet"),
      log,
    });
    const atStart = Math.ceil(rateAt(input.demand, 0) / this.node.sloRate);
    this.fleet.startWarm(Math.max(plan.desired, atStart));
    this.#scaler = new Scaler({
      plan,
      group: this.fleet,
      samples: this.#samples as Samples,
      assumptions,
      schedule: scheduledActions(plan.schedules, input.start, durationSeconds),
      log,
    });
    const steps = Math.floor(durationSeconds / stepSeconds);
    this.series = Object.fromEntries(seriesNames.map((name) => [name, new Float32Array(steps)])) as Record<
      SeriesName,
      Float32Array
    >;
  }

  /** Runs one step of the run, the first being 0. */
  step(index: number): void {
    const { stepSeconds: dt, refreshAtSeconds } = this.input;
    const now = index * dt;
    if (refreshAtSeconds !== undefined && !this.#refreshed && now >= refreshAtSeconds) {
      this.#refreshed = true;
      this.fleet.startRefresh(now);
    }
    this.fleet.advance(now);
    const arrived = this.#arrive(now, dt);
    this.#serve(now, dt, arrived);
    this.#publish();
    this.#record(index, dt, arrived);
    this.#scaler.step(now + dt, dt);
  }

  /** Ends the run and closes its books. */
  close(): void {
    this.fleet.close(this.series.ready.length * this.input.stepSeconds);
    this.totals.waiting = this.#queue.length;
    this.totals.running = this.#running;
  }

  /**
   * Requests that arrive in a step. Around a given mean they are Poisson, modulated minute by minute: the public Azure
   * conversation trace has a coefficient of variation of 0.21 at 5.5 requests a second, and independent players even out.
   */
  #arrive(now: number, dt: number): number {
    const rate = rateAt(this.input.demand, now);
    if (this.input.demand.exact) return rate * dt;
    if (now >= this.#burstUntil) {
      this.#burstUntil = now + 60;
      this.#burst = this.#arrivals.factor(Math.min(0.5, 0.21 * Math.sqrt(5.53 / Math.max(0.5, rate))));
    }
    return this.#arrivals.poisson(rate * this.#burst * dt);
  }

  #serve(now: number, dt: number, arrived: number): void {
    const { workload } = this.input;
    const { node, totals } = this;
    const nodes = this.fleet.counts.ready;
    const capacity = nodes * node.maxRate * dt;
    const offered = arrived + this.#queue.length;
    const load = capacity === 0 ? 0 : Math.min(1, offered / capacity);
    const perNode = nodes === 0 ? 0 : Math.min(offered, capacity) / dt / nodes;
    const target = node.batchAt(perNode);
    const residence = perNode > 0 ? target / perNode : dt;
    this.#batch = nodes === 0 ? 0 : this.#batch + (target - this.#batch) * (1 - Math.exp(-dt / residence));
    const chance = load < 1 ? waitingByChance(nodes * node.maxBatch, load) : 0;
    this.#extraMs = node.firstTokenMs(this.#batch, perNode) + (perNode > 0 ? (chance * 1000) / (perNode * nodes) : 0);
    const limit = (workload.slo.ttftMs - this.#extraMs) / 1000;
    this.#waitedMs = 0;
    this.#queue.step(now, dt, arrived, capacity, limit, this.#outcome, this.#sink);
    const { admitted, gaveUp, withinLimit } = this.#outcome;
    const running = Math.min(this.#batch * nodes, this.#running + admitted);
    totals.arrived += arrived;
    totals.completed += this.#running + admitted - running;
    totals.gaveUp += gaveUp;
    if (limit > 0 && node.itlMs(this.#batch) <= workload.slo.itlMs) totals.good += withinLimit;
    this.#running = running;
    this.#chance = chance;
  }

  #publish(): void {
    const { counts, desired } = this.fleet;
    const nodes = counts.ready;
    const waiting = this.#queue.length;
    const zeros = this.input.assumptions.publishesWhileCold ? counts.cold : 0;
    this.#set("gpuUtilization", this.node.utilization(this.#batch), nodes, zeros);
    this.#set("memoryPressure", this.node.kvUsage(this.#batch), nodes, zeros);
    this.#set("framebufferUsed", this.input.serving.framebufferPercent, nodes, zeros);
    this.#set("queueDepth", nodes === 0 ? 0 : (waiting + this.#chance) / nodes, nodes, zeros);
    this.#set("runningRequests", this.#batch, nodes, zeros);
    this.#set("requestLatencyP95", this.#extraMs, nodes, zeros);
    this.#set("heartbeat", 1, nodes, 0);
    this.#set(
      "requestsPerTarget",
      nodes === 0 ? 0 : (this.#outcome.admitted * 60) / this.input.stepSeconds / nodes,
      nodes,
      0,
    );
    this.#set("waitingRequests", nodes === 0 ? waiting : 0, 1, 0);
    this.#set("inFlight", waiting + this.#running, 1, 0);
    this.#set("groupInService", counts.inService, 1, 0);
    this.#set("groupDesired", desired, 1, 0);
  }

  #set(metric: SimulatedMetric, value: number, count: number, zeros: number): void {
    const sample = this.#samples[metric];
    sample.value = value;
    sample.count = count;
    sample.zeros = zeros;
  }

  #record(index: number, dt: number, arrived: number): void {
    const { series, fleet, node } = this;
    const { counts } = fleet;
    const { admitted, gaveUp } = this.#outcome;
    series.arrivals[index] = arrived / dt;
    series.desired[index] = fleet.desired;
    series.ready[index] = counts.ready;
    series.starting[index] = counts.cold;
    series.pooled[index] = counts.pooled + counts.preparing;
    series.billed[index] = counts.billedOnDemand + counts.billedSpot;
    series.waiting[index] = this.#queue.length;
    series.batch[index] = this.#batch;
    series.firstTokenMs[index] = admitted > 0 ? this.#waitedMs / admitted : 0;
    series.utilization[index] = counts.ready > 0 ? node.utilization(this.#batch) : 0;
    series.kvUsage[index] = node.kvUsage(this.#batch);
    series.gaveUp[index] = gaveUp;
    this.totals.billedOnDemandSeconds += counts.billedOnDemand * dt;
    this.totals.billedSpotSeconds += counts.billedSpot * dt;
  }
}
