import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../../../runtime/logger";
import type { GpuBatch } from "../gpu/reading";
import { DcgmiSource } from "./dcgmi";
import { ExporterSource } from "./exporter";
import { SourceManager } from "./manager";
import { SimulatedSource, simulatedReading, TokenLoad } from "./simulated";
import { SmiSource } from "./smi";
import type { RunningSource, Source, SourceName } from "./source";

const log = createLogger("test", "silent");
const now = (): number => performance.now();
const doubles = join(__dirname, "../doubles");
const dcgmi = join(doubles, "dcgmi-double.cjs");
const smi = join(doubles, "nvidia-smi-double.cjs");

/** Environment of the doubles for one test. */
const changed = new Set<string>();
function setEnvironment(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) {
    process.env[name] = value;
    changed.add(name);
  }
}

/** What a test has started, to be stopped after it even where it failed. */
const running = new Set<{ stop(): Promise<void> }>();

interface Observed {
  readonly run: RunningSource;
  readonly batches: GpuBatch[];
  readonly lost: string[];
  /** Resolves with the reason of failure. */
  readonly failed: Promise<string>;
  /** Resolves when so many batches have come. */
  until(count: number): Promise<GpuBatch>;
}

function observe(source: Source): Observed {
  const batches: GpuBatch[] = [];
  const lost: string[] = [];
  const waiting: { count: number; resolve: (batch: GpuBatch) => void }[] = [];
  let fail: (reason: string) => void = () => undefined;
  const failed = new Promise<string>((resolve) => {
    fail = resolve;
  });
  const run = source.start({
    batch: (batch) => {
      batches.push(batch);
      for (const { count, resolve } of waiting) if (batches.length >= count) resolve(batch);
    },
    gpuLost: (text) => lost.push(text),
    failed: (reason) => fail(reason),
  });
  running.add(run);
  const until = (count: number): Promise<GpuBatch> =>
    new Promise((resolve) => {
      if (batches.length >= count) resolve(batches[count - 1] as GpuBatch);
      else waiting.push({ count, resolve });
    });
  return { run, batches, lost, failed, until };
}

describe("GPU sources", () => {
  let folder: string;
  let starts: string;
  const startLines = (): string[] => readFileSync(starts, "utf8").trim().split("\n");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gpu-sources-"));
    starts = join(folder, "starts");
  });
  afterEach(async () => {
    await Promise.all([...running].map((each) => each.stop()));
    running.clear();
    for (const name of changed) delete process.env[name];
    changed.clear();
    rmSync(folder, { recursive: true });
  });

  describe("dcgmi", () => {
    for (const version of ["2.1", "3.3", "4.0", "4.5"]) {
      it(`reads all GPUs of DCGM ${version} through one child, past repeated headers`, async () => {
        setEnvironment({ DCGMI_DOUBLE_VERSION: version, DCGMI_DOUBLE_GPUS: "8", DCGMI_DOUBLE_STARTS: starts });
        setEnvironment({ DCGMI_DOUBLE_SET: JSON.stringify({ GPUTL: [0, 10, 20, 30, 40, 50, 60, 70] }) });
        const source = new DcgmiSource({ command: dcgmi, intervalMs: 20, log, now });
        const seen = observe(source);
        const batch = await seen.until(20);
        await seen.run.stop();
        const byIndex = [...batch.readings].sort((a, b) => a.index - b.index);
        assert.deepEqual(
          byIndex.map(({ values }) => values.utilization),
          [0, 10, 20, 30, 40, 50, 60, 70],
        );
        assert.equal(source.rejections.total(), 0);
        assert.equal(startLines().length, 1);
      });
    }

    it("shows missing profiling values as missing until they come", async () => {
      setEnvironment({ DCGMI_DOUBLE_NO_PROFILING_YET: "2" });
      const seen = observe(new DcgmiSource({ command: dcgmi, intervalMs: 20, log, now }));
      await seen.until(4);
      await seen.run.stop();
      const active = seen.batches.slice(0, 4).map(({ readings }) => readings[0]?.values.graphicsActive);
      assert.deepEqual(active, [undefined, undefined, 0.43, 0.43]);
    });

    it("reads on without profiling fields where the host engine refuses them", async () => {
      setEnvironment({ DCGMI_DOUBLE_REFUSE: "profiling", DCGMI_DOUBLE_STARTS: starts });
      const seen = observe(new DcgmiSource({ command: dcgmi, intervalMs: 20, log, now }));
      const batch = await seen.until(2);
      await seen.run.stop();
      assert.equal(batch.readings[0]?.values.utilization, 42);
      const [first, second] = startLines();
      assert.ok(first?.includes(",1001") && second !== undefined && !second.includes(",1001"));
    });

    it("counts lines that it cannot read and goes on", async () => {
      setEnvironment({ DCGMI_DOUBLE_PLAN: "2:garbage 3:garbage" });
      const source = new DcgmiSource({ command: dcgmi, intervalMs: 20, log, now });
      const seen = observe(source);
      await seen.until(4);
      await seen.run.stop();
      assert.ok(source.rejections.total() >= 4);
      assert.ok(seen.batches.every(({ readings }) => readings[0]?.values.utilization === 42));
    });

    it("says why the host engine ended", async () => {
      setEnvironment({ DCGMI_DOUBLE_PLAN: "3:error" });
      const seen = observe(new DcgmiSource({ command: dcgmi, intervalMs: 20, log, now }));
      assert.match(await seen.failed, /exit code 235: Error getting values information/);
    });

    it("notices a child that hangs, and ends it although it ignores SIGTERM", async () => {
      setEnvironment({ DCGMI_DOUBLE_PLAN: "3:hang", DCGMI_DOUBLE_IGNORE_TERM: "1" });
      const source = new DcgmiSource({ command: dcgmi, intervalMs: 20, silenceMs: 1500, log, now });
      const seen = observe(source);
      assert.match(await seen.failed, /wrote nothing for 1500 ms/);
      await seen.run.stop();
      assert.equal(source.isStuck(), false);
    });

    it("fails at once where the program does not exist", async () => {
      const seen = observe(new DcgmiSource({ command: join(folder, "absent"), intervalMs: 20, log, now }));
      assert.match(await seen.failed, /cannot run/);
    });
  });

  describe("nvidia-smi", () => {
    it("reads all GPUs through one child", async () => {
      setEnvironment({ SMI_DOUBLE_GPUS: "4", SMI_DOUBLE_STARTS: starts });
      const seen = observe(new SmiSource({ command: smi, intervalMs: 20, log, now }));
      const batch = await seen.until(5);
      await seen.run.stop();
      assert.deepEqual(
        batch.readings.map(({ index }) => index),
        [0, 1, 2, 3],
      );
      assert.equal(batch.readings[0]?.values.powerW, 110.23);
      assert.equal(startLines().length, 1);
    });

    it("asks for older names, and for less, where the driver refuses a property", async () => {
      setEnvironment({
        SMI_DOUBLE_REFUSE: "clocks_event_reasons.active,gpu_recovery_action",
        SMI_DOUBLE_STARTS: starts,
      });
      const seen = observe(new SmiSource({ command: smi, intervalMs: 20, log, now }));
      const batch = await seen.until(1);
      await seen.run.stop();
      assert.equal(batch.readings[0]?.values.throttleReasons, 4);
      assert.equal(batch.readings[0]?.recoveryAction, undefined);
      assert.equal(startLines().length, 3);
    });

    it("reports a GPU that is gone", async () => {
      setEnvironment({ SMI_DOUBLE_PLAN: "2:lost" });
      const seen = observe(new SmiSource({ command: smi, intervalMs: 20, log, now }));
      assert.match(await seen.failed, /exit code 15: Unable to determine the device handle/);
      assert.equal(seen.lost.length, 1);
    });
  });

  describe("dcgm-exporter", () => {
    let server: Server;
    let reply: { status: number; text: string };
    let url: string;
    beforeEach(async () => {
      reply = { status: 200, text: 'DCGM_FI_DEV_GPU_UTIL{gpu="0"} 61\n' };
      server = createServer((_, response) => response.writeHead(reply.status).end(reply.text));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    });
    afterEach(() => {
      server.close();
      server.closeAllConnections();
    });

    it("reads its metrics", async () => {
      const seen = observe(new ExporterSource({ url, intervalMs: 20, log, now }));
      const batch = await seen.until(3);
      await seen.run.stop();
      assert.equal(batch.readings[0]?.values.utilization, 61);
    });

    it("fails after three reads in a row without GPUs", async () => {
      reply = { status: 200, text: "go_goroutines 12\n" };
      const seen = observe(new ExporterSource({ url, intervalMs: 20, log, now }));
      assert.match(await seen.failed, /no DCGM series/);
    });
  });

  describe("choice of the source", () => {
    function manage(candidates: readonly Source[]): {
      manager: SourceManager;
      sequence: SourceName[];
      changes: (count: number) => Promise<readonly SourceName[]>;
    } {
      const sequence: SourceName[] = [];
      const waiting: { count: number; resolve: () => void }[] = [];
      const manager = new SourceManager({
        candidates,
        log,
        now,
        retryMs: 200,
        firstBatchMs: 30_000,
        onGpuLost: () => undefined,
        onBatch: (_, source) => {
          if (sequence.at(-1) !== source) sequence.push(source);
          for (const { count, resolve } of waiting) if (sequence.length >= count) resolve();
        },
      });
      running.add(manager);
      const changes = async (count: number): Promise<readonly SourceName[]> => {
        if (sequence.length < count) await new Promise<void>((resolve) => waiting.push({ count, resolve }));
        return sequence;
      };
      return { manager, sequence, changes };
    }

    it("hands over when DCGM dies and returns when it is back", async () => {
      setEnvironment({ DCGMI_DOUBLE_PLAN: "5:exit" });
      const { manager, changes } = manage([
        new DcgmiSource({ command: dcgmi, intervalMs: 20, log, now }),
        new SmiSource({ command: smi, intervalMs: 20, log, now }),
      ]);
      manager.start();
      assert.deepEqual(await changes(2), ["dcgmi", "nvidia-smi"]);
      process.env.DCGMI_DOUBLE_PLAN = "";
      assert.deepEqual((await changes(3)).slice(0, 3), ["dcgmi", "nvidia-smi", "dcgmi"]);
      await manager.stop();
      assert.ok((manager.failures().get("dcgmi") ?? 0) >= 1);
      assert.equal(manager.failures().get("nvidia-smi"), 0);
    });

    it("passes over what is not installed", async () => {
      const { manager, changes } = manage([
        new DcgmiSource({ command: join(folder, "absent"), intervalMs: 20, log, now }),
        new ExporterSource({ url: "http://127.0.0.1:9/metrics", intervalMs: 20, log, now }),
        new SmiSource({ command: smi, intervalMs: 20, log, now }),
      ]);
      manager.start();
      assert.deepEqual(await changes(1), ["nvidia-smi"]);
      await manager.stop();
    });

    it("ends the child of a source that is stopped", async () => {
      setEnvironment({ DCGMI_DOUBLE_STARTS: starts });
      const source = new DcgmiSource({ command: dcgmi, intervalMs: 20, log, now });
      const { manager, changes } = manage([source]);
      manager.start();
      await changes(1);
      await manager.stop();
      assert.equal(source.isStuck(), false);
      assert.equal(manager.current(), undefined);
    });

    it("starts the source again when it is told to", async () => {
      setEnvironment({ DCGMI_DOUBLE_STARTS: starts });
      const { manager, changes } = manage([
        new DcgmiSource({ command: dcgmi, intervalMs: 20, log, now }),
        new SimulatedSource({ gpus: 1, intervalMs: 20, now }),
      ]);
      manager.start();
      await changes(1);
      manager.restart("test");
      while (startLines().length < 2 || manager.current() !== "dcgmi")
        await new Promise((resolve) => setTimeout(resolve, 10));
      await manager.stop();
      assert.equal(startLines().length, 2);
    });
  });

  describe("simulated GPUs", () => {
    it("are loaded by the tokens of the host beside them, as a share of what they make at most", () => {
      let at = 0;
      const load = new TokenLoad(100, () => at);
      const shares = [0, 50, 250, 250, 20].map((tokens) => {
        load.observe(tokens);
        at += 1000;
        return load.share();
      });
      assert.deepEqual(shares, [0, 0.5, 1, 0, 0], "a counter that falls is a host that started again");
    });

    it("show a load that moves utilisation and, below what memory policies track, framebuffer", () => {
      const [idle, full] = [0, 1].map((share) => simulatedReading(0, share).values);
      assert.deepEqual([idle?.utilization, full?.utilization], [0, 100]);
      assert.ok(idle!.fbUsedMiB! < full!.fbUsedMiB! && full!.fbUsedMiB! < 0.7 * full!.fbTotalMiB!);
    });
  });
});
