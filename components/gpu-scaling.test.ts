import assert from "node:assert/strict";
import { groupDimension, observedMetrics, routerNamespace, scalingMetrics } from "../contracts/metrics";
import { lifecycleHookSettings } from "./gpu-lifecycle";
import {
  type Followed,
  predictiveMetrics,
  queryFor,
  requestCountLabel,
  scaleIn,
  targetTrackingPolicies,
  wakeAlarm,
} from "./gpu-scaling";
import { resolveTier } from "./gpu-settings";

const group = "gaming-test-gpu-gold";
const settings = resolveTier("gold", { min: 1, max: 50 });
const metricOf = (follows: Followed<string>) =>
  "query" in follows ? follows.query.metricName : "math" in follows ? "expression" : follows.predefined;
const periodOf = (follows: Followed<string>) => ("predefined" in follows ? undefined : follows.periodSeconds);

describe("scaling policies of a GPU tier", () => {
  it("track utilisation at 70, memory pressure at 75 and the queue of each node, every 10 seconds", () => {
    const policies = targetTrackingPolicies(settings, group);
    assert.deepEqual(
      policies.map(({ name, follows, target }) => [name, metricOf(follows), target, periodOf(follows)]),
      [
        ["utilization", scalingMetrics.gpuUtilization.name, 70, 10],
        ["memory-pressure", scalingMetrics.memoryPressure.name, 75, 10],
        ["queue-depth", scalingMetrics.queueDepth.name, 4, 10],
      ],
    );
  });

  it("never track framebuffer used, which an engine that preallocates holds above any target", () => {
    const names = targetTrackingPolicies(settings, group).map(({ follows }) => metricOf(follows));
    assert.ok(!names.includes(observedMetrics.framebufferUsed.name));
  });

  it("ask for the contract's dimensions exactly, valued by the group's name", () => {
    for (const { follows } of targetTrackingPolicies(settings, group)) {
      assert.ok("query" in follows);
      assert.deepEqual(follows.query.dimensions, [{ name: groupDimension, value: group }]);
    }
  });

  it("are left out where they are switched off, and follow the load balancer's count of requests where that is asked for", () => {
    const byRequests = resolveTier("gold", {
      min: 1,
      max: 50,
      requestRate: { target: 342 },
      gpuUtilization: { enabled: false },
    });
    assert.deepEqual(
      targetTrackingPolicies(byRequests, group).map(({ name, follows, target }) => [name, metricOf(follows), target]),
      [
        ["request-rate", "ALBRequestCountPerTarget", 342],
        ["memory-pressure", scalingMetrics.memoryPressure.name, 75],
        ["queue-depth", scalingMetrics.queueDepth.name, 4],
      ],
    );
    const switchedOff = { min: 1, max: 50, requestRate: { target: 342, enabled: false } };
    assert.equal(resolveTier("gold", switchedOff).requestRate, undefined);
  });

  it("follow demand over the nodes that serve, every 10 seconds, and leave shrinking to the steps", () => {
    const onDemand = resolveTier("gold", {
      min: 1,
      max: 50,
      demand: { target: 310, spread: 1.1 },
      gpuUtilization: { enabled: false },
      queueDepth: { enabled: false },
    });
    const policies = targetTrackingPolicies(onDemand, group);
    assert.deepEqual(
      policies.map(({ name, target, disableScaleIn }) => [name, target, disableScaleIn]),
      [
        ["demand", 310, true],
        ["memory-pressure", 75, true],
      ],
    );
    const { follows } = policies[0]!;
    assert.ok("math" in follows);
    assert.equal(follows.periodSeconds, 10);
    assert.deepEqual(
      follows.math.map((query) =>
        "query" in query
          ? [query.id, query.query.namespace, query.query.metricName, query.stat]
          : [query.id, query.expression],
      ),
      [
        ["demand", routerNamespace, "Demand", "Sum"],
        ["beats", "AI-Gaming/GPU", "Heartbeat", "Sum"],
        ["queue", "AI-Gaming/GPU", "QueueDepth", "Average"],
        ["load", "60 * (demand + 3.479 * demand ^ 0.5) / beats + queue"],
      ],
    );
    assert.equal(scaleIn(settings, group), undefined);
  });

  it("shrink where one node less would carry what comes, the more the deeper demand has fallen", () => {
    const shrink = scaleIn(resolveTier("gold", { min: 1, max: 50, demand: { target: 300 } }), group)!;
    const load = shrink.queries.at(-1)!;
    assert.ok("expression" in load);
    assert.equal(load.expression, "60 * (demand + 7.746 * demand ^ 0.5) / (beats - 60) + queue");
    assert.deepEqual([shrink.threshold, shrink.periods, shrink.periodSeconds], [285, 3, 60]);
    assert.deepEqual(
      shrink.steps.map(({ lower, upper, adjustment }) => [lower, upper, adjustment]),
      [
        [undefined, -128.25, -45],
        [-128.25, -71.25, -25],
        [-71.25, -28.5, -12],
        [-28.5, 0, -5],
      ],
    );
  });

  it("name the target group behind its load balancer as the predefined metric wants it", () => {
    assert.equal(
      requestCountLabel("app/gpu-internal/50dc6c495c0c9188", "targetgroup/gpu-gold/943f017f100becff"),
      "app/gpu-internal/50dc6c495c0c9188/targetgroup/gpu-gold/943f017f100becff",
    );
  });

  it("refuse a metric that has other dimensions, since no group's policy could see it", () => {
    const perInstance = { ...scalingMetrics.queueDepth, dimensions: [groupDimension, "InstanceId"] };
    assert.throws(() => queryFor(perInstance, group), /other dimensions/);
  });

  it("follow the config: slower metrics, other targets, a vote taken away", () => {
    const other = resolveTier("silver", {
      min: 1,
      max: 2,
      metricPeriod: 60,
      queueDepth: { target: 9, scaleIn: false },
    });
    const queue = targetTrackingPolicies(other, group).at(-1);
    assert.ok(queue);
    assert.deepEqual([periodOf(queue.follows), queue.target, queue.disableScaleIn], [60, 9, true]);
  });

  it("wake a group only while it wants no node", () => {
    const { queries, adjustment } = wakeAlarm(group);
    const [waiting, desired, wake] = queries;
    assert.ok(waiting && "query" in waiting && waiting.query.namespace === routerNamespace);
    assert.ok(desired && "query" in desired && desired.query.metricName === "GroupDesiredCapacity");
    assert.equal(wake && "expression" in wake && wake.expression, "IF(FILL(desired, 0) < 1, waiting, 0)");
    assert.equal(adjustment, 1);
  });

  it("are joined by a wake exactly where the group may be at zero", () => {
    assert.equal(resolveTier("gold", { min: 1, max: 2 }).wakeFromZero, false);
    assert.equal(resolveTier("gold", { min: 0, max: 2 }).wakeFromZero, true);
    const night = { name: "night", recurrence: "0 2 * * *", timeZone: "UTC", min: 0 };
    assert.equal(resolveTier("gold", { min: 1, max: 2, scheduled: [night] }).wakeFromZero, true);
  });

  it("forecast on requests, each series ending in the one that counts", () => {
    const { load, scaling } = predictiveMetrics(group);
    assert.deepEqual(
      [load.at(-1), scaling.at(-1)].map((query) => query && "expression" in query && query.expression),
      ["(running + queued) * nodes", "running + queued"],
    );
  });
});

describe("lifecycle hooks of a GPU tier", () => {
  it("give a node up that never answers, and let one go that cannot finish its drain", () => {
    const [launch, terminate] = lifecycleHookSettings(settings);
    assert.deepEqual([launch?.defaultResult, launch?.heartbeatTimeout], ["ABANDON", 900]);
    assert.deepEqual([terminate?.defaultResult, terminate?.heartbeatTimeout], ["CONTINUE", 180]);
  });
});
