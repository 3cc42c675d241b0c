import { findInstanceType } from "../../catalog/instance-types";
import { instancePrice } from "../../catalog/prices";
import type { TierWorkload } from "../../catalog/workload";
import type { DemandEstimator } from "../../runtime/demand";
import type { Assumptions } from "./assumptions";
import { BootModel } from "./boot";
import type { Decision } from "./decision-log";
import { type DemandSeries, rateAt } from "./demand/demand";
import { Fleet } from "./fleet";
import { type FleetModel, type FleetTable, type Place, placeOf, valueAt } from "./fleet-model";
import { Histogram } from "./histogram";
import type { FleetCounts } from "./instance";
import type { Sample, Samples } from "./metric-board";
import { nodesFor } from "./oracle";
import { type GroupPlan, type SimulatedMetric, simulatedMetrics } from "./plan";
import type { QuotaLedger } from "./quota";
import type { Random } from "./random";
import { RequestQueue, type StepOutcome } from "./request-queue";
import { Scaler } from "./scaler";
import { scheduledActions } from "./schedule";

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
  /** The group's types in its order, each with its curve. */
  readonly model: FleetModel;
  /** Requests a second that a fleet of 1, 2, 3... nodes serves within the objective. */
  readonly sustainable: readonly number[];
  readonly workload: TierWorkload;
  /** The router's, which sees all tiers, and this tier's number in it. */
  readonly demandEstimator: DemandEstimator;
  readonly tierIndex: number;
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
  readonly #queue: RequestQueue;
  readonly #scaler: Scaler;
  readonly #samples: Record<SimulatedMetric, Sample>;
  readonly #outcome: StepOutcome = { admitted: 0, gaveUp: 0, withinLimit: 0 };
  readonly #arrivals: Random;
  /** What the nodes that serve now do; undefined while there are none. */
  #table: FleetTable | undefined;
  #tableOf: FleetCounts | undefined;
  readonly #place: Place = { index: 0, share: 0 };
  /** Mean rate of arrivals around which single requests come by chance; NaN before the first. */
  #intensity = Number.NaN;
  #running = 0;
  #burst = 1;
  #burstUntil = 0;
  #refreshed = false;
  #waitedMs = 0;
  #batch = 0;
  #utilization = 0;
  #kvUsage = 0;
  readonly #firstToken = new Float64Array(4);
  readonly #sink = (count: number, waitSeconds: number): void => {
    const [mean, p50, p95, p99] = this.#firstToken as unknown as [number, number, number, number];
    const wait = waitSeconds * 1000;
    // The distribution in five slices, each where its middle lies.
    this.firstToken.add(wait + p50 * 0.97, count * 0.5);
    this.firstToken.add(wait + p50 + (p95 - p50) * 0.25, count * 0.225);
    this.firstToken.add(wait + p50 + (p95 - p50) * 0.75, count * 0.225);
    this.firstToken.add(wait + (p95 + p99) / 2, count * 0.04);
    this.firstToken.add(wait + p99 * 1.05, count * 0.01);
    this.#waitedMs += count * (wait + mean);
  };

  constructor(private readonly input: TierRunInput) {
    const { plan, model, workload, assumptions, random, durationSeconds, stepSeconds } = input;
    this.#arrivals = random.fork("arrivals");
    this.#queue = new RequestQueue(workload.patienceSeconds);
    this.#samples = Object.fromEntries(
      simulatedMetrics.map((metric) => [metric, { value: 0, count: 0, zeros: 0 }]),
    ) as Record<SimulatedMetric, Sample>;
    // A node's sets weigh the seconds of their window; the router counts requests; ELB reports nothing where nothing came.
    this.#samples.heartbeat.perStep = stepSeconds;
    this.#samples.demand.perStep = 1;
    this.#samples.requestsPerTarget.silentAtZero = true;
    const log = (decision: Decision): void => {
      this.decisions.push(decision);
    };
    this.fleet = new Fleet({
      plan,
      kinds: model.kinds.map(({ type, serving }) => ({
        vcpus: findInstanceType(type)?.vcpus ?? 0,
        boot: new BootModel(type, serving.model, assumptions.bootScale),
        spotUsd: instancePrice(type, "spot")?.usd ?? Number.NaN,
      })),
      assumptions,
      quota: input.quota,
      random: random.fork("fleet"),
      log,
    });
    const atStart = nodesFor(rateAt(input.demand, 0), input.sustainable);
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
    this.#publish(arrived);
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
    if (this.input.demand.exact) {
      // Of recorded counts the mean of half a minute stands for the rate that they came at.
      const weight = Number.isNaN(this.#intensity) ? 1 : 1 - Math.exp(-dt / 30);
      this.#intensity = weight === 1 ? rate : this.#intensity + (rate - this.#intensity) * weight;
      return rate * dt;
    }
    if (now >= this.#burstUntil) {
      this.#burstUntil = now + 60;
      this.#burst = this.#arrivals.factor(Math.min(0.5, 0.21 * Math.sqrt(5.53 / Math.max(0.5, rate))));
    }
    this.#intensity = rate * this.#burst;
    return this.#arrivals.poisson(this.#intensity * dt);
  }

  #fleetTable(): FleetTable | undefined {
    const { counts } = this.fleet;
    if (counts.ready === 0) return undefined;
    if (counts !== this.#tableOf) {
      this.#table = this.input.model.table(counts.readyByKind);
      this.#tableOf = counts;
    }
    return this.#table;
  }

  #serve(now: number, dt: number, arrived: number): void {
    const { workload } = this.input;
    const { totals } = this;
    const table = this.#fleetTable();
    const capacity = table === undefined ? 0 : table.maxRate * dt;
    // What waits from before is served beside what comes; what comes is its rate, not the chance of one step.
    const offered = Math.min((capacity || 0) / dt, this.#intensity + this.#queue.length / dt);
    let good = 0;
    let nodesRunning = 0;
    if (table !== undefined) {
      const place = placeOf(table, offered, this.#place);
      good = valueAt(table.good, place);
      for (let index = 0; index < 4; index++) this.#firstToken[index] = valueAt(table.first[index]!, place);
      nodesRunning = valueAt(table.outstanding, place) * this.fleet.counts.ready;
    }
    const limit = (workload.slo.ttftMs - this.#firstToken[0]!) / 1000;
    this.#waitedMs = 0;
    this.#queue.step(now, dt, arrived, capacity, limit, this.#outcome, this.#sink);
    const { admitted, gaveUp, withinLimit } = this.#outcome;
    const running = Math.min(nodesRunning, this.#running + admitted);
    totals.arrived += arrived;
    totals.completed += this.#running + admitted - running;
    totals.gaveUp += gaveUp;
    totals.good += withinLimit * good;
    this.#running = running;
  }

  #publish(arrived: number): void {
    const { counts, desired } = this.fleet;
    const nodes = counts.ready;
    const waiting = this.#queue.length;
    const zeros = this.input.assumptions.publishesWhileCold ? counts.cold : 0;
    const table = nodes === 0 ? undefined : this.#table;
    const place = this.#place;
    this.#utilization = table === undefined ? 0 : 100 * valueAt(table.busy, place);
    this.#kvUsage = table === undefined ? 0 : 100 * valueAt(table.kv, place);
    const inNode = table === undefined ? 0 : valueAt(table.waiting, place);
    this.#batch = table === undefined ? 0 : Math.max(0, valueAt(table.outstanding, place) - inNode);
    this.#set("gpuUtilization", this.#utilization, nodes, zeros);
    this.#set("memoryPressure", this.#kvUsage, nodes, zeros);
    this.#set("framebufferUsed", this.input.model.kinds[0]!.serving.framebufferPercent, nodes, zeros);
    this.#set("queueDepth", nodes === 0 ? 0 : waiting / nodes + inNode, nodes, zeros);
    this.#set("runningRequests", this.#batch, nodes, zeros);
    this.#set("requestLatencyP95", this.#firstToken[2]!, nodes, zeros);
    this.#set("heartbeat", 1, nodes, 0);
    // ELB counts what arrives, whether a node has a place for it or not.
    this.#set("requestsPerTarget", nodes === 0 ? 0 : (arrived * 60) / this.input.stepSeconds / nodes, nodes, 0);
    this.#set("waitingRequests", nodes === 0 ? waiting : 0, 1, 0);
    this.#set("demand", this.input.demandEstimator.add(this.input.tierIndex, arrived), 1, 0);
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
    const { series, fleet } = this;
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
    series.utilization[index] = this.#utilization;
    series.kvUsage[index] = this.#kvUsage;
    series.gaveUp[index] = gaveUp;
    this.totals.billedOnDemandSeconds += counts.billedOnDemand * dt;
    this.totals.billedSpotSeconds += counts.billedSpot * dt;
  }
}
