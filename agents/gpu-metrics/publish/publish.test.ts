import assert from "node:assert/strict";
import { detailMetrics, observedMetrics, scalingMetrics } from "../../../contracts/metrics";
import { createLogger } from "../../../runtime/logger";
import { FakeClock, settle } from "../doubles/clock";
import { Buffer, type Dropped, requestLimits } from "./buffer";
import { StepDetector } from "./clock";
import { monthlyCost } from "./cost";
import { judge } from "./gate";
import { backoff, Publisher, retryDelay } from "./publisher";
import { judgeError, type Outcome, type Sink } from "./sink";
import { type Datum, Window, windowStart } from "./window";

const log = createLogger("test", "silent");
const { gpuUtilization, queueDepth } = scalingMetrics;
const noon = Date.UTC(2026, 10, 22, 12);

describe("window", () => {
  it("gives every node the same weight, however many samples it managed", () => {
    const all = new Window(noon, 10);
    for (let second = 0; second < 10; second += 1) all.add(gpuUtilization, 80);
    const few = new Window(noon, 10);
    few.add(gpuUtilization, 20);
    const [a] = all.finish();
    const [b] = few.finish();
    assert.deepEqual([a?.count, b?.count], [10, 10]);
    const average = ((a?.sum ?? 0) + (b?.sum ?? 0)) / ((a?.count ?? 0) + (b?.count ?? 0));
    assert.equal(average, 50);
  });

  it("keeps the least and the greatest sample, and a sum that lies between them", () => {
    const window = new Window(noon, 60);
    for (const value of [0.1, 0.1, 0.1]) window.add(gpuUtilization, value);
    const [datum] = window.finish();
    assert.ok(datum !== undefined && datum.sum >= datum.min * datum.count && datum.sum <= datum.max * datum.count);
    assert.deepEqual([datum.min, datum.max, datum.timestamp], [0.1, 0.1, noon]);
  });

  it("shares its weight between an early cut and the rest", () => {
    const window = new Window(noon, 60);
    window.add(gpuUtilization, 10);
    const [early] = window.finishEarly(25.4);
    window.add(gpuUtilization, 30);
    const [rest] = window.finish();
    assert.deepEqual([early?.count, rest?.count], [25, 35]);
    assert.deepEqual([early?.sum, rest?.sum], [250, 1050]);
  });

  it("marks once per window and counts what is new in each cut", () => {
    const window = new Window(noon, 60);
    window.mark(observedMetrics.heartbeat);
    window.count(observedMetrics.gpuErrors, 2);
    assert.deepEqual(
      window.finishEarly(5).map(({ sum }) => sum),
      [1, 2],
    );
    window.mark(observedMetrics.heartbeat);
    window.count(observedMetrics.gpuErrors, 0);
    assert.deepEqual(window.finish(), []);
  });

  it("takes no NaN, no infinity and no missing value", () => {
    const window = new Window(noon, 10);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined]) window.add(gpuUtilization, value);
    assert.deepEqual(window.finish(), []);
  });

  it("keeps GPUs apart in detail metrics", () => {
    const window = new Window(noon, 10);
    window.add(detailMetrics.utilization, 1, 0);
    window.add(detailMetrics.utilization, 2, 1);
    assert.deepEqual(
      window.finish().map(({ gpu, min }) => [gpu, min]),
      [
        [0, 1],
        [1, 2],
      ],
    );
  });

  it("begins at multiples of its length", () => {
    assert.equal(windowStart(noon + 59_999, 60), noon);
    assert.equal(windowStart(noon + 59_999, 10), noon + 50_000);
  });
});

describe("gate", () => {
  const inService = { lifecycle: "InService", ready: true, draining: false, stopping: false };

  it("opens only in service, with a model that answers, not draining", () => {
    assert.deepEqual(judge(inService), { open: true });
    for (const lifecycle of [undefined, "Detached", "Standby", "Terminated", "Warmed:Running", "Warmed:Stopped"]) {
      assert.equal(judge({ ...inService, lifecycle }).open, false, lifecycle);
    }
    assert.equal(judge({ ...inService, ready: false }).open, false);
    assert.equal(judge({ ...inService, draining: true }).open, false);
    assert.equal(judge({ ...inService, stopping: true }).open, false);
  });

  it("lets errors pass only in service without a model", () => {
    const passes = (change: object): boolean => {
      const verdict = judge({ ...inService, ...change });
      return !verdict.open && verdict.errorsMayPass;
    };
    assert.equal(passes({ ready: false }), true);
    for (const change of [
      { draining: true },
      { lifecycle: "Terminated" },
      { lifecycle: undefined },
      { stopping: true },
    ]) {
      assert.equal(passes(change), false);
    }
  });
});

describe("buffer", () => {
  const datum = (timestamp: number): Datum => ({ metric: queueDepth, timestamp, count: 1, sum: 1, min: 1, max: 1 });

  it("keeps what is young, gives up what is old, and says which", () => {
    const drops: Dropped[] = [];
    const buffer = new Buffer({ keepMs: 1000, capacity: 100, onDrop: (dropped) => drops.push(dropped) });
    buffer.push([datum(noon), datum(noon + 1)], 0);
    buffer.push([datum(noon + 900)], 900);
    buffer.expire(1000);
    assert.deepEqual([buffer.size, drops], [3, []]);
    buffer.expire(1001);
    assert.deepEqual([buffer.size, drops], [1, [{ reason: "too-old", count: 2, from: noon, to: noon + 1 }]]);
  });

  it("drops the oldest when it is full", () => {
    const drops: Dropped[] = [];
    const buffer = new Buffer({ keepMs: 1000, capacity: 2, onDrop: (dropped) => drops.push(dropped) });
    buffer.push([datum(noon), datum(noon + 1), datum(noon + 2)], 0);
    assert.deepEqual(drops, [{ reason: "full", count: 1, from: noon, to: noon }]);
    assert.deepEqual(
      buffer.newest().map(({ timestamp }) => timestamp),
      [noon + 1, noon + 2],
    );
  });

  it("hands out the newest that fit into one request", () => {
    const buffer = new Buffer({ keepMs: 1e9, capacity: 5000, onDrop: () => undefined });
    buffer.push(
      Array.from({ length: 2500 }, (_, index) => datum(noon + index)),
      0,
    );
    const first = buffer.newest();
    assert.equal(first.length, requestLimits.data);
    assert.equal(first.at(-1)?.timestamp, noon + 2499);
    buffer.delivered(first);
    assert.equal(buffer.newest().at(-1)?.timestamp, noon + 1499);
  });
});

describe("clock steps", () => {
  it("tells a step from slewing and from time that passes", async () => {
    const clock = new FakeClock();
    const detector = new StepDetector(clock);
    await clock.advance(60_000);
    assert.equal(detector.look(), 0);
    clock.step(-400);
    assert.equal(detector.look(), 0);
    clock.step(-3_600_000);
    assert.equal(detector.look(), -3_600_000);
    assert.equal(detector.look(), 0);
  });
});

/** A sink whose answers a test decides. */
class ScriptedSink implements Sink {
  readonly taken: Datum[] = [];
  readonly requests: number[] = [];
  answer: (data: readonly Datum[]) => Outcome = () => ({ kind: "delivered" });

  async put(data: readonly Datum[]): Promise<Outcome> {
    this.requests.push(data.length);
    const outcome = this.answer(data);
    if (outcome.kind === "delivered") this.taken.push(...data.map((datum) => ({ ...datum })));
    return outcome;
  }
}

describe("publisher", () => {
  let clock: FakeClock;
  let sink: ScriptedSink;
  let drops: Dropped[];
  let buffer: Buffer;
  let publisher: Publisher;
  const datum = (timestamp: number, metric = queueDepth): Datum => ({
    ...{ metric, timestamp, count: 1, sum: 1, min: 1, max: 1 },
  });

  beforeEach(() => {
    clock = new FakeClock();
    sink = new ScriptedSink();
    drops = [];
    buffer = new Buffer({ keepMs: 15 * 60_000 + 80_000, capacity: 10_000, onDrop: (dropped) => drops.push(dropped) });
    publisher = new Publisher({ sink, buffer, clock, log });
  });

  it("loses nothing in an outage of 15 minutes and keeps the time stamps", async () => {
    const outage = { from: 60_000, to: 60_000 + 15 * 60_000 };
    sink.answer = () => {
      const away = clock.mono() >= outage.from && clock.mono() < outage.to;
      return away ? { kind: "retry", reason: "ECONNREFUSED" } : { kind: "delivered" };
    };
    const sent: number[] = [];
    for (let window = 0; window < 120; window += 1) {
      sent.push(clock.wall());
      publisher.publish([datum(clock.wall())]);
      await clock.advance(10_000);
    }
    assert.deepEqual(
      sink.taken.map(({ timestamp }) => timestamp).sort((a, b) => a - b),
      sent,
    );
    assert.deepEqual(drops, []);
    assert.equal(buffer.size, 0);
  });

  it("says what a longer outage cost, and delivers the rest", async () => {
    sink.answer = () => (clock.mono() < 30 * 60_000 ? { kind: "retry", reason: "503" } : { kind: "delivered" });
    for (let window = 0; window < 190; window += 1) {
      publisher.publish([datum(clock.wall())]);
      await clock.advance(10_000);
    }
    const dropped = drops.reduce((sum, { count }) => sum + count, 0);
    assert.ok(dropped > 0 && drops.every(({ reason }) => reason === "too-old"));
    assert.equal(dropped + sink.taken.length + buffer.size, 190);
  });

  it("sends the present before the past once CloudWatch is back", async () => {
    sink.answer = () => ({ kind: "retry", reason: "503" });
    for (let window = 0; window < 3; window += 1) {
      publisher.publish(Array.from({ length: 600 }, () => datum(clock.wall())));
      await clock.advance(60_000);
    }
    sink.answer = () => ({ kind: "delivered" });
    sink.requests.length = 0;
    await clock.advance(60_000);
    assert.deepEqual(sink.requests, [1000, 800]);
    const times = sink.taken.map(({ timestamp }) => timestamp);
    assert.deepEqual([times[999], times[1000]], [Math.max(...times), Math.min(...times)]);
  });

  it("waits with full jitter that is bounded", () => {
    assert.equal(
      retryDelay(1, () => 1),
      2 * backoff.baseMs,
    );
    assert.equal(
      retryDelay(50, () => 1),
      backoff.capMs,
    );
    assert.equal(
      retryDelay(50, () => 0),
      0,
    );
  });

  it("does not answer throttling with more requests", async () => {
    sink.answer = () => ({ kind: "retry", reason: "Throttling" });
    for (let second = 0; second < 600; second += 10) {
      publisher.publish([datum(clock.wall())]);
      await clock.advance(10_000);
    }
    assert.ok(sink.requests.length < 80, `${sink.requests.length} requests in ten minutes`);
  });

  for (const named of [true, false]) {
    it(`gives up only the datum that is refused${named ? ", where CloudWatch names it" : ""}`, async () => {
      const bad = datum(0, gpuUtilization);
      sink.answer = (data) => {
        const index = data.findIndex(({ metric }) => metric === gpuUtilization);
        if (index === -1) return { kind: "delivered" };
        return { kind: "invalid", reason: "no", index: named ? index : undefined };
      };
      publisher.publish([...Array.from({ length: 20 }, (_, index) => datum(index + 1)), bad, datum(100)]);
      await publisher.idle();
      assert.equal(sink.taken.length, 21);
      assert.deepEqual(drops, [{ reason: "rejected", count: 1, from: 0, to: 0 }]);
      assert.ok(sink.requests.length <= (named ? 3 : 12));
    });
  }

  it("does not try refused data again, nor search without end", async () => {
    sink.answer = () => ({ kind: "invalid", reason: "wrong namespace" });
    publisher.publish(Array.from({ length: 1000 }, (_, index) => datum(index)));
    await publisher.idle();
    const requests = sink.requests.length;
    await clock.advance(600_000);
    assert.equal(sink.requests.length, requests);
    assert.ok(requests < 200);
    assert.equal(
      drops.reduce((sum, { count }) => sum + count, 0),
      1000,
    );
  });

  it("keeps what was not yet tried when the connection breaks during the search", async () => {
    let requests = 0;
    sink.answer = (data) => {
      requests += 1;
      if (requests === 1) return { kind: "invalid", reason: "no" };
      if (requests === 3) return { kind: "retry", reason: "reset" };
      return data.some(({ timestamp }) => timestamp === 0) && data.length > 1
        ? { kind: "invalid", reason: "no" }
        : { kind: "delivered" };
    };
    publisher.publish(Array.from({ length: 8 }, (_, index) => datum(index + 1)));
    await publisher.idle();
    await clock.advance(60_000);
    assert.deepEqual(sink.taken.map(({ timestamp }) => timestamp).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("delivers what waits when it is told to finish, without sitting out a delay", async () => {
    sink.answer = () => ({ kind: "retry", reason: "503" });
    publisher.publish([datum(1)]);
    await clock.advance(0);
    sink.answer = () => ({ kind: "delivered" });
    const finished = publisher.finish(2000);
    await settle();
    await clock.advance(2000);
    await finished;
    assert.deepEqual(
      sink.taken.map(({ timestamp }) => timestamp),
      [1],
    );
  });

  it("ends at its deadline and says what it could not deliver", async () => {
    sink.answer = () => ({ kind: "retry", reason: "503" });
    publisher.publish([datum(1), datum(2)]);
    const finished = publisher.finish(2000);
    await clock.advance(4000);
    await finished;
    assert.deepEqual(drops, [{ reason: "shutdown", count: 2, from: 1, to: 2 }]);
  });

  it("moves time stamps with a clock that was set", () => {
    buffer.push([datum(1000)], 0);
    buffer.shift(-300);
    assert.equal(buffer.newest()[0]?.timestamp, 700);
  });
});

describe("errors of CloudWatch", () => {
  const cases: readonly [name: string, status: number | undefined, kind: Outcome["kind"]][] = [
    ["ThrottlingException", 400, "retry"],
    ["LimitExceeded", 400, "retry"],
    ["InternalServiceFault", 500, "retry"],
    ["ServiceUnavailable", 503, "retry"],
    ["TimeoutError", undefined, "retry"],
    ["ExpiredTokenException", 403, "retry"],
    ["InvalidClientTokenId", 403, "retry"],
    ["AccessDeniedException", 400, "retry"],
    ["CredentialsProviderError", undefined, "retry"],
    ["InvalidParameterValueException", 400, "invalid"],
    ["MissingRequiredParameterException", 400, "invalid"],
    ["RequestEntityTooLarge", 413, "invalid"],
  ];
  for (const [name, status, kind] of cases) {
    it(`${kind === "retry" ? "tries again after" : "does not repeat"} ${name}`, () => {
      assert.equal(judgeError({ name, status, message: "" }).kind, kind);
    });
  }

  it("reads which datum is meant", () => {
    const message = "The parameter MetricData.member.3.Value must be a number";
    assert.deepEqual(judgeError({ name: "InvalidParameterValue", status: 400, message }), {
      kind: "invalid",
      reason: `InvalidParameterValue: ${message}`,
      index: 2,
    });
  });
});

describe("monthly cost", () => {
  it("counts group metrics once, detail per GPU, and a request per window and node", () => {
    const cost = monthlyCost({ period: 10, perGpu: true, nodes: 20, gpusPerNode: 4 });
    assert.equal(cost.groupMetrics, 15);
    assert.equal(cost.detailMetrics, 8 * 4 * 20);
    assert.equal(cost.requests, 20 * 262_800);
    assert.equal(cost.requestsUsd.toFixed(2), "52.56");
    assert.equal(cost.metricsUsd.toFixed(2), "196.50");
  });

  it("asks nothing of a group without nodes", () => {
    assert.equal(monthlyCost({ period: 60, perGpu: false, nodes: 0, gpusPerNode: 1 }).totalUsd, 0);
  });
});
