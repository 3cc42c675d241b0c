/**
 * Streaming through the inference host and through the router beside direct access, a bare proxy and an AI gateway, in one run:
 * `npm run bench:inference-host [-- STREAMS CHUNKS ROUNDS] [--lockstep]`. Engine (the vLLM double), each proxy and the load
 * generator are processes of their own. Latency of a chunk: from the engine's write to the client's read.
 *
 * Pacing, the same for all: each stream has a chunk every 100 ms on a beat of its own, set by when it opened. With --lockstep
 * all streams have theirs in the same step, as one batch of an engine does: then 500 chunks queue at every hop ten times a
 * second, and the figures say how fast a burst passes through the processor's cores rather than what a chunk's way costs.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../runtime/free-port";

const words = process.argv.slice(2);
const lockstep = words.includes("--lockstep");
const [streams = "500", chunks = "100", rounds = "3"] = words.filter((word) => !word.startsWith("--"));
const root = join(__dirname, "..");
const preload = join(root, "node_modules", "tsx", "dist", "cjs", "index.cjs");
const gatewayFolder = join(root, "bench", "peers", "ai-gateway");
const key = "bench-key";
const children: ChildProcess[] = [];
/** How units and containers start the bundles (docs/decisions.md); the processes that measure, and the floor, have it as well. */
const nodeOptions = "--max-semi-space-size=1";

/**
 * Each measurement follows a shorter one that does not count. While the other ways have their turn, a process lies idle: V8 gives back
 * its heap and drops compiled code, and then collects and compiles in the first seconds, as no node under load does.
 */
const warmShare = 0.4;

interface Figures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p99WithRamp: number;
  readonly seen: number;
  readonly expected: number;
  readonly failed: number;
  readonly unfinished: number;
}

/** One round of one way. */
interface Run extends Figures {
  /** Processor microseconds of the proxy's process per chunk, the opening of the streams included. */
  readonly cpuMicros: number;
}

interface Way {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

async function main(): Promise<void> {
  const [enginePort, hostPort, operatorPort, proxyPort, gatewayPort, routerPort, bothPort, nginxPort] =
    await Promise.all(Array.from({ length: 8 }, freePort));
  const engine = `http://127.0.0.1:${enginePort}`;
  start(
    [
      "agents/inference-host/doubles/vllm-double.ts",
      "serve",
      "base-model",
      `--port=${enginePort}`,
      "--max-num-seqs=4096",
    ],
    {
      VLLM_DOUBLE_CHUNK_MS: "100",
      VLLM_DOUBLE_FIRST_MS: "100",
      VLLM_DOUBLE_STAMP: "1",
      VLLM_DOUBLE_LOCKSTEP: lockstep ? "1" : "0",
    },
  );
  await answers(`${engine}/health`);
  // As a node runs it: one file, without a loader.
  execFileSync(process.execPath, ["images/bundle.cjs", "inference-host", "ai-router"], { cwd: root, stdio: "ignore" });
  const host = start(hostWords(engine, hostPort!, operatorPort!), { LOG_LEVEL: "warn" });
  const proxy = start(["bench/inference-host/bare-proxy.ts", engine, String(proxyPort)]);
  // Its one tier is the engine itself: what the router adds, and not the host behind it.
  const routerWords = ["build/ai-router.cjs", "serve", "--host=127.0.0.1", `--port=${routerPort}`];
  const router = start(routerWords, { SILVER_URL: engine, API_KEY: key, LOG_LEVEL: "warn" });
  // As players reach a model: the router, and the host behind it.
  const bothWords = ["build/ai-router.cjs", "serve", "--host=127.0.0.1", `--port=${bothPort}`];
  const both = start(bothWords, { SILVER_URL: `http://127.0.0.1:${hostPort}`, API_KEY: key, LOG_LEVEL: "warn" });
  const nginx = startNginx(nginxPort!, enginePort!);
  const gateway = startGateway(gatewayPort!);
  const gatewayHeaders = {
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${engine}/v1`,
    authorization: "Bearer none",
  };
  const ways: Way[] = [
    { name: "direct", url: engine, child: undefined, headers: {} },
    { name: "bare proxy (floor)", url: `http://127.0.0.1:${proxyPort}`, child: proxy, headers: {} },
    { name: "inference-host", url: `http://127.0.0.1:${hostPort}`, child: host, headers: {} },
    { name: "ai-router", url: `http://127.0.0.1:${routerPort}`, child: router, headers: { "x-api-key": key } },
    {
      name: "router and host",
      url: `http://127.0.0.1:${bothPort}`,
      child: both,
      headers: { "x-api-key": key },
    },
    ...(nginx === undefined
      ? []
      : [{ name: "nginx", url: `http://127.0.0.1:${nginxPort}`, child: nginx, headers: {} }]),
    { name: "@portkey-ai/gateway", url: `http://127.0.0.1:${gatewayPort}`, child: gateway, headers: gatewayHeaders },
  ];
  for (const path of [
    `${hostPort}/ready`,
    `${proxyPort}/health`,
    `${routerPort}/ready`,
    `${bothPort}/ready`,
    `${gatewayPort}/`,
  ])
    await answers(`http://127.0.0.1:${path}`);

  const results = new Map<string, Run[]>(ways.map(({ name }) => [name, []]));
  for (let round = 1; round <= Number(rounds); round++) {
    for (const way of ways) {
      await load(way, streams, String(Math.ceil(Number(chunks) * warmShare)));
      const before = cpuSeconds(way.child);
      const figures = await load(way, streams, chunks);
      const cpuMicros = ((cpuSeconds(way.child) - before) * 1e6) / figures.expected;
      results.get(way.name)!.push({ ...figures, cpuMicros });
      process.stderr.write(`round ${round} ${way.name}: ${JSON.stringify(figures)}\n`);
    }
  }
  report(ways, results);
}

const columns = [
  "way",
  "p50",
  "p95",
  "p99",
  "p99-direct",
  "min..max      ",
  "with ramp",
  "lost",
  "failed",
  "CPU us/chunk",
  "RSS MiB",
];

function report(ways: readonly Way[], results: ReadonlyMap<string, readonly Run[]>): void {
  const direct = results.get("direct")!;
  const pace = lockstep ? "all in the same step" : "each on a beat of its own";
  console.log(
    `${streams} streams, 10 chunks/s each, ${pace}; ${chunks} chunks a client, ${rounds} rounds; milliseconds, median of rounds`,
  );
  const print = (cells: readonly string[]) =>
    console.log(
      cells.map((cell, at) => (at === 0 ? cell.padEnd(20) : cell.padStart(columns[at]!.length + 3))).join(""),
    );
  print(columns);
  for (const { name, child } of ways) {
    const runs = results.get(name)!;
    const of = (pick: (run: Run) => number) => median(runs.map(pick)).toFixed(2);
    const sum = (pick: (run: Run) => number) => String(runs.reduce((total, run) => total + pick(run), 0));
    // Differences are taken within each round, so that what else the machine does weighs on both.
    const each = (pick: (run: Run) => number) => runs.map((run, round) => pick(run) - pick(direct[round]!));
    const added = (pick: (run: Run) => number) => median(each(pick)).toFixed(2);
    const p99s = each(({ p99 }) => p99);
    print([
      name,
      of(({ p50 }) => p50),
      of(({ p95 }) => p95),
      of(({ p99 }) => p99),
      added(({ p99 }) => p99),
      `${Math.min(...p99s).toFixed(1)}..${Math.max(...p99s).toFixed(1)}`,
      added(({ p99WithRamp }) => p99WithRamp),
      sum(({ seen, expected }) => expected - seen),
      sum(({ failed, unfinished }) => failed + unfinished),
      child ? of(({ cpuMicros }) => cpuMicros) : "",
      child ? String(rssMib(child)) : "",
    ]);
  }
}

function hostWords(engine: string, port: number, operatorPort: number): string[] {
  const options = [
    "--engine=vllm",
    "--base-model=base-model",
    `--vllm-url=${engine}`,
    `--port=${port}`,
    `--operator-port=${operatorPort}`,
  ];
  return [
    "build/inference-host.cjs",
    ...options,
    "--max-sequences=4096",
    "--queue-total=8192",
    "--queue-per-archetype=8192",
    "--drain-seconds=1",
  ];
}

function startGateway(port: number): ChildProcess {
  if (!existsSync(join(gatewayFolder, "node_modules"))) {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: gatewayFolder, stdio: "ignore" });
  }
  const program = join(gatewayFolder, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
  const child = spawn(process.execPath, [program, `--port=${port}`, "--headless"], {
    env: { ...process.env, TRUSTED_CUSTOM_HOSTS: "127.0.0.1,localhost", NODE_ENV: "production" },
    stdio: "ignore",
  });
  children.push(child);
  return child;
}

/** nginx with one worker and without buffering, where it is installed. */
function startNginx(port: number, enginePort: number): ChildProcess | undefined {
  const folder = mkdtempSync(join(tmpdir(), "bench-nginx-"));
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const config = `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; ${paths.join(" ")}
  upstream engine { server 127.0.0.1:${enginePort}; keepalive 1024; }
  server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://engine; proxy_http_version 1.1;
    proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 300s; } } }`;
  writeFileSync(join(folder, "nginx.conf"), config);
  try {
    execFileSync("nginx", ["-t", "-q", "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  } catch {
    console.log("without nginx: it is not installed");
    return undefined;
  }
  const child = spawn("nginx", ["-c", join(folder, "nginx.conf")], { stdio: ["ignore", "ignore", "inherit"] });
  children.push(child);
  return child;
}

function start(words: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const loader = words[0]!.endsWith(".ts") ? ["--require", preload] : [];
  const child = spawn(process.execPath, [...loader, ...words], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: nodeOptions, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.push(child);
  return child;
}

async function load({ url, headers }: Way, streamCount: string, chunkCount: string): Promise<Figures> {
  const child = spawn(
    process.execPath,
    [
      "--require",
      preload,
      "bench/inference-host/load.ts",
      url,
      streamCount,
      chunkCount,
      "base-model",
      JSON.stringify(headers),
    ],
    { cwd: root, env: { ...process.env, NODE_OPTIONS: nodeOptions }, stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  await once(child, "close");
  return JSON.parse(output) as Figures;
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const ok = await fetch(url).then(
      ({ status }) => status < 500,
      () => false,
    );
    if (ok) return;
    await sleep(200);
  }
  throw new Error(`${url} does not answer`);
}

/** User and system time of a process so far, from /proc; 100 clock ticks a second on Linux. */
function cpuSeconds(child: ChildProcess | undefined): number {
  if (!child?.pid) return 0;
  const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function rssMib({ pid }: ChildProcess): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/);
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

main()
  .catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  })
  .finally(() => {
    for (const child of children) child.kill("SIGKILL");
  });
