import assert from "node:assert/strict";
import { FakeClock } from "../doubles/clock";
import type { GpuReading } from "../gpu/reading";
import type { InferenceState } from "../node/inference";
import { Meter, type MeterOptions } from "./meter";
import type { Datum } from "./window";

const gpu = (utilization: number): GpuReading => ({
  kind: "gpu",
  index: 0,
  values: { utilization, fbUsedMiB: 80, fbTotalMiB: 100, temperatureC: 50, powerW: 100 },
});
const host: InferenceState = {
  ready: true,
  draining: false,
  queueDepth: 4,
  running: 2,
  kvCacheUsed: 30,
  preallocates: true,
  completionTokens: 0,
  duration: new Map(),
};

class Bench {
  readonly clock = new FakeClock();
  readonly flushes: { at: number; data: readonly Datum[] }[] = [];
  readonly steps: number[] = [];
  errors = 0;
  utilization = 40;
  inference: InferenceState | undefined = host;
  readonly meter: Meter;

  constructor(options: Partial<MeterOptions> = {}) {
    this.meter = new Meter({
      clock: this.clock,
      period: 60,
      perGpu: false,
      utilization: "auto",
      hasInference: true,
      takeErrors: () => {
        const { errors } = this;
        this.errors = 0;
        return errors;
      },
      publish: (data) => {
        if (data.length > 0) this.flushes.push({ at: this.clock.mono(), data: data.map((datum) => ({ ...datum })) });
      },
      onClockStep: (ms) => this.steps.push(ms),
      onGate: () => undefined,
      ...options,
    });
  }

  /** Lets seconds pass with one sample of everything in each. */
  async run(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await this.clock.advance(1000);
      this.meter.tick();
      this.meter.addGpus([gpu(this.utilization)], new Set());
      if (this.inference !== undefined) this.meter.addInference(this.inference);
    }
  }

  of(name: string): Datum[] {
    return this.flushes.flatMap(({ data }) => data).filter(({ metric }) => metric.name === name);
  }
}

describe("meter", () => {
  it("is silent until the node is in service and its model answers", async () => {
    const bench = new Bench();
    bench.inference = { ...host, ready: false };
    await bench.run(100);
    bench.meter.update({ lifecycle: "InService" });
    await bench.run(100);
    assert.deepEqual(bench.flushes, []);
    bench.inference = host;
    await bench.run(70);
    assert.ok(bench.flushes.length > 0);
  });

  it("sends the first datapoint seconds after readiness, whatever the window", async () => {
    const bench = new Bench();
    await bench.run(7);
    bench.meter.update({ lifecycle: "InService" });
    const opened = bench.clock.mono();
    await bench.run(9);
    const first = bench.flushes[0];
    assert.ok(first !== undefined && first.at - opened <= 5000);
    assert.ok(first.data.some(({ metric }) => metric.name === "GPUUtilization"));
  });

  it("sends it even where no GPU can be read", async () => {
    const bench = new Bench();
    bench.meter.update({ lifecycle: "InService", ready: true });
    for (let second = 0; second < 9; second += 1) {
      await bench.clock.advance(1000);
      bench.meter.tick();
      bench.meter.addInference(host);
    }
    assert.equal(bench.flushes.length, 1);
    assert.deepEqual(bench.of("GPUUtilization"), []);
    assert.equal(bench.of("QueueDepth").length, 1);
  });

  it("weighs the same as its neighbours in the minute in which it opens", async () => {
    const bench = new Bench();
    await bench.run(17);
    bench.meter.update({ lifecycle: "InService" });
    await bench.run(50);
    const minute = bench
      .of("GPUUtilization")
      .filter(({ timestamp }) => timestamp === bench.flushes[0]?.data[0]?.timestamp);
    assert.equal(
      minute.reduce((sum, { count }) => sum + count, 0),
      60,
    );
    assert.equal(bench.of("Heartbeat").length, 1);
  });

  it("publishes what was measured up to draining, and nothing from then on", async () => {
    const bench = new Bench();
    bench.meter.update({ lifecycle: "InService" });
    await bench.run(30);
    bench.inference = { ...host, draining: true };
    bench.utilization = 0;
    await bench.run(1);
    const flushes = bench.flushes.length;
    await bench.run(200);
    assert.equal(bench.flushes.length, flushes);
    assert.ok(bench.of("QueueDepth").every(({ min }) => min === 4));
  });

  it("publishes errors, and nothing else, while the model is down in service", async () => {
    const bench = new Bench();
    bench.inference = { ...host, ready: false };
    bench.meter.update({ lifecycle: "InService" });
    await bench.run(5);
    bench.errors = 1;
    await bench.run(100);
    assert.deepEqual(
      bench.flushes.map(({ data }) => data.map(({ metric, sum }) => [metric.name, sum])),
      [[["GPUErrors", 1]]],
    );
  });

  it("takes memory pressure from the KV cache, and from the framebuffer only where nothing is preallocated", async () => {
    const kv = new Bench();
    kv.meter.update({ lifecycle: "InService" });
    await kv.run(70);
    assert.deepEqual([...new Set(kv.of("GPUMemoryPressure").map(({ max }) => max))], [30]);

    const framebuffer = new Bench();
    framebuffer.inference = { ...host, preallocates: false };
    framebuffer.meter.update({ lifecycle: "InService" });
    await framebuffer.run(70);
    assert.deepEqual([...new Set(framebuffer.of("GPUMemoryPressure").map(({ max }) => max))], [80]);
  });

  it("computes the latency of the requests of each window alone", async () => {
    const bench = new Bench();
    const durations = (fast: number, slow: number): InferenceState => ({
      ...host,
      duration: new Map([
        [0.1, fast],
        [1, fast + slow],
        [Number.POSITIVE_INFINITY, fast + slow],
      ]),
    });
    bench.inference = durations(1_000_000, 0);
    bench.meter.update({ lifecycle: "InService" });
    await bench.run(65);
    bench.inference = durations(1_000_000, 100);
    await bench.run(60);
    const latencies = bench.of("RequestLatencyP95");
    assert.equal(latencies.length, 1, "windows without requests have no latency");
    assert.ok((latencies[0]?.min ?? 0) > 900);
  });

  it("moves with a clock that is set, and counts no second twice", async () => {
    const bench = new Bench();
    bench.meter.update({ lifecycle: "InService" });
    await bench.run(30);
    bench.clock.step(-3_600_000);
    await bench.run(60);
    assert.deepEqual(bench.steps, [-3_600_000]);
    assert.equal(bench.meter.clockSteps, 1);
    const now = bench.clock.wall();
    const late = bench.flushes.slice(1).flatMap(({ data }) => data);
    assert.ok(late.every(({ timestamp }) => timestamp <= now && timestamp > now - 180_000));
  });

  it("publishes each window once, at its end", async () => {
    const bench = new Bench({ period: 10 });
    bench.meter.update({ lifecycle: "InService" });
    await bench.run(100);
    const starts = bench.of("GPUUtilization").map(({ timestamp }) => timestamp);
    assert.equal(new Set(starts.slice(1)).size, starts.length - 1);
    assert.ok(starts.every((start) => start % 10_000 === 0));
  });

  it("adds detail per GPU where it is asked for", async () => {
    const bench = new Bench({ perGpu: true });
    bench.meter.update({ lifecycle: "InService" });
    await bench.run(10);
    const detail = bench.of("GPUUtilization").filter(({ metric }) => metric.dimensions.length === 3);
    assert.deepEqual(
      detail.map(({ gpu: index }) => index),
      [0],
    );
  });
});
