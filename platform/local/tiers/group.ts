import { type Metric, observedMetrics, routerMetrics, scalingMetrics } from "../../../contracts/metrics";
import { defaultAssumptions } from "../../simulator/assumptions";
import { type Decision, describeDecision } from "../../simulator/decision-log";
import type { Sample } from "../../simulator/metric-board";
import { type GroupPlan, type SimulatedMetric, simulatedMetrics } from "../../simulator/plan";
import { type PolicyView, type ScalableGroup, Scaler } from "../../simulator/scaler";
import { clamp } from "../../simulator/scaling-rules";
import type { LocalDecision, PolicyState, TierState } from "../state";
import type { AutoScalingCall } from "./aws-endpoint";
import type { Balancer } from "./balancer";
import type { MetricStore } from "./metric-store";
import { LocalNode, type NodeParts } from "./node";

/** Seconds between two looks at the metrics: the finest period that EC2 Auto Scaling takes. */
const stepSeconds = 10;
/** Milliseconds after the end of a window until which its data is waited for. */
const lagMs = 3_500;
/** Datapoints kept per policy: 15 minutes. */
const pointsKept = 90;
const decisionsKept = 500;
/** Milliseconds before a launch that failed is tried again. */
const retryMs = 5_000;
/** Nodes of a tier that this machine carries. */
export const mostNodes = 3;

/**
 * Waits that AWS makes long because nodes boot for minutes; here they boot in seconds, so the same rules run on shorter ones. With
 * `aws` they are those of the stack and of AWS.
 */
export type ScalingPace = "quick" | "aws";

const quick = { warmupSeconds: 20, alarmLowMinutes: 1, scaleInGapSeconds: 30 } as const;

export interface GroupOptions {
  readonly plan: GroupPlan;
  readonly pace: ScalingPace;
  readonly balancer: Balancer;
  readonly metrics: MetricStore;
  /** Nodes that this machine carries of it. */
  readonly mostNodes: number;
  readonly node: NodeParts;
  readonly onChange: () => void;
  readonly say: (line: string) => void;
}

/** One Auto Scaling group, live: the simulator's policies on metrics that its nodes really published, and processes as its instances. */
export class LocalGroup implements ScalableGroup {
  desired: number;
  min: number;
  max: number;
  readonly #plan: GroupPlan;
  readonly #scaler: Scaler;
  readonly #samples: Record<SimulatedMetric, Sample>;
  readonly #points = new Map<string, { seen: number; points: { at: number; value: number | null }[] }>();
  readonly #startedAt = Math.floor(Date.now() / (stepSeconds * 1000)) * stepSeconds * 1000;
  #nodes: LocalNode[] = [];
  #decisions: LocalDecision[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #steps = 0;
  #stopped = false;

  constructor(private readonly options: GroupOptions) {
    const { plan, pace } = options;
    const hurried = pace === "quick";
    this.min = plan.min;
    this.max = Math.max(plan.min, Math.min(plan.max, options.mostNodes));
    this.desired = clamp(plan.desired, this.min, this.max);
    this.#plan = hurried ? hurry(plan) : plan;
    this.#samples = Object.fromEntries(
      simulatedMetrics.map((metric) => [metric, { value: 0, count: 0, zeros: 0, perStep: 1 }]),
    ) as Record<SimulatedMetric, Sample>;
    this.#scaler = new Scaler({
      plan: this.#plan,
      group: this,
      samples: this.#samples,
      assumptions: {
        ...defaultAssumptions,
        ...(hurried && { alarmLowMinutes: quick.alarmLowMinutes, scaleInGapSeconds: quick.scaleInGapSeconds }),
        datapointDelaySeconds: 0,
      },
      schedule: [],
      log: (decision) => this.#decided(decision),
    });
  }

  get name(): string {
    return this.#plan.name;
  }

  get counts(): { readonly active: number } {
    return { active: this.#nodes.filter(({ active }) => active).length };
  }

  warmed(now: number, warmupSeconds: number): number {
    return this.#nodes.filter(
      ({ lifecycle, inServiceAt }) => lifecycle === "InService" && now - inServiceAt >= warmupSeconds,
    ).length;
  }

  setDesired(capacity: number): void {
    this.desired = clamp(capacity, this.min, this.max);
    // The decision is noted before what follows from it.
    queueMicrotask(() => this.#settle());
  }

  /** Launches the nodes that are wanted and lets the policies act. Resolves when all of them are in service. */
  async start(): Promise<void> {
    this.#looking = setInterval(() => {
      for (const node of this.#nodes) void node.look();
    }, 1_000).unref();
    this.#planStep();
    const missing = this.desired - this.counts.active;
    // Nodes of the start count as warm: the platform is taken to have run before.
    await Promise.all(Array.from({ length: missing }, () => this.#launch(Number.NEGATIVE_INFINITY)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#looking);
    await Promise.all(this.#nodes.map((node) => node.stop()));
  }

  /** Takes a call of the Auto Scaling API; undefined where the instance is not of this group. */
  called(call: AutoScalingCall): boolean | undefined {
    const node = this.#nodes.find(({ id }) => id === call.instanceId);
    if (node === undefined) return undefined;
    if (call.action !== "SetInstanceHealth") return node.called(call);
    this.#note("unhealthy", `${node.id} says that it must be replaced`);
    void this.#terminate(node).then(() => this.#settle());
    return true;
  }

  /** Starts a program again, on one node after the other. */
  async restart(program: string): Promise<void> {
    for (const node of this.#nodes) await node.restart(program);
  }

  decisions(): readonly LocalDecision[] {
    return this.#decisions;
  }

  /** Output of a node of this group. */
  logs(id: string): readonly string[] | undefined {
    return this.#nodes.find((node) => node.id === id)?.logs();
  }

  state(): TierState {
    const { plan, balancer } = this.options;
    return {
      tier: plan.tier,
      group: this.name,
      url: balancer.url,
      min: this.min,
      max: this.max,
      declaredMax: plan.max,
      desired: this.desired,
      nodes: this.#nodes.map((node) => node.state()),
      policies: this.#scaler.policies().map((policy) => this.#policyState(policy)),
    };
  }

  #clock(): number {
    return (Date.now() - this.#startedAt) / 1000;
  }

  #settle(): void {
    if (this.#stopped) return;
    for (let missing = this.desired - this.counts.active; missing > 0; missing--) void this.#launch(undefined);
    const extra = this.counts.active - this.desired;
    const oldest = this.#nodes.filter(({ active }) => active).slice(0, Math.max(0, extra));
    for (const node of oldest) void this.#terminate(node);
  }

  /** @param inServiceAt On the group's clock; when it comes into service where it is not given. */
  async #launch(inServiceAt: number | undefined): Promise<void> {
    const node = new LocalNode(this.options.node);
    this.#nodes.push(node);
    this.#note("launch", node.id);
    try {
      await node.launch();
    } catch (error) {
      await this.#abandon(node, error);
      if (inServiceAt !== undefined) throw error;
      return;
    }
    if (node.lifecycle !== "Pending:Proceed") return;
    node.inServiceAt = inServiceAt ?? this.#clock();
    this.options.balancer.register(node.id, node.port);
    node.become("InService");
    const seconds = ((Date.now() - node.launchedAt) / 1000).toFixed(1);
    this.#note("in-service", `${node.id}, its model answered ${seconds} s after the launch`);
  }

  async #abandon(node: LocalNode, error: unknown): Promise<void> {
    if (this.#stopped || node.lifecycle !== "Pending:Wait") return;
    this.#note("abandoned", error instanceof Error ? error.message : String(error));
    await node.stop();
    this.#nodes = this.#nodes.filter((each) => each !== node);
    setTimeout(() => this.#settle(), retryMs).unref();
  }

  async #terminate(node: LocalNode): Promise<void> {
    this.options.balancer.deregister(node.id);
    this.#note("drain", node.id);
    await node.terminate(this.#plan.terminateHook?.heartbeatSeconds ?? 0);
    this.#nodes = this.#nodes.filter((each) => each !== node);
    this.#note("terminated", node.id);
  }

  /** The next step: a moment after the window that it looks at has ended, on the wall clock, as publishers cut their windows. */
  #planStep(): void {
    const due = this.#startedAt + (this.#steps + 1) * stepSeconds * 1000 + lagMs;
    this.#timer = setTimeout(
      () => {
        this.#steps += 1;
        this.#step(this.#steps * stepSeconds);
        this.#planStep();
      },
      Math.max(0, due - Date.now()),
    ).unref();
  }

  #step(now: number): void {
    const to = this.#startedAt + now * 1000;
    for (const name of simulatedMetrics) {
      const value = this.#value(name, to - stepSeconds * 1000, to);
      const sample = this.#samples[name];
      sample.count = value === undefined ? 0 : 1;
      sample.value = value ?? 0;
    }
    this.#scaler.step(now, stepSeconds);
    for (const { name, latest, datapoints } of this.#scaler.policies()) {
      const kept = this.#points.get(name) ?? { seen: 0, points: [] };
      if (datapoints > kept.seen) kept.points.push({ at: to, value: Number.isNaN(latest) ? null : latest });
      kept.seen = datapoints;
      kept.points.splice(0, kept.points.length - pointsKept);
      this.#points.set(name, kept);
    }
    this.options.onChange();
  }

  #value(name: SimulatedMetric, from: number, to: number): number | undefined {
    if (name === "groupDesired") return this.desired;
    if (name === "groupInService") return this.#nodes.filter(({ lifecycle }) => lifecycle === "InService").length;
    const metric = published[name];
    const seen = metric && this.options.metrics.between(metric, this.name, from, to);
    // What the router publishes is followed by its maximum; replicas do not add up.
    if (name === "waitingRequests") return seen?.maximum;
    // Demand adds up over replicas; heartbeats add up to the seconds in which nodes served.
    return summed.has(name) ? seen?.sum : seen?.average;
  }

  #policyState({ name, kind, query, target, alarm }: PolicyView): PolicyState {
    const [term] = query.terms;
    const unit = (term?.metric && published[term.metric]?.unit) ?? "None";
    return { name, kind, metric: query.label, unit, target, alarm, points: this.#points.get(name)?.points ?? [] };
  }

  #decided(decision: Decision): void {
    const note = [
      decision.policy,
      decision.alarm && `alarm ${decision.alarm}`,
      decision.metric,
      decision.formula,
      decision.note,
    ];
    this.#note(decision.kind, note.filter(Boolean).join(" | "), decision.from, decision.to);
    this.options.say(describeDecision(decision));
  }

  #note(kind: string, note: string, from = this.desired, to = this.desired): void {
    this.#decisions.push({ at: Date.now(), tier: this.#plan.tier, kind, from, to, note });
    this.#decisions = this.#decisions.slice(-decisionsKept);
    this.options.onChange();
  }
}

/** What a window gives as a sum of all that was published in it. */
const summed: ReadonlySet<SimulatedMetric> = new Set(["demand", "heartbeat"]);

/** Metrics of the contracts by the names that the simulator has for them. */
const published: Readonly<Partial<Record<SimulatedMetric, Metric>>> = {
  ...scalingMetrics,
  runningRequests: observedMetrics.runningRequests,
  requestLatencyP95: observedMetrics.requestLatencyP95,
  framebufferUsed: observedMetrics.framebufferUsed,
  heartbeat: observedMetrics.heartbeat,
  inFlight: routerMetrics.inFlight,
};

function hurry(plan: GroupPlan): GroupPlan {
  const { warmupSeconds } = quick;
  return {
    ...plan,
    defaultWarmupSeconds: warmupSeconds,
    targetTracking: plan.targetTracking.map((policy) => ({ ...policy, warmupSeconds })),
    steps: plan.steps.map((policy) => ({ ...policy, warmupSeconds })),
  };
}
