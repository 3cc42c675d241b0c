import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startCloudWatchDouble } from "../agents/gpu-metrics/doubles/cloudwatch";
import { startInferenceDouble } from "../agents/gpu-metrics/doubles/inference-host";
import { observedMetrics, scalingMetrics } from "../contracts/metrics";
import { describeInstance, startImdsDouble } from "../runtime/imds-double";

// What the metrics agent costs its node: processor time and memory at 8 GPUs and 1 Hz, and the time from readiness to the first
// datapoint. The bundle runs as on a node; dcgmi, CloudWatch, instance metadata and the inference host are doubles outside of
// its process. The floor is a Node process that wakes up once a second and does nothing.
//
//   npm run bench:gpu-metrics -- [--seconds 600] [--gpus 8] [--period 10] [--per-gpu on] [--node PATH] [--flags "..."]

const bars = { cpuPercent: 1, residentMiB: 80, firstDatapointSeconds: 10 } as const;
/** Seconds at the beginning that are start-up, not running cost; the bar for memory counts them all the same. */
const warmUpSeconds = 15;
/** Ticks a second in /proc/PID/stat. Source: USER_HZ, 100 on every Linux that Node supports. */
const ticksPerSecond = 100;
const mebibyte = 1024;

interface Usage {
  /** Seconds of processor time of the process itself. */
  readonly own: number;
  /** Seconds of children that have ended (df, cat, systemd-notify). */
  readonly children: number;
  readonly residentMiB: number;
  readonly peakMiB: number;
}

interface Cost {
  readonly cpuPercent: number;
  readonly childrenCpuPercent: number;
  readonly meanMiB: number;
  readonly peakMiB: number;
}

function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = (place: number): number => Number(fields[place]) / ticksPerSecond;
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return {
    own: ticks(11) + ticks(12),
    children: ticks(13) + ticks(14),
    residentMiB: kilobytes("VmRSS") / mebibyte,
    peakMiB: kilobytes("VmHWM") / mebibyte,
  };
}

async function watch(child: ChildProcess, seconds: number): Promise<Cost> {
  const pid = child.pid ?? 0;
  await sleep(Math.min(warmUpSeconds, seconds / 4) * 1000);
  const first = usageOf(pid);
  const started = performance.now();
  const resident: number[] = [];
  while (performance.now() - started < seconds * 1000) {
    await sleep(2000);
    resident.push(usageOf(pid).residentMiB);
  }
  const last = usageOf(pid);
  const elapsed = (performance.now() - started) / 1000;
  return {
    cpuPercent: (100 * (last.own - first.own)) / elapsed,
    childrenCpuPercent: (100 * (last.children - first.children)) / elapsed,
    meanMiB: resident.reduce((sum, value) => sum + value, 0) / resident.length,
    peakMiB: last.peakMiB,
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "600" },
      gpus: { type: "string", default: "8" },
      period: { type: "string", default: "10" },
      "per-gpu": { type: "string", default: "off" },
      node: { type: "string", default: process.execPath },
      flags: { type: "string", default: "" },
    },
  });
  const seconds = Number(values.seconds);
  const root = join(__dirname, "..");
  const folder = mkdtempSync(join(tmpdir(), "bench-gpu-metrics-"));
  execFileSync(process.execPath, [join(root, "images/bundle.cjs"), "gpu-metrics", "--outdir", folder]);

  const cloudWatch = await startCloudWatchDouble();
  const inference = await startInferenceDouble();
  const imds = await startImdsDouble();
  inference.state.ready = false;
  describeInstance(imds, { autoScalingGroup: "bench", lifecycleState: "InService" });

  const flags = values.flags.split(" ").filter(Boolean);
  const agent = spawn(values.node, [...flags, join(folder, "gpu-metrics.cjs"), "--source", "dcgmi"], {
    stdio: ["ignore", "ignore", "inherit"],
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
      DCGMI_DOUBLE_GPUS: values.gpus,
      GPU_METRICS_DCGMI: join(root, "agents/gpu-metrics/doubles/dcgmi-double.cjs"),
      GPU_METRICS_ENDPOINT: cloudWatch.url,
      GPU_METRICS_INFERENCE_URL: inference.url,
      GPU_METRICS_PORT: "0",
      GPU_METRICS_PERIOD: values.period,
      GPU_METRICS_PER_GPU: values["per-gpu"],
      LOG_LEVEL: "warn",
    },
  });
  const floor = spawn(values.node, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });

  await sleep(5000);
  const readyAt = Date.now();
  inference.state.ready = true;
  // Ten requests a second, so that there is a latency to speak of.
  const requests = setInterval(() => {
    for (const [bound, share] of Object.entries({ "0.25": 5, "0.5": 9, "1": 10, "+Inf": 10 })) {
      inference.state.durations[bound] = (inference.state.durations[bound] ?? 0) + share;
    }
  }, 1000);
  const [cost, idle] = await Promise.all([watch(agent, seconds), watch(floor, seconds)]);
  clearInterval(requests);
  agent.kill("SIGTERM");
  await new Promise((resolve) => agent.once("exit", resolve));
  floor.kill();

  const firstDatapoint = ((cloudWatch.taken[0]?.at ?? Number.NaN) - readyAt) / 1000;
  const data = cloudWatch.data();
  const expected = Object.values({ ...scalingMetrics, ...observedMetrics }).filter(
    ({ namespace }) => namespace === scalingMetrics.gpuUtilization.namespace,
  ).length;
  const round = (value: number): number => Math.round(value * 100) / 100;
  const result = {
    node: execFileSync(values.node, ["--version"]).toString().trim(),
    seconds,
    gpus: Number(values.gpus),
    period: Number(values.period),
    agent: mapValues(cost, round),
    floor: mapValues(idle, round),
    ratioToFloor: { resident: round(cost.meanMiB / idle.meanMiB) },
    firstDatapointSeconds: round(firstDatapoint),
    requests: cloudWatch.taken.length,
    data: data.length,
    metrics: `${new Set(data.map(({ MetricName }) => MetricName)).size} of ${expected}`,
    bytesPerRequest: round(cloudWatch.taken.reduce((sum, { bytes }) => sum + bytes, 0) / cloudWatch.taken.length),
    bars: {
      cpu: cost.cpuPercent + cost.childrenCpuPercent <= bars.cpuPercent,
      resident: cost.peakMiB <= bars.residentMiB,
      firstDatapoint: firstDatapoint <= bars.firstDatapointSeconds,
    },
  };
  console.log(JSON.stringify(result, null, 2));
  await Promise.all([cloudWatch.close(), inference.close(), imds.close()]);
  rmSync(folder, { recursive: true });
  process.exitCode = Object.values(result.bars).every(Boolean) ? 0 : 1;
}

function mapValues<T extends object>(object: T, change: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value as number)]));
}

void main();
