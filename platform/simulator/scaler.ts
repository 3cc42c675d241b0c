import { Alarm, type AlarmState } from "./alarm";
import type { Assumptions } from "./assumptions";
import type { DecisionSink } from "./decision-log";
import { SeasonalNaiveForecast } from "./forecast";
import { MetricStream, type Samples } from "./metric-board";
import type { AlarmPlan, GroupPlan, MetricQuery, PredictivePlan, StepPolicyPlan, TargetTrackingPlan } from "./plan";
import { clamp, findStep, stepCapacity, targetTrackingCapacity } from "./scaling-rules";
import type { ScheduledAction } from "./schedule";

/** Seconds between two forecasts, and hours that one covers. Source: predictive scaling, EC2 Auto Scaling. */
const forecastEverySeconds = 6 * 3600;

/** What policies need to know of a group, and the one thing they can do to it. */
export interface ScalableGroup {
  desired: number;
  min: number;
  max: number;
  readonly counts: { readonly active: number };
  /** Instances in service whose warm-up has passed. */
  warmed(now: number, warmupSeconds: number): number;
  setDesired(capacity: number, now: number): void;
}

interface Tracking {
  readonly plan: TargetTrackingPlan;
  readonly stream: MetricStream;
  readonly high: Alarm;
  readonly low: Alarm;
  readonly warmup: number;
  highSince: number;
  actedAt: number;
}
interface Stepping {
  readonly policy: StepPolicyPlan;
  readonly alarmPlan: AlarmPlan;
  readonly stream: MetricStream;
  readonly alarm: Alarm;
  readonly warmup: number;
  state: AlarmState;
  actedAt: number;
}
interface Predicting {
  readonly plan: PredictivePlan;
  readonly stream: MetricStream;
  readonly history: SeasonalNaiveForecast;
  readonly capacities: Map<number, number>;
}

/** What a policy follows, and what it last saw. */
export interface PolicyView {
  readonly name: string;
  readonly kind: "target-tracking" | "step";
  readonly query: MetricQuery;
  /** Target, or the threshold of the alarm that invokes it. */
  readonly target: number;
  /** State of the alarm that makes the group larger. */
  readonly alarm: AlarmState;
  /** The newest datapoint; NaN when it is missing. */
  readonly latest: number;
  /** Datapoints since the start, missing ones among them. */
  readonly datapoints: number;
}

export interface ScalerInput {
  readonly plan: GroupPlan;
  readonly group: ScalableGroup;
  readonly samples: Samples;
  readonly assumptions: Assumptions;
  readonly schedule: readonly ScheduledAction[];
  readonly log: DecisionSink;
}

/** Everything that changes the desired capacity of one group: target tracking, step, predictive and scheduled scaling. */
export class Scaler {
  readonly #tracking: Tracking[];
  /** Those whose agreement a smaller group needs. */
  readonly #voters: Tracking[];
  readonly #stepping: Stepping[];
  readonly #predicting: Predicting[];
  #scheduled = 0;
  #scaledInAt = Number.NEGATIVE_INFINITY;
  #hour = 0;
  #forecastAt = 0;
  /** Capacity that predictive scaling asks for in this hour. */
  #floor = 0;
  readonly #warmup: number;

  constructor(private readonly input: ScalerInput) {
    const { plan, samples, assumptions } = input;
    this.#warmup = plan.defaultWarmupSeconds ?? plan.defaultCooldownSeconds;
    const publishSeconds = publishingPeriod(plan);
    const stream = (query: TargetTrackingPlan["query"]) =>
      new MetricStream(query, samples, publishSeconds, assumptions.datapointDelaySeconds);
    this.#tracking = plan.targetTracking.map((policy) => ({
      plan: policy,
      stream: stream(policy.query),
      high: new Alarm({
        comparison: "GreaterThanThreshold",
        threshold: policy.target,
        evaluationPeriods: assumptions.alarmHighDatapoints,
      }),
      low: new Alarm({
        comparison: "LessThanThreshold",
        threshold: policy.target * assumptions.alarmLowRatio,
        evaluationPeriods: Math.round((assumptions.alarmLowMinutes * 60) / policy.query.periodSeconds),
      }),
      warmup: policy.warmupSeconds ?? this.#warmup,
      highSince: Number.NaN,
      actedAt: Number.NEGATIVE_INFINITY,
    }));
    this.#voters = this.#tracking.filter((tracking) => !tracking.plan.disableScaleIn);
    this.#stepping = plan.steps.flatMap((policy) =>
      policy.alarms.map((alarmPlan) => ({
        policy,
        alarmPlan,
        stream: stream(alarmPlan.query),
        alarm: new Alarm(alarmPlan),
        warmup: policy.warmupSeconds ?? this.#warmup,
        state: "INSUFFICIENT_DATA" as const,
        actedAt: Number.NEGATIVE_INFINITY,
      })),
    );
    this.#predicting = plan.predictive.map((policy) => ({
      plan: policy,
      stream: stream(policy.query),
      history: new SeasonalNaiveForecast(),
      capacities: new Map(),
    }));
  }

  /** Every target-tracking and step policy, with what it last saw. */
  policies(): PolicyView[] {
    const seen = ({ query, latest, datapoints }: MetricStream) => ({ query, latest, datapoints });
    return [
      ...this.#tracking.map(({ plan, stream, high }): PolicyView => {
        return { name: plan.name, kind: "target-tracking", target: plan.target, alarm: high.state, ...seen(stream) };
      }),
      ...this.#stepping.map(({ policy, alarmPlan, stream, state }): PolicyView => {
        return { name: policy.name, kind: "step", target: alarmPlan.threshold, alarm: state, ...seen(stream) };
      }),
    ];
  }

  /** Takes what was published in the step that ends at `now`, and does what the alarms, the forecast and the clock ask for. */
  step(now: number, dt: number): void {
    this.#runSchedule(now);
    if (this.#predicting.length > 0) this.#predict(now, dt);
    let seen = false;
    for (const tracking of this.#tracking) seen = this.#observe(tracking, now, dt) || seen;
    if (seen) this.#track(now);
    for (const stepping of this.#stepping) this.#takeStep(stepping, now, dt);
  }

  #observe(tracking: Tracking, now: number, dt: number): boolean {
    tracking.stream.add(now, dt);
    let seen = false;
    while (tracking.stream.next(now)) {
      seen = true;
      const value = tracking.stream.latest;
      tracking.highSince = since(tracking.high.observe(value), tracking.highSince, now);
      tracking.low.observe(value);
    }
    return seen;
  }

  /** Out if any policy asks for it, the highest wins; in only if every policy that may scale in agrees. */
  #track(now: number): void {
    const { group } = this.input;
    const repeat = this.input.assumptions.actionRepeatSeconds;
    const before = group.desired;
    let best: Tracking | undefined;
    let bestCapacity = before;
    let bestBase = 0;
    for (const tracking of this.#tracking) {
      if (tracking.high.state !== "ALARM" || Number.isNaN(tracking.stream.latest)) continue;
      if (tracking.highSince !== now && now - tracking.actedAt < repeat) continue;
      tracking.actedAt = now;
      const base =
        this.input.assumptions.scaleOutBase === "warmed" ? group.warmed(now, tracking.warmup) : group.counts.active;
      const capacity = clamp(
        targetTrackingCapacity(base, tracking.stream.latest, tracking.plan.target),
        group.min,
        group.max,
      );
      if (capacity <= bestCapacity) continue;
      best = tracking;
      bestCapacity = capacity;
      bestBase = base;
    }
    if (best !== undefined) {
      group.setDesired(bestCapacity, now);
      this.#sayTracking(now, "scale-out", best, before, bestBase);
    } else this.#scaleIn(now);
  }

  #scaleIn(now: number): void {
    const { group } = this.input;
    const voters = this.#voters;
    if (voters.length === 0 || group.desired <= group.min) return;
    for (const { low } of voters) if (low.state !== "ALARM") return;
    if (now - this.#scaledInAt < this.input.assumptions.scaleInGapSeconds) return;
    const warmup = Math.max(this.#warmup, ...this.#tracking.map((tracking) => tracking.warmup));
    if (group.warmed(now, warmup) < group.desired) return;
    const before = group.desired;
    let best = voters[0]!;
    let capacity = 0;
    for (const tracking of voters) {
      const wanted = targetTrackingCapacity(before, tracking.stream.latest, tracking.plan.target);
      if (wanted > capacity || Number.isNaN(wanted)) [best, capacity] = [tracking, wanted];
    }
    if (this.input.assumptions.scaleIn === "one-by-one") capacity = Math.max(capacity, before - 1);
    const after = Math.max(clamp(capacity, group.min, group.max), Math.min(this.#floor, group.max));
    if (Number.isNaN(after) || after >= before) return;
    this.#scaledInAt = now;
    group.setDesired(after, now);
    this.#sayTracking(now, "scale-in", best, before, before);
  }

  #sayTracking(now: number, kind: "scale-out" | "scale-in", tracking: Tracking, from: number, base: number): void {
    const { plan, stream } = tracking;
    const { min, max, desired } = this.input.group;
    const high = kind === "scale-out";
    const threshold = high ? plan.target : plan.target * this.input.assumptions.alarmLowRatio;
    const periods = high
      ? this.input.assumptions.alarmHighDatapoints
      : Math.round((this.input.assumptions.alarmLowMinutes * 60) / plan.query.periodSeconds);
    const value = round(stream.latest);
    this.input.log({
      time: now,
      group: this.input.plan.name,
      kind,
      from,
      to: desired,
      policy: plan.name,
      alarm: `${high ? "AlarmHigh >" : "AlarmLow <"} ${round(threshold)} for ${periods} x ${plan.query.periodSeconds} s`,
      metric: `${plan.query.label} = ${value}`,
      formula: `ceil(${base} x ${value} / ${plan.target}) = ${targetTrackingCapacity(base, stream.latest, plan.target)} in [${min}, ${max}] -> ${desired}`,
    });
  }

  #takeStep(stepping: Stepping, now: number, dt: number): void {
    const { group, assumptions } = this.input;
    stepping.stream.add(now, dt);
    while (stepping.stream.next(now)) {
      const before = stepping.state;
      stepping.state = stepping.alarm.observe(stepping.stream.latest);
      if (stepping.state !== "ALARM") continue;
      if (before === "ALARM" && now - stepping.actedAt < assumptions.actionRepeatSeconds) continue;
      stepping.actedAt = now;
      this.#applyStep(stepping, now, group);
    }
  }

  #applyStep({ policy, alarmPlan, stream, warmup }: Stepping, now: number, group: ScalableGroup): void {
    const value = Number.isNaN(stream.latest) ? alarmPlan.threshold : stream.latest;
    const step = findStep(policy.steps, value, alarmPlan.threshold);
    if (step === undefined) return;
    const warmed = group.warmed(now, warmup);
    const shrinks = policy.adjustmentType === "ExactCapacity" ? step.adjustment < group.desired : step.adjustment < 0;
    if (shrinks && warmed < group.desired) return;
    const base = shrinks ? group.desired : warmed;
    const wanted = stepCapacity(base, policy.adjustmentType, step.adjustment, policy.minMagnitude);
    const floor = shrinks ? Math.min(this.#floor, group.max) : 0;
    const capacity = Math.max(floor, clamp(wanted, group.min, group.max));
    if (shrinks ? capacity >= group.desired : capacity <= group.desired) return;
    const from = group.desired;
    group.setDesired(capacity, now);
    this.input.log({
      time: now,
      group: this.input.plan.name,
      kind: shrinks ? "scale-in" : "scale-out",
      from,
      to: group.desired,
      policy: policy.name,
      alarm: `${alarmPlan.name}, threshold ${alarmPlan.threshold}`,
      metric: `${alarmPlan.query.label} = ${round(stream.latest)}`,
      formula: `${policy.adjustmentType} ${step.adjustment} on ${base} -> ${capacity}`,
    });
  }

  #runSchedule(now: number): void {
    const { schedule, group } = this.input;
    for (let action = schedule[this.#scheduled]; action !== undefined && action.time <= now; ) {
      const { name, min, max, desired } = action.schedule;
      const from = group.desired;
      group.min = min ?? group.min;
      group.max = max ?? group.max;
      group.setDesired(desired ?? group.desired, now);
      const formula = `min ${group.min}, max ${group.max}`;
      this.input.log({
        time: now,
        group: this.input.plan.name,
        kind: "scheduled",
        from,
        to: group.desired,
        policy: name,
        formula,
      });
      action = schedule[++this.#scheduled];
    }
  }

  #predict(now: number, dt: number): void {
    const { group } = this.input;
    for (const { stream, history } of this.#predicting) {
      stream.add(now, dt);
      while (stream.next(now)) if (!Number.isNaN(stream.latest)) history.add(stream.latest);
    }
    if (now >= (this.#hour + 1) * 3600) {
      this.#hour++;
      for (const { history } of this.#predicting) history.closeHour();
    }
    if (now >= this.#forecastAt) {
      this.#forecastAt = now + forecastEverySeconds;
      for (const predicting of this.#predicting) this.#forecast(predicting);
    }
    let floor = 0;
    for (const { plan, capacities } of this.#predicting) {
      if (plan.forecastOnly) continue;
      const hour = capacities.get(this.#hour) ?? 0;
      const next = capacities.get(this.#hour + 1) ?? 0;
      const ahead = now >= (this.#hour + 1) * 3600 - plan.bufferSeconds;
      const limit = plan.maxCapacityBuffer === undefined ? group.max : Number.POSITIVE_INFINITY;
      floor = Math.max(floor, Math.min(limit, ahead ? Math.max(hour, next) : hour));
    }
    if (floor !== this.#floor && floor > group.desired) this.#sayPrediction(now, floor);
    this.#floor = floor;
  }

  #forecast({ plan, history, capacities }: Predicting): void {
    capacities.clear();
    for (let hour = this.#hour; hour <= this.#hour + 48; hour++) {
      const load = history.forecast(hour);
      if (load !== undefined) capacities.set(hour, Math.ceil(load / plan.targetPerInstance - 1e-9));
    }
  }

  #sayPrediction(now: number, floor: number): void {
    const { group } = this.input;
    const from = group.desired;
    const over = Math.max(0, ...this.#predicting.map(({ plan }) => plan.maxCapacityBuffer ?? 0));
    if (over > 0) group.max = Math.max(group.max, Math.min(floor, Math.ceil(this.input.plan.max * (1 + over / 100))));
    group.setDesired(floor, now);
    this.input.log({
      time: now,
      group: this.input.plan.name,
      kind: "scale-out",
      from,
      to: group.desired,
      policy: this.#predicting.map(({ plan }) => plan.name).join(", "),
      formula: `seasonal-naive forecast asks for ${floor} -> ${group.desired}`,
    });
  }
}

/** Seconds between two samples of a publisher: as fine as the finest policy asks for, a minute otherwise. */
export function publishingPeriod(plan: GroupPlan): number {
  const queries = [
    ...plan.targetTracking.map(({ query }) => query),
    ...plan.steps.flatMap(({ alarms }) => alarms.map(({ query }) => query)),
  ];
  return Math.min(60, ...queries.map(({ periodSeconds }) => periodSeconds));
}

const since = (state: AlarmState, start: number, now: number): number =>
  state !== "ALARM" ? Number.NaN : Number.isNaN(start) ? now : start;

const round = (value: number): number => Math.round(value * 100) / 100;
