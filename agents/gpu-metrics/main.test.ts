import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groupDimension, observedMetrics, scalingMetrics } from "../../contracts/metrics";
import { freePort } from "../../runtime/free-port";
import { describeInstance, type ImdsDouble, startImdsDouble } from "../../runtime/imds-double";
import { type CloudWatchDouble, type ReceivedDatum, startCloudWatchDouble } from "./doubles/cloudwatch";
import { type InferenceDouble, startInferenceDouble } from "./doubles/inference-host";

const dcgmi = join(__dirname, "doubles/dcgmi-double.cjs");
const smi = join(__dirname, "doubles/nvidia-smi-double.cjs");
const lifecyclePath = "meta-data/autoscaling/target-lifecycle-state";

describe("gpu-metrics, bundled and run without node_modules", () => {
  let folder: string;
  let bundle: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gpu-metrics-"));
    bundle = join(folder, "gpu-metrics.cjs");
    execFileSync(process.execPath, [join(__dirname, "../../images/bundle.cjs"), "gpu-metrics", "--outdir", folder]);
  });
  after(() => rmSync(folder, { recursive: true }));

  const runOnce = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [bundle, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH, ...env },
    });

  describe("commands that end", () => {
    it("prints one sample of each source as a table", () => {
      const fromDcgm = runOnce(["--once", "--sample-ms", "200", "--source", "dcgmi", "--dcgmi", dcgmi], {
        DCGMI_DOUBLE_GPUS: "2",
      });
      assert.match(fromDcgm.stdout, /^source: dcgmi\nentity +util %/);
      assert.match(fromDcgm.stdout, /\nGPU 1 +42 +81\.9 +18506 +23028 +55 +147\.2 +1710 +0\.430/);
      const fromSmi = runOnce(["--once", "--source", "nvidia-smi", "--nvidia-smi", smi]);
      assert.match(fromSmi.stdout, /\nGPU 0 +35 /);
      assert.deepEqual([fromDcgm.status, fromSmi.status], [0, 0]);
    });

    it("says that simulated values are invented", () => {
      assert.match(runOnce(["--once", "--source", "simulated"]).stdout, /simulated \(invented values/);
    });

    it("prints the sample as JSON", () => {
      const { stdout } = runOnce(["--once", "--json", "--sample-ms", "200", "--source", "dcgmi", "--dcgmi", dcgmi]);
      assert.equal(JSON.parse(stdout).batch.readings[0].values.utilization, 42);
    });

    it("explains what is published and what it costs", () => {
      const { stdout, status } = runOnce(["--explain", "--period", "10", "--nodes", "20"]);
      assert.equal(status, 0);
      for (const metric of [scalingMetrics.gpuUtilization, observedMetrics.heartbeat])
        assert.ok(stdout.includes(metric.name));
      assert.match(stdout, /10 s +off +15 +5256000 +\$4\.50 +\$52\.56 +\$57\.06 +<- these settings/);
    });

    it("fails in one line, with what is allowed, on wrong use", () => {
      for (const [args, env, expected] of [
        [["--period", "7"], {}, /--period: "7" is not allowed; allowed: 10, 60/],
        [[], { GPU_METRICS_SOURCE: "magic" }, /--source: "magic".*set in environment variable GPU_METRICS_SOURCE/],
        [["--sample-ms", "1"], {}, /--sample-ms: "1" is not allowed; allowed: a whole number, 100-10000/],
        [["--once", "--explain"], {}, /one of them/],
        [["--nonsense"], {}, /unknown option/],
        [["--source", "simulated"], {}, /simulated with --publish off/],
      ] as const) {
        const { status, stderr } = runOnce(args, env);
        assert.equal(status, 2, stderr);
        assert.match(stderr, expected);
        assert.equal(stderr.trim().split("\n").length, 1, stderr);
      }
    });

    it("checks a machine for its image, and fails without the GPUs that are expected", () => {
      const args = [
        "--selfcheck",
        "--json",
        "--sample-ms",
        "200",
        "--source",
        "dcgmi",
        "--dcgmi",
        dcgmi,
        "--kernel-log",
        "none",
      ];
      const good = runOnce([...args, "--expect-gpus", "4"], { DCGMI_DOUBLE_GPUS: "4" });
      assert.equal(good.status, 0, good.stdout);
      const few = runOnce([...args, "--expect-gpus", "8"], { DCGMI_DOUBLE_GPUS: "4" });
      assert.equal(few.status, 1);
      assert.match(few.stdout, /4 found, 8 expected/);
      const blind = runOnce([...args, "--expect-gpus", "1"], { DCGMI_DOUBLE_SET: '{"GPUTL":"N/A","GRACT":"N/A"}' });
      assert.equal(blind.status, 1);
      assert.match(blind.stdout, /missing: utilization/);
    });
  });

  describe("on a node", () => {
    let cloudWatch: CloudWatchDouble;
    let inference: InferenceDouble;
    let imds: ImdsDouble;
    let agent: ChildProcess | undefined;
    let autoScaling: Server | undefined;
    let output = "";

    beforeEach(async () => {
      cloudWatch = await startCloudWatchDouble();
      inference = await startInferenceDouble();
      imds = await startImdsDouble();
      describeInstance(imds, { autoScalingGroup: "gold", lifecycleState: "InService" });
      output = "";
    });
    afterEach(async () => {
      agent?.kill("SIGKILL");
      autoScaling?.close();
      autoScaling?.closeAllConnections();
      await Promise.all([cloudWatch.close(), inference.close(), imds.close()]);
    });

    function start(env: NodeJS.ProcessEnv = {}, args: readonly string[] = []): ChildProcess {
      agent = spawn(process.execPath, [bundle, ...args], {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: process.env.PATH,
          AWS_ACCESS_KEY_ID: "key",
          AWS_SECRET_ACCESS_KEY: "secret",
          AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
          GPU_METRICS_SOURCE: "dcgmi",
          GPU_METRICS_DCGMI: dcgmi,
          GPU_METRICS_ENDPOINT: cloudWatch.url,
          GPU_METRICS_INFERENCE_URL: inference.url,
          GPU_METRICS_KERNEL_LOG: "none",
          GPU_METRICS_PORT: "0",
          GPU_METRICS_SAMPLE_MS: "200",
          ...env,
        },
      });
      agent.stderr?.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      return agent;
    }

    async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
      while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const end = (): Promise<number | null> =>
      new Promise((resolve) => {
        agent?.once("exit", (code) => resolve(code));
        agent?.kill("SIGTERM");
      });
    const of = (name: string): ReceivedDatum[] => cloudWatch.data().filter(({ MetricName }) => MetricName === name);
    const logs = (): Record<string, unknown>[] =>
      output
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line));

    it("publishes every metric of the contract under the group alone, and the last window on SIGTERM", async () => {
      start({ GPU_METRICS_PERIOD: "10", DCGMI_DOUBLE_GPUS: "2", DCGMI_DOUBLE_SET: '{"GRACT":[0.2,0.6]}' });
      await until(() => cloudWatch.taken.length >= 1);
      inference.state.durations = { "0.1": 0, "0.25": 100, "0.5": 180, "1": 200, "+Inf": 200 };
      const { scrapes } = inference;
      await until(() => inference.scrapes >= scrapes + 2);
      assert.equal(await end(), 0, output);
      const published = [...Object.values(scalingMetrics), ...Object.values(observedMetrics)].filter(
        ({ namespace }) => namespace === scalingMetrics.gpuUtilization.namespace,
      );
      // Disk and network depend on what the machine that tests shows.
      const optional = new Set([observedMetrics.hostDisk.name, observedMetrics.hostNetwork.name]);
      for (const { name, unit } of published) {
        const data = of(name);
        if (data.length === 0 && optional.has(name)) continue;
        assert.ok(data.length > 0, `${name} is missing`);
        for (const datum of data) {
          assert.deepEqual(datum.Dimensions, [{ Name: groupDimension, Value: "gold" }]);
          assert.equal(datum.Unit, unit);
          assert.equal(datum.StorageResolution, 1);
        }
      }
      assert.ok(of("GPUUtilization").every(({ StatisticValues: s }) => Math.abs(s.Sum / s.SampleCount - 40) < 0.001));
      assert.ok(of("GPUMemoryPressure").every(({ StatisticValues: s }) => s.Maximum === 50));
      assert.ok(of("GPUPower").every(({ StatisticValues: s }) => Math.abs(s.Maximum - 294.4) < 0.001));
      assert.ok(cloudWatch.taken.every(({ encoding }) => encoding === "gzip"));
      assert.ok(imds.requests.every(({ method, withToken }) => method === "PUT" || withToken));
    });

    it("is silent until the group calls it in service, and again when it drains", async () => {
      imds.values.set(lifecyclePath, "Warmed:Running");
      start({ GPU_METRICS_PERIOD: "10" });
      await until(() => imds.requests.length >= 5 && logs().some(({ msg }) => msg === "reading GPUs"));
      assert.equal(cloudWatch.attempts, 0);
      imds.values.set(lifecyclePath, "InService");
      await until(() => cloudWatch.taken.length >= 1);
      inference.state.draining = true;
      await until(() => logs().some(({ msg, reason }) => msg === "silent" && reason === "draining"));
      const attempts = cloudWatch.attempts;
      inference.state.kvCacheUsage = 0.99;
      assert.equal(await end(), 0);
      assert.ok(cloudWatch.attempts - attempts <= 1, "at most the window up to draining");
      assert.ok(of("GPUMemoryPressure").every(({ StatisticValues }) => StatisticValues.Maximum === 50));
    });

    it("signs with the instance role's credentials, read with a session token like everything else", async () => {
      const role = "meta-data/iam/security-credentials/";
      imds.values.set(role, "gpu-node");
      imds.values.set(
        `${role}gpu-node`,
        JSON.stringify({
          Code: "Success",
          Type: "AWS-HMAC",
          AccessKeyId: "from-the-role",
          SecretAccessKey: "secret",
          Token: "token",
          LastUpdated: new Date().toISOString(),
          Expiration: new Date(Date.now() + 6 * 3_600_000).toISOString(),
        }),
      );
      start({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, HOME: folder });
      await until(() => cloudWatch.taken.length >= 1);
      assert.equal(cloudWatch.taken[0]?.accessKey, "from-the-role");
      assert.ok(imds.requests.every(({ method, withToken }) => method === "PUT" || withToken));
    });

    it("keeps the data of an outage and flushes it with the last window", async () => {
      cloudWatch.behaviour = "reset";
      start({ GPU_METRICS_PERIOD: "10" });
      await until(() => cloudWatch.attempts >= 2);
      cloudWatch.behaviour = "take";
      assert.equal(await end(), 0);
      const first = logs().find(({ msg }) => msg === "publishing");
      const times = of("Heartbeat").map(({ Timestamp }) => Timestamp * 1000);
      assert.ok(times.length >= 1 && Math.min(...times) <= Date.parse(String(first?.time)), output);
      assert.ok(!logs().some(({ msg }) => msg === "data was dropped"));
    });

    it("ends inside its deadline although CloudWatch never answers, and says what it lost", async () => {
      cloudWatch.behaviour = "stall";
      start({ GPU_METRICS_PERIOD: "10", GPU_METRICS_SHUTDOWN_MS: "500" });
      await until(() => cloudWatch.attempts >= 1);
      assert.equal(await end(), 0);
      assert.ok(
        logs().some(({ msg, reason }) => msg === "data was dropped" && reason === "shutdown"),
        output,
      );
    });

    it("reads on by nvidia-smi when DCGM dies, and leaves no child behind", async () => {
      const starts = join(folder, "starts");
      start(
        {
          GPU_METRICS_SOURCE: "auto",
          GPU_METRICS_NVIDIA_SMI: smi,
          DCGMI_DOUBLE_PLAN: "4:exit",
          DCGMI_DOUBLE_STARTS: starts,
        },
        ["--exporter-url", "http://127.0.0.1:9/metrics"],
      );
      await until(() => logs().some(({ msg, source }) => msg === "reading GPUs" && source === "nvidia-smi"));
      const children = readFileSync(`/proc/${agent?.pid}/task/${agent?.pid}/children`, "utf8").trim().split(" ");
      assert.equal(await end(), 0);
      for (const child of children.filter(Boolean)) assert.throws(() => process.kill(Number(child), 0), child);
    });

    it("tells Auto Scaling of a fatal fault, fails its health check, and shows both to Prometheus", async () => {
      const calls: string[] = [];
      const listener = createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on("end", () => {
          calls.push(body);
          response.writeHead(200, { "content-type": "text/xml" });
          response.end(
            '<SetInstanceHealthResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></SetInstanceHealthResponse>',
          );
        });
      });
      autoScaling = listener;
      await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
      const kernelLog = join(folder, "kmsg");
      writeFileSync(kernelLog, "");
      const port = await freePort();
      start({
        AWS_ENDPOINT_URL_AUTO_SCALING: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
        GPU_METRICS_KERNEL_LOG: kernelLog,
        GPU_METRICS_PORT: String(port),
      });
      await until(() => logs().some(({ msg }) => msg === "publishing"));
      // Publishing may begin with the host's values, before the first sample of the GPUs.
      const health = async () => {
        const response = await fetch(`http://127.0.0.1:${port}/healthz`);
        return {
          code: response.status,
          ...((await response.json()) as { status: string; sampleAgeSeconds: number | null }),
        };
      };
      await until(async () => (await health()).sampleAgeSeconds !== null);
      const healthy = await health();
      assert.deepEqual([healthy.code, healthy.status], [200, "ok"]);
      writeFileSync(kernelLog, "4,1,2,-;NVRM: Xid (PCI:0000:00:1e): 79, GPU has fallen off the bus.\n");
      await until(() => calls.length > 0);
      const call = new URLSearchParams(calls[0]);
      assert.deepEqual(
        [call.get("Action"), call.get("InstanceId"), call.get("HealthStatus")],
        ["SetInstanceHealth", "i-0123456789abcdef0", "Unhealthy"],
      );
      const unhealthy = await health();
      assert.deepEqual([unhealthy.code, unhealthy.status], [503, "unhealthy"]);
      const series = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      assert.match(series, /gpu_metrics_fault\{code="xid-79"\} 1/);
      assert.match(series, /gpu_metrics_gpu_utilization_percent\{gpu="0"\} 42/);
      assert.match(series, /gpu_metrics_source\{source="dcgmi"\} 1/);
      assert.equal(await end(), 0);
      assert.ok(of("GPUErrors").some(({ StatisticValues }) => StatisticValues.Sum === 1));
    });

    it("fails its health check when samples are stale", async () => {
      const port = await freePort();
      start({
        GPU_METRICS_DCGMI: join(folder, "absent"),
        GPU_METRICS_PORT: String(port),
        GPU_METRICS_PERIOD: "10",
      });
      await until(() => logs().some(({ msg }) => msg === "source failed"));
      const response = await fetch(`http://127.0.0.1:${port}/healthz`);
      const health = (await response.json()) as { status: string; sampleAgeSeconds: number | null };
      assert.deepEqual([response.status, health.status, health.sampleAgeSeconds], [503, "stale", null]);
      await until(() => of("QueueDepth").length > 0);
      assert.deepEqual(of("GPUUtilization"), [], "what cannot be read is not published, the rest is");
    });

    it("tells systemd that it is ready, alive and stopping", async () => {
      const bin = mkdtempSync(join(folder, "bin-"));
      const record = join(bin, "record");
      writeFileSync(record, "");
      writeFileSync(join(bin, "systemd-notify"), `#!/bin/sh\necho "$*" >> "${record}"\n`);
      chmodSync(join(bin, "systemd-notify"), 0o755);
      start({ PATH: `${bin}:${process.env.PATH}`, NOTIFY_SOCKET: "/run/nobody", WATCHDOG_USEC: "1000000" });
      const lines = (): string[] => readFileSync(record, "utf8").split("\n");
      await until(() => lines().filter((line) => line === "WATCHDOG=1").length >= 2);
      assert.match(lines()[0] ?? "", /^READY=1/);
      assert.equal(await end(), 0);
      assert.ok(lines().includes("STOPPING=1"));
    });
  });
});
