import assert from "node:assert/strict";
import { type Assumptions, defaultAssumptions } from "./assumptions";
import type { Decision } from "./decision-log";
import { goldGroup, nodeMetric, track } from "./fixtures";
import type { Samples } from "./metric-board";
import { type GroupPlan, type SimulatedMetric, simulatedMetrics } from "./plan";
import { type ScalableGroup, Scaler } from "./scaler";
import { clamp } from "./scaling-rules";
import { scheduledActions } from "./schedule";

interface Setup {
  readonly plan: Partial<GroupPlan>;
  readonly assumptions?: Partial<Assumptions>;
  /** Seconds from a decision to nodes in service. */
  readonly bootSeconds?: number;
  readonly hours?: number;
}

/** A group whose nodes boot in a fixed time, with a metric that the test sets each step. */
function play(
  { plan, assumptions, bootSeconds = 0, hours = 1 }: Setup,
  value: (now: number, group: ScalableGroup) => number | undefined,
) {
  const gold = goldGroup(plan);
  const decisions: Decision[] = [];
  let inService = Array<number>(gold.desired).fill(Number.NEGATIVE_INFINITY);
  const group = {
    desired: gold.desired,
    min: gold.min,
    max: gold.max,
    get counts() {
      return { active: inService.length };
    },
    warmed: (now: number, warmup: number) => inService.filter((since) => now - since >= warmup).length,
    setDesired(capacity: number, now: number) {
      this.desired = clamp(capacity, this.min, this.max);
      while (inService.length < this.desired) inService.push(now + bootSeconds);
      inService = inService.slice(0, this.desired);
    },
  };
  const samples = Object.fromEntries(
    simulatedMetrics.map((metric) => [metric, { value: 0, count: 0, zeros: 0 }]),
  ) as Record<SimulatedMetric, { value: number; count: number; zeros: number }>;
  const scaler = new Scaler({
    plan: gold,
    group,
    samples: samples as Samples,
    assumptions: { ...defaultAssumptions, datapointDelaySeconds: 0, ...assumptions },
    schedule: scheduledActions(gold.schedules, new Date("2026-01-05T00:00:00Z"), hours * 3600),
    log: (decision) => decisions.push(decision),
  });
  for (let now = 10; now <= hours * 3600; now += 10) {
    const current = value(now, group);
    for (const metric of simulatedMetrics) {
      samples[metric].value = current ?? 0;
      samples[metric].count = current === undefined ? 0 : 1;
    }
    scaler.step(now, 10);
  }
  return { decisions, group, path: decisions.map(({ to }) => to) };
}

describe("scaler", () => {
  it("replays the recorded event: out to 2 and 300 s later to 3, in to 2 and 300 s later to 1", () => {
    // WorkerBacklog, target 20: AlarmHigh > 20 for 3 x 60 s, AlarmLow < 14 for 15 x 60 s, warm-up 300 s. The backlog per node
    // stands at 25 until three nodes work on it, then at 9: ceil(2 x 25 / 20) = 3; ceil(3 x 9 / 20) = 2; ceil(2 x 9 / 20) = 1.
    const { decisions } = play(
      {
        plan: {
          min: 1,
          max: 10,
          desired: 1,
          defaultWarmupSeconds: 300,
          targetTracking: [track("queueDepth", 20)],
        },
      },
      (now) => (now < 600 ? 25 : 9),
    );
    assert.deepEqual(
      decisions.map(({ from, to }) => [from, to]),
      [
        [1, 2],
        [2, 3],
        [3, 2],
        [2, 1],
      ],
    );
    const [out1, out2, in1, in2] = decisions.map(({ time }) => time);
    assert.equal(out1, 180); // three datapoints of a minute
    assert.equal(out2! - out1!, 300);
    assert.equal(in2! - in1!, 300);
    assert.match(decisions[1]!.alarm!, /AlarmHigh > 20 for 3 x 60 s/);
    assert.match(decisions[3]!.alarm!, /AlarmLow < 14 for 15 x 60 s/);
    assert.equal(decisions[1]!.formula, "ceil(2 x 25 / 20) = 3 in [1, 10] -> 3");
  });

  it("goes from 1 to 50 in nine decisions on saturated utilisation when each waits for the nodes of the last", () => {
    const setup = { plan: { desired: 1, defaultWarmupSeconds: 60, targetTracking: [track("gpuUtilization", 70)] } };
    const { path } = play({ ...setup, bootSeconds: 240 }, () => 100);
    assert.deepEqual(path, [2, 3, 5, 8, 12, 18, 26, 38, 50]);
  });

  it("is faster in the other reading of the rules, in which warming nodes are multiplied too", () => {
    const setup = { plan: { desired: 1, defaultWarmupSeconds: 60, targetTracking: [track("gpuUtilization", 70)] } };
    const times = (["warmed", "warmed-and-warming"] as const).map(
      (scaleOutBase) =>
        play({ ...setup, bootSeconds: 240, assumptions: { scaleOutBase } }, () => 100).decisions.at(-1)!.time,
    );
    assert.ok(times[1]! < times[0]! / 3, `${times}`);
  });

  it("walks 10, 11, 14, 13, 10 by the step policies of the user guide", () => {
    const percent = (lower: number | null, upper: number | null, adjustment: number) => ({ lower, upper, adjustment });
    const alarm = (name: string, comparison: "GreaterThanOrEqualToThreshold" | "LessThanOrEqualToThreshold") => ({
      name,
      query: nodeMetric("gpuUtilization"),
      comparison,
      threshold: 50,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      treatMissingData: "missing" as const,
    });
    const policy = (name: string, steps: ReturnType<typeof percent>[], alarms: ReturnType<typeof alarm>[]) => ({
      name,
      adjustmentType: "PercentChangeInCapacity" as const,
      steps,
      minMagnitude: 0,
      alarms,
    });
    const { path } = play(
      {
        plan: {
          desired: 10,
          defaultWarmupSeconds: 0,
          steps: [
            policy(
              "out",
              [percent(0, 10, 0), percent(10, 20, 10), percent(20, null, 30)],
              [alarm("high", "GreaterThanOrEqualToThreshold")],
            ),
            policy(
              "in",
              [percent(-10, 0, 0), percent(-20, -10, -10), percent(null, -20, -30)],
              [alarm("low", "LessThanOrEqualToThreshold")],
            ),
          ],
        },
      },
      // One datapoint each of 60, 70, 40 and 30, and rest in between.
      (now) => [50, 60, 50, 70, 50, 40, 50, 30][Math.floor((now - 10) / 60)] ?? 50,
    );
    assert.deepEqual(path, [11, 14, 13, 10]);
  });

  it("scales out if any policy asks and takes the highest, scales in only if all agree", () => {
    const both = [track("gpuUtilization", 70), track("queueDepth", 4)];
    const out = play({ plan: { desired: 10, targetTracking: both } }, (_, group) => 800 / group.desired);
    assert.equal(out.path[0], 50); // by the queue: ceil(10 x 80 / 4) = 200; by utilisation only 12
    assert.equal(out.decisions[0]?.policy, "queueDepth");
    // 20 is low for utilisation and high for a queue of 4: nothing shrinks.
    const held = play({ plan: { desired: 50, targetTracking: both } }, () => 20);
    assert.deepEqual(held.path, []);
    const scaleOutOnly = [{ ...track("queueDepth", 4), disableScaleIn: true }, track("gpuUtilization", 70)];
    const low = play({ plan: { desired: 10, targetTracking: scaleOutOnly } }, () => 3.9);
    assert.equal(low.path[0], 1); // the queue's vote against is gone: ceil(10 x 3.9 / 70)
  });

  it("never scales on missing data", () => {
    const { path } = play({ plan: { desired: 5, targetTracking: [track("gpuUtilization", 70)] } }, () => undefined);
    assert.deepEqual(path, []);
  });

  it("shrinks by one at a time where the rules are read that way", () => {
    const setup = { plan: { desired: 10, targetTracking: [track("gpuUtilization", 70)] } };
    assert.deepEqual(play({ ...setup, hours: 0.5 }, () => 14).path.slice(0, 2), [2, 1]);
    const gradual = play({ ...setup, assumptions: { scaleIn: "one-by-one" }, hours: 0.5 }, () => 14);
    assert.deepEqual(gradual.path.slice(0, 3), [9, 8, 7]);
  });

  it("reacts within 30 s and a datapoint's age when the metric comes each 10 s", () => {
    const first = (period: number) =>
      play({ plan: { desired: 2, targetTracking: [track("gpuUtilization", 70, period)] } }, (now) =>
        now > 1200 ? 100 : 60,
      ).decisions[0]!.time - 1200;
    assert.equal(first(10), 30);
    assert.equal(first(60), 180);
  });

  it("applies schedules at their hour in their zone", () => {
    const schedules = [{ name: "evening", recurrence: "30 1 * * *", timeZone: "Europe/Berlin", min: 8 }];
    const { decisions } = play({ plan: { desired: 2, schedules } }, () => undefined);
    assert.deepEqual(
      decisions.map(({ kind, time, to }) => [kind, time, to]),
      [["scheduled", 1800, 8]],
    ); // 01:30 in Berlin is 00:30 UTC in January
  });

  it("launches ahead of an hour that was busy yesterday, and holds that capacity against scale-in", () => {
    const forecast = {
      name: "forecast",
      query: nodeMetric("runningRequests"),
      targetPerInstance: 10,
      forecastOnly: false,
      bufferSeconds: 300,
    };
    const busy = (now: number) => (Math.floor((now - 10) / 3600) % 24 === 5 ? 200 : 10);
    const plan = { desired: 1, targetTracking: [track("queueDepth", 1000)] };
    const { decisions } = play({ plan: { ...plan, predictive: [forecast] }, hours: 36 }, busy);
    const [first] = decisions;
    assert.equal(first?.kind, "scale-out");
    assert.equal(first?.time, (24 + 5) * 3600 - 300);
    assert.equal(first?.to, 20); // 200 / 10
    const back = decisions.find(({ kind }) => kind === "scale-in");
    assert.ok(back!.time >= (24 + 6) * 3600);
    const shown = play({ plan: { ...plan, predictive: [{ ...forecast, forecastOnly: true }] }, hours: 36 }, busy);
    assert.deepEqual(shown.path, []);
  });
});
