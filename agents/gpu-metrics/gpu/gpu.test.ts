import assert from "node:assert/strict";
import { HealthTracker } from "./health";
import { gpuUtilization, summarize } from "./node";
import { ProfilerGuard } from "./profiler-guard";
import { framebufferUsedPercent, type GpuReading, type GpuValues } from "./reading";
import { ThrottleWatch, throttleReasonNames } from "./throttle";
import { parseXid } from "./xid";

const gpu = (index: number, values: GpuValues, other: Partial<GpuReading> = {}): GpuReading => ({
  kind: "gpu",
  index,
  values,
  ...other,
});

describe("meaning of GPU values", () => {
  it("counts framebuffer against what is usable", () => {
    const a10g = { fbUsedMiB: 18_506, fbTotalMiB: 23_028, fbReservedMiB: 435 };
    assert.equal(framebufferUsedPercent(a10g)?.toFixed(2), "81.91");
    assert.equal(framebufferUsedPercent({ fbUsedMiB: 10, fbFreeMiB: 30 }), 25);
    assert.equal(framebufferUsedPercent({ fbUsedMiB: 10 }), undefined);
    assert.equal(framebufferUsedPercent({ fbUsedMiB: 0, fbTotalMiB: 0 }), undefined);
  });

  it("prefers the graphics engine's activity to field 203, unless it is stale or not asked for", () => {
    const reading = gpu(0, { utilization: 100, graphicsActive: 0.4 });
    assert.equal(gpuUtilization(reading, "auto", new Set()), 40);
    assert.equal(gpuUtilization(reading, "auto", new Set([0])), 100);
    assert.equal(gpuUtilization(reading, "device", new Set()), 100);
    assert.equal(gpuUtilization(gpu(0, { utilization: 0 }), "auto", new Set()), 0);
  });

  it("sums up a node: mean utilisation, hottest GPU, power of all; absent values count nowhere", () => {
    const moment = summarize(
      [
        gpu(0, { utilization: 0, temperatureC: 40, powerW: 100, smClockMhz: 1000 }),
        gpu(1, { utilization: 50, temperatureC: 70, powerW: 200 }),
        gpu(2, { temperatureC: 60 }),
      ],
      "device",
    );
    assert.deepEqual(moment, {
      utilization: 25,
      framebufferUsed: undefined,
      temperature: 70,
      power: 300,
      smClock: 1000,
    });
  });

  it("lets MIG instances speak where their GPU is silent", () => {
    const slice = (index: number, graphicsActive: number): GpuReading => ({
      ...gpu(index, { graphicsActive }),
      kind: "gpu-instance",
    });
    assert.equal(summarize([gpu(0, {}), slice(7, 0.2), slice(8, 0.4)], "auto").utilization?.toFixed(6), "30.000000");
    assert.equal(summarize([gpu(0, { utilization: 10 }), slice(7, 0.2)], "auto").utilization, 10);
  });

  it("reads XIDs from the driver's line and from no other", () => {
    assert.deepEqual(
      parseXid("4,1234,5678,-;NVRM: Xid (PCI:0000:00:1e): 79, pid='<unknown>', GPU has fallen off the bus."),
      {
        pci: "0000:00:1e",
        xid: 79,
      },
    );
    assert.equal(parseXid("4,1,2,-;NVRM: loading NVIDIA UNIX x86_64 Kernel Module"), undefined);
  });
});

describe("profiler guard", () => {
  const contradiction = [gpu(0, { utilization: 100, graphicsActive: 0 })];

  it("finds counters that stand at zero while the GPU is busy for 30 s, and asks for one restart", () => {
    const guard = new ProfilerGuard();
    assert.deepEqual(guard.observe(contradiction, 0), { stale: new Set([0]), restart: false });
    assert.equal(guard.observe(contradiction, 29_000).restart, false);
    assert.deepEqual(guard.observe(contradiction, 30_000), { stale: new Set([0]), restart: true });
    assert.deepEqual(guard.observe(contradiction, 70_000), { stale: new Set([0]), restart: false });
  });

  it("believes the counters again when they move", () => {
    const guard = new ProfilerGuard();
    guard.observe(contradiction, 0);
    guard.observe(contradiction, 30_000);
    assert.equal(guard.observe([gpu(0, { utilization: 100, graphicsActive: 0.9 })], 31_000).stale.size, 0);
  });

  it("believes no sample that contradicts itself, from the first one on", () => {
    const guard = new ProfilerGuard();
    assert.deepEqual([...guard.observe(contradiction, 0).stale], [0]);
    assert.equal(guard.observe([gpu(0, { utilization: 90, graphicsActive: 0.9 })], 1000).stale.size, 0);
  });

  it("takes neither an idle GPU nor a short pause for stale", () => {
    const guard = new ProfilerGuard();
    guard.observe([gpu(0, { utilization: 3, graphicsActive: 0 })], 0);
    assert.equal(guard.observe([gpu(0, { utilization: 3, graphicsActive: 0 })], 60_000).restart, false);
    guard.observe(contradiction, 61_000);
    guard.observe([gpu(0, { utilization: 40, graphicsActive: 0 })], 80_000);
    assert.equal(guard.observe(contradiction, 95_000).restart, false);
  });
});

describe("throttle watch", () => {
  it("reports hardware slowdown that lasts a minute, and no power cap", () => {
    const watch = new ThrottleWatch();
    assert.equal(watch.observe(0, 0x8, 0), false);
    assert.equal(watch.observe(0, 0x48, 59_000), false);
    assert.equal(watch.observe(0, 0x40, 60_000), true);
    assert.equal(watch.observe(0, 0x4, 61_000), false);
    assert.equal(watch.observe(0, 0x4, 200_000), false);
    assert.deepEqual(throttleReasonNames(0x44), ["powerCap", "hardwareThermal"]);
  });
});

describe("health of the GPUs", () => {
  const tracker = (countsKernelXids = false): HealthTracker =>
    new HealthTracker({ countsKernelXids: () => countsKernelXids });
  const codes = (health: HealthTracker): string[] => health.faults().map(({ code }) => code);

  it("finds a fatal XID in the kernel log and counts it", () => {
    const health = tracker(true);
    health.kernelXid({ xid: 79, pci: "0000:00:1e" }, true);
    assert.deepEqual(codes(health), ["xid-79"]);
    assert.equal(health.takeErrors(), 1);
    assert.equal(health.takeErrors(), 0);
  });

  for (const xid of [46, 48, 62, 63, 64, 74, 79, 94, 95, 109, 119, 120, 140, 143, 154]) {
    it(`takes XID ${xid} for fatal`, () => {
      const health = tracker();
      health.observe([gpu(0, { xid })], 0, "dcgmi");
      assert.deepEqual(codes(health), [`xid-${xid}`]);
    });
  }

  for (const xid of [8, 13, 31, 32, 43, 45, 68, 69]) {
    it(`counts XID ${xid} and blames the program`, () => {
      const health = tracker();
      health.observe([gpu(0, { xid: 0 })], 0, "dcgmi");
      health.observe([gpu(0, { xid })], 1000, "dcgmi");
      health.observe([gpu(0, { xid })], 2000, "dcgmi");
      assert.deepEqual([codes(health), health.takeErrors()], [[], 1]);
    });
  }

  it("counts the first XID after blanks, which mean that there was none", () => {
    const health = tracker();
    health.observe([gpu(0, {})], 0, "dcgmi");
    health.observe([gpu(0, { xid: 31 })], 1000, "dcgmi");
    assert.equal(health.takeErrors(), 1);
    const late = tracker();
    late.observe([gpu(0, { xid: 31 })], 0, "dcgmi");
    assert.equal(late.takeErrors(), 0);
  });

  it("heeds the recovery action that XID 154 names, whatever the source of values", () => {
    const line = "NVRM: Xid (PCI:0000:00:1e): 154, GPU recovery action changed from 0x0 (None) to";
    const reboot = parseXid(`${line} 0x2 (Node Reboot Required)`)!;
    assert.equal(reboot.recoveryAction, "Node Reboot Required");
    const health = tracker(true);
    health.kernelXid(parseXid(`${line} 0x0 (None)`)!, true);
    assert.deepEqual(codes(health), []);
    health.kernelXid(reboot, true);
    assert.deepEqual(codes(health), ["recovery-action"]);
  });

  it("counts an XID once where both the kernel and DCGM show it", () => {
    const health = tracker(true);
    health.observe([gpu(0, { xid: 0 })], 0, "dcgmi");
    health.kernelXid({ xid: 31, pci: "0000:00:1e" }, true);
    health.observe([gpu(0, { xid: 31 })], 1000, "dcgmi");
    assert.equal(health.takeErrors(), 1);
  });

  it("does not count what happened before the agent started, but knows it for a fault", () => {
    const health = tracker(true);
    health.kernelXid({ xid: 48, pci: "0000:00:1e" }, false);
    assert.deepEqual([codes(health), health.takeErrors()], [["xid-48"], 0]);
  });

  it("finds uncorrectable ECC errors and row remaps, and counts new ones", () => {
    const health = tracker();
    health.observe([gpu(0, { eccUncorrected: 0, remapFailed: 0, remapPending: 0 })], 0, "dcgmi");
    assert.deepEqual(codes(health), []);
    health.observe([gpu(0, { eccUncorrected: 2, remapFailed: 1, remapPending: 1 })], 1000, "dcgmi");
    health.observe([gpu(0, { eccUncorrected: 2, remapFailed: 1, remapPending: 1 })], 2000, "dcgmi");
    assert.deepEqual(codes(health), ["ecc-uncorrected", "remap-failed", "remap-pending"]);
    assert.equal(health.takeErrors(), 3);
  });

  it("misses a GPU that stays away for 10 s while the others are read", () => {
    const health = tracker();
    health.observe([gpu(0, {}), gpu(1, {})], 0, "dcgmi");
    health.observe([gpu(0, {})], 9000, "dcgmi");
    assert.deepEqual(codes(health), []);
    health.observe([gpu(0, {})], 10_000, "dcgmi");
    assert.deepEqual(codes(health), ["gpu-lost"]);
  });

  it("does not take a pause of the source, or another source's view, for a lost GPU", () => {
    const health = tracker();
    health.observe([gpu(0, {}), gpu(1, {})], 0, "dcgmi");
    health.observe([gpu(0, {})], 20_000, "dcgm-exporter");
    health.sourceStarted("dcgmi", 60_000);
    health.observe([gpu(0, {}), gpu(1, {})], 60_000, "dcgmi");
    assert.deepEqual(codes(health), []);
  });

  it("follows the driver's own judgement", () => {
    const health = tracker();
    health.observe([gpu(0, {}, { recoveryAction: "None" })], 0, "nvidia-smi");
    assert.deepEqual(codes(health), []);
    health.observe([gpu(0, {}, { recoveryAction: "Reset" })], 1000, "nvidia-smi");
    assert.deepEqual(codes(health), ["recovery-action"]);
  });
});
