// Runs the bundled metrics agent on a machine with a real GPU and writes down what was seen: one sample as a table, the self
// check, and the agent's processor time and memory over a minute at 1 Hz. Plain Node, needs nothing but build/gpu-metrics.cjs.
//
//   node bench/gpu-metrics-device.cjs [--seconds 60] [--source nvidia-smi] [--out FILE] [--loads]
//
// With --loads (and python3 with PyTorch and pynvml) it also lays loads of a known share on the GPU, by gpu-metrics-load.py, and
// sets the mean of the agent's samples beside the share and beside what NVML says.
const { spawn, spawnSync } = require("node:child_process");
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { parseArgs } = require("node:util");

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    source: { type: "string", default: "nvidia-smi" },
    out: { type: "string" },
    loads: { type: "boolean", default: false },
  },
});
const bundle = join(__dirname, "../build/gpu-metrics.cjs");
const port = 19401;

if (!existsSync(bundle)) {
  console.error("gpu-metrics-device: build/gpu-metrics.cjs is missing; run: node images/bundle.cjs gpu-metrics");
  process.exit(2);
}

function run(...args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [bundle, ...args], { encoding: "utf8" });
  return { command: `gpu-metrics ${args.join(" ")}`, status, stdout, stderr };
}

/** Processor seconds and memory of a process, or undefined when it is gone. */
function usage(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
      endedChildrenCpuSeconds: (Number(fields[13]) + Number(fields[14])) / 100,
      residentMiB: kilobytes("VmRSS") / 1024,
      peakMiB: kilobytes("VmHWM") / 1024,
    };
  } catch {
    return undefined;
  }
}

function childrenOf(pid) {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map((child) => ({ pid: Number(child), name: nameOf(child) }));
}

function nameOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "gone";
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function startAgent() {
  const args = [
    "--source",
    values.source,
    "--publish",
    "off",
    "--inference-url",
    "none",
    "--lifecycle",
    "assume-in-service",
  ];
  const agent = spawn(
    process.execPath,
    [bundle, ...args, "--auto-scaling-group", "device", "--region", "us-east-1", "--port", String(port)],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  agent.log = "";
  agent.stderr.on("data", (chunk) => {
    agent.log += chunk;
  });
  return agent;
}

async function stopAgent(agent) {
  agent.kill("SIGTERM");
  await new Promise((resolve) => agent.once("exit", resolve));
}

const get = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

async function measure(seconds) {
  const agent = startAgent();
  await pause(5000);
  const source = childrenOf(agent.pid).find(({ name }) => name.startsWith("nvidia-smi") || name.startsWith("dcgmi"));
  const before = { agent: usage(agent.pid), source: source && usage(source.pid), at: performance.now() };
  await pause(seconds * 1000);
  const after = { agent: usage(agent.pid), source: source && usage(source.pid) };
  const elapsed = (performance.now() - before.at) / 1000;
  const health = JSON.parse(await get("/healthz"));
  const metrics = (await get("/metrics")).split("\n").filter((line) => line.startsWith("gpu_metrics_"));
  await stopAgent(agent);
  const percent = (from, to, key) => (from && to ? (100 * (to[key] - from[key])) / elapsed : null);
  return {
    seconds: elapsed,
    agent: {
      cpuPercent: percent(before.agent, after.agent, "cpuSeconds"),
      endedChildrenCpuPercent: percent(before.agent, after.agent, "endedChildrenCpuSeconds"),
      residentMiB: after.agent?.residentMiB,
      peakMiB: after.agent?.peakMiB,
    },
    sourceProcess: {
      name: source?.name ?? null,
      cpuPercent: percent(before.source, after.source, "cpuSeconds"),
      residentMiB: after.source?.residentMiB ?? null,
    },
    health,
    metrics,
    log: agent.log.trim().split("\n"),
  };
}

/** The agent's own mean utilisation at one sample a second, beside a load of which a share of every cycle is busy. */
async function underLoad(busy, cycle, seconds) {
  const load = spawn("python3", [
    join(__dirname, "gpu-metrics-load.py"),
    ...["--busy", busy, "--cycle", cycle, "--seconds", seconds].map(String),
  ]);
  let printed = "";
  load.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  load.stderr.pipe(process.stderr);
  const ended = new Promise((resolve) => load.once("exit", resolve));
  // PyTorch takes seconds to load; the first sample above zero says that the load runs.
  const samples = [];
  let running = true;
  ended.then(() => {
    running = false;
  });
  while (running) {
    await pause(1000);
    const value = /^gpu_metrics_gpu_utilization_percent\{gpu="0"\} (\S+)$/m.exec(await get("/metrics"))?.[1];
    if (value !== undefined && (samples.length > 0 || Number(value) > 0)) samples.push(Number(value));
  }
  const inside = samples.slice(1, -3);
  const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
  return { ...JSON.parse(printed), agent: Number(mean.toFixed(1)), samples: inside.length };
}

async function underLoads() {
  const agent = startAgent();
  await pause(3000);
  const rows = [];
  for (const cycle of [0.02, 0.2, 2]) {
    for (const busy of [0.25, 0.5, 0.75]) rows.push(await underLoad(busy, cycle, 15));
  }
  rows.push(await underLoad(1, 0.2, 15));
  await stopAgent(agent);
  return rows;
}

async function main() {
  const result = {
    node: process.version,
    driver: spawnSync("nvidia-smi", ["--query-gpu=name,driver_version", "--format=csv,noheader"], { encoding: "utf8" })
      .stdout,
    once: run("--once", "--source", values.source),
    auto: run("--once"),
    selfcheck: run("--selfcheck", "--source", values.source),
    minute: await measure(Number(values.seconds)),
  };
  if (values.loads) {
    result.loads = await underLoads();
    console.table(result.loads);
  }
  console.log(result.once.stdout + result.once.stderr);
  console.log(result.selfcheck.stdout);
  console.log(JSON.stringify({ ...result.minute, metrics: result.minute.metrics.length }, null, 2));
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`);
}

main();
