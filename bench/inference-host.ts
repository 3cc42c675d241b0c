/**
 * Streaming through the inference host beside direct access, a bare proxy and an AI gateway, in one run:
 * `npm run bench:inference-host [-- STREAMS CHUNKS ROUNDS]`. Engine (the vLLM double, 10 chunks/s per stream), each proxy and
 * the load generator are processes of their own. Latency of a chunk: from the engine's write to the client's read.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const [streams = "500", chunks = "100", rounds = "3"] = process.argv.slice(2);
const root = join(__dirname, "..");
const preload = join(root, "node_modules", "tsx", "dist", "cjs", "index.cjs");
const gatewayFolder = join(root, "bench", "peers", "ai-gateway");
const children: ChildProcess[] = [];

interface Figures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly seen: number;
  readonly expected: number;
  readonly failed: number;
  readonly unfinished: number;
}

interface Way {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

async function main(): Promise<void> {
  const [enginePort, hostPort, operatorPort, proxyPort, gatewayPort] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
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
    },
  );
  await answers(`${engine}/health`);
  const host = start(hostWords(engine, hostPort!, operatorPort!), { LOG_LEVEL: "warn" });
  const proxy = start(["bench/inference-host/bare-proxy.ts", engine, String(proxyPort)]);
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
    { name: "@portkey-ai/gateway", url: `http://127.0.0.1:${gatewayPort}`, child: gateway, headers: gatewayHeaders },
  ];
  await answers(`http://127.0.0.1:${hostPort}/ready`);
  await answers(`${ways[1]!.url}/health`);
  await answers(`${ways[3]!.url}/`);

  for (const way of ways) await load(way, "20", "5");
  const results = new Map<string, (Figures & { cpu: number })[]>(ways.map(({ name }) => [name, []]));
  for (let round = 1; round <= Number(rounds); round++) {
    for (const way of ways) {
      const before = cpuSeconds(way.child);
      const startedAt = performance.now();
      const figures = await load(way, streams, chunks);
      const cpu = ((cpuSeconds(way.child) - before) / ((performance.now() - startedAt) / 1000)) * 100;
      results.get(way.name)!.push({ ...figures, cpu });
      process.stderr.write(`round ${round} ${way.name}: ${JSON.stringify(figures)}\n`);
    }
  }
  report(ways, results);
}

function report(ways: readonly Way[], results: ReadonlyMap<string, readonly (Figures & { cpu: number })[]>): void {
  const direct = results.get("direct")!;
  console.log(
    `${streams} streams, 10 chunks/s each, ${chunks} chunks, ${rounds} rounds; milliseconds, median of rounds`,
  );
  console.log("way                     p50     p95     p99   p99-direct   lost  failed  CPU %  RSS MiB");
  for (const { name, child } of ways) {
    const runs = results.get(name)!;
    const of = (pick: (run: Figures & { cpu: number }) => number) => median(runs.map(pick));
    // The difference is taken within each round, so that what else the machine does weighs on both.
    const added = median(runs.map(({ p99 }, index) => p99 - direct[index]!.p99));
    const sum = (pick: (run: Figures) => number) => runs.reduce((total, run) => total + pick(run), 0);
    const cells = [
      name.padEnd(20),
      of(({ p50 }) => p50)
        .toFixed(2)
        .padStart(7),
      of(({ p95 }) => p95)
        .toFixed(2)
        .padStart(7),
      of(({ p99 }) => p99)
        .toFixed(2)
        .padStart(7),
      added.toFixed(2).padStart(12),
      String(sum(({ seen, expected }) => expected - seen)).padStart(6),
      String(sum(({ failed, unfinished }) => failed + unfinished)).padStart(7),
      child
        ? of(({ cpu }) => cpu)
            .toFixed(0)
            .padStart(6)
        : "      ",
      child ? String(rssMib(child)).padStart(8) : "",
    ];
    console.log(cells.join(" "));
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
    "agents/inference-host/main.ts",
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

function start(words: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(process.execPath, ["--require", preload, ...words], {
    cwd: root,
    env: { ...process.env, ...env },
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
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
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
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

main()
  .catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  })
  .finally(() => {
    for (const child of children) child.kill("SIGKILL");
  });
