/**
 * The conformance suite: every request that the API promises, against engines.
 *
 *     npm run test:conformance                          the toy, the double, and llm-d-inference-sim where Go can get it
 *     npm run test:conformance -- --url http://NODE:8000 --model Qwen2.5-7B-Instruct
 *     npm run test:conformance -- --vllm http://127.0.0.1:8100 --model base-model    a real vLLM, with a host before it
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { findBaseModel } from "../../../catalog/gpu-models";
import { freePort } from "../../../runtime/free-port";
import { createLogger } from "../../../runtime/logger";
import { promiseOf } from "../engines/promise";
import { startHost } from "../host";
import { readOptions } from "../options";
import { startVllmHost } from "../testing/harness";
import { type Result, runCases, type Target, tableOf } from "./run";

/** A third party's double of vLLM. */
const simulator = "github.com/llm-d/llm-d-inference-sim/cmd/llm-d-inference-sim@v0.3.0";
/** Milliseconds that Go gets to fetch and build it. */
const buildMs = 400_000;

interface Arguments {
  readonly url?: string;
  readonly vllm?: string;
  readonly model: string;
  readonly engine: "vllm" | "llama.cpp";
  readonly toolParser?: string;
  readonly apiKey?: string;
}

const results = new Map<string, readonly Result[]>();
let passed = 0;
let failed = 0;

async function main(): Promise<void> {
  const given = new Command()
    .option("--url <address>", "a node, or a router before it")
    .option("--vllm <address>", "a vLLM, before which a host is started here")
    .option("--model <name>", "what requests name", "base-model")
    .option("--engine <kind>", "vllm or llama.cpp, where --url is given", "vllm")
    .option("--tool-parser <name>", "what the node's vLLM is started with; the catalogue's when missing")
    .option("--api-key <key>", "for a router")
    .parse()
    .opts<Arguments>();
  const toolParser = given.toolParser ?? findBaseModel(given.model)?.toolParser;
  if (given.url !== undefined) {
    const headers: Readonly<Record<string, string>> = given.apiKey === undefined ? {} : { "x-api-key": given.apiKey };
    const promise = promiseOf(given.engine, toolParser);
    await check({ name: given.url, url: given.url, model: given.model, promise, headers });
  } else if (given.vllm !== undefined) await onVllm("vLLM", given.vllm, given.model, toolParser ?? "hermes");
  else await onAll();
  console.log(`\n${tableOf(results)}\n`);
  console.log(`conformance: ${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function onAll(): Promise<void> {
  const options = readOptions({ port: 0, operatorPort: 0, threads: 1 }, {});
  const toy = await startHost(options, createLogger("inference-host", "silent"));
  await toy.ready;
  const promise = promiseOf("llama.cpp", undefined);
  await check({ name: "toy (llama.cpp)", url: `http://127.0.0.1:${toy.port}`, model: "toy", promise });
  await toy.stop();

  const double = await startVllmHost({ options: { toolParser: "hermes", contextTokens: 2_048 } });
  await check({ name: "double", url: double.url, model: "base-model", promise: promiseOf("vllm", "hermes") });
  await double.close();

  const program = await buildSimulator();
  if (program !== undefined) await onSimulator(program);
  console.log("skipped: a real vLLM (start one and name it by --vllm ADDRESS)");
}

/** A host of this process before a vLLM that runs already. */
async function onVllm(name: string, vllmUrl: string, model: string, toolParser: string, core = false): Promise<void> {
  const options = { engine: "vllm", baseModel: model, vllmUrl, toolParser, port: 0, operatorPort: 0 };
  const host = await startHost(
    readOptions({ ...options, silenceSeconds: 120 }, {}),
    createLogger("inference-host", process.env.LOG_LEVEL ?? "error"),
  );
  await host.ready;
  await check({ name, url: `http://127.0.0.1:${host.port}`, model, promise: promiseOf("vllm", toolParser) }, core);
  await host.stop();
}

/** @returns Undefined where it cannot be had, which is said */
async function buildSimulator(): Promise<string | undefined> {
  const folder = resolve(".platform", "llm-d-inference-sim");
  const program = join(folder, "llm-d-inference-sim");
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  try {
    const env = { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod" };
    execFileSync("go", ["install", simulator], { env, timeout: buildMs, stdio: ["ignore", "ignore", "pipe"] });
    return program;
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error).trim();
    console.log(`skipped: ${simulator}: ${said.split("\n").at(-1)}`);
    return undefined;
  }
}

/** What it does beside the core of the API is its own affair, and only told. */
async function onSimulator(program: string): Promise<void> {
  const port = await freePort();
  const child: ChildProcess = spawn(program, ["--model", "base-model", "--port", String(port)], { stdio: "ignore" });
  try {
    await onVllm("llm-d-inference-sim", `http://127.0.0.1:${port}`, "base-model", "hermes", true);
  } finally {
    child.kill("SIGKILL");
  }
}

/** @param core Only what every engine must serve counts */
async function check(target: Target, core = false): Promise<void> {
  const all = await runCases(target);
  results.set(target.name, all);
  for (const { name, outcome, reason } of all) {
    if (outcome === "failed") console.log(`${target.name}: ${name}: ${reason}`);
  }
  const counted = core ? all.filter(({ always }) => always) : all;
  passed += counted.filter(({ outcome }) => outcome !== "failed").length;
  failed += counted.filter(({ outcome }) => outcome === "failed").length;
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
