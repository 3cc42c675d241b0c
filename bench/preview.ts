import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { inWrittenProgram } from "./written-program";

// What an offline preview costs: time and memory of prod's beside the time that merely importing the SDK takes, and beside the time
// in which the SDK alone registers as many resources with its own mocks, in one process; growth with the number of resources; and
// the time of a plan against the parent commit. Each figure is the best of several runs, so that a busy
// machine does not count.
//
//   npm run bench:preview -- [--runs 3] [--base HEAD~1]

const bars = { seconds: 3, residentMiB: 350, ratio: 1.5, againstParentSeconds: 8, growth: 1.3 } as const;
const repository = resolve(__dirname, "..");
const command = join(repository, "platform", "bin", "platform.cjs");
const sampleEveryMs = 40;

interface Cost {
  readonly seconds: number;
  /** Peak of the resident memory of the process and all that it started, MiB. */
  readonly residentMiB: number;
}

/** Resident pages of a process and its descendants, MiB; pages that they share count for each. */
function residentOf(root: number): number {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = tryRead(`/proc/${entry}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const sum = (pid: number): number => {
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(tryRead(`/proc/${pid}/status`))?.[1] ?? 0);
    return kilobytes / 1024 + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  };
  return sum(root);
}

function tryRead(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function run(args: readonly string[], cwd = repository): Promise<Cost> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  let residentMiB = 0;
  const sampler = setInterval(() => {
    residentMiB = Math.max(residentMiB, residentOf(child.pid ?? 0));
  }, sampleEveryMs);
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => {
      clearInterval(sampler);
      if (code !== 0) fail(new Error(`${args.join(" ")} ended with ${code}`));
      done({ seconds: (performance.now() - started) / 1000, residentMiB });
    });
  });
}

async function best(runs: number, args: readonly string[], cwd?: string): Promise<Cost> {
  const costs: Cost[] = [];
  for (let at = 0; at < runs; at++) costs.push(await run(args, cwd));
  return {
    seconds: Math.min(...costs.map(({ seconds }) => seconds)),
    residentMiB: Math.min(...costs.map(({ residentMiB }) => residentMiB)),
  };
}

/** Time of a program of `count` resources that refer to each other in pairs. */
function grown(count: number, runs: number): Promise<Cost> {
  const resources = Array.from({ length: count }, (_, at) => ({
    type: at % 2 === 0 ? "aws:ec2/vpc:Vpc" : "aws:ec2/subnet:Subnet",
    name: `r${at}`,
    inputs: at % 2 === 0 ? { cidrBlock: "10.0.0.0/16" } : { vpcId: { $ref: `r${at - 1}` }, cidrBlock: "10.0.0.0/24" },
  }));
  return inWrittenProgram(resources, (folder) =>
    best(runs, [command, "preview", "--stack", "prod", "--timeout", "300"], folder),
  );
}

const sdk =
  'const [{ runtime }, { ec2 }] = ["@pulumi/pulumi", "@pulumi/aws", "@pulumi/awsx", "@pulumi/random"].map(require);';

/** A program of as many resources as prod has, evaluated by the SDK's mocks: no engine, no second process, no TypeScript. */
function mocked(): string[] {
  const args = [command, "preview", "--stack", "prod", "--timeout", "300", "--json"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: repository, encoding: "utf8", maxBuffer: 2 ** 28 });
  const { steps }: { steps: unknown[] } = JSON.parse(stdout);
  const mocks = "{ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: ({ inputs }) => inputs }";
  const loop = `for (let at = 0; at < ${steps.length}; at++) new ec2.Vpc("r" + at, { cidrBlock: "10.0.0.0/16" })`;
  return ["-e", `${sdk} runtime.setMocks(${mocks}, "bench", "bench", true); ${loop}`];
}

const verdict = (value: number, bar: number): string => `${value <= bar ? "within" : "OVER"} ${bar}`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: "string", default: "3" }, base: { type: "string", default: "HEAD~1" } },
  });
  const runs = Number(values.runs);
  const row = (what: string, value: number, unit: string, bar?: number): void => {
    const shown = `${what.padEnd(58)} ${value.toFixed(2).padStart(8)} ${unit.padEnd(4)}`;
    console.log(bar === undefined ? shown.trimEnd() : `${shown} ${verdict(value, bar)}`);
  };
  const floor = await best(runs, ["--import", "tsx", "-e", sdk]);
  row("importing the SDK alone", floor.seconds, "s");
  row("importing the SDK alone, resident", floor.residentMiB, "MiB");
  const preview = await best(runs, [command, "preview", "--stack", "prod", "--timeout", "300"]);
  row("preview of prod", preview.seconds, "s", bars.seconds);
  row("preview of prod, resident, both processes", preview.residentMiB, "MiB", bars.residentMiB);
  row("preview of prod / importing the SDK", preview.seconds / floor.seconds, "x", bars.ratio);
  const alone = await best(runs, mocked());
  row("the SDK alone registers as many with its mocks", alone.seconds, "s");
  row("preview of prod / the SDK with its mocks", preview.seconds / alone.seconds, "x");
  const against = await best(runs, [
    ...[command, "preview", "--stack", "prod", "--timeout", "300"],
    ...["--baseline", `git:${values.base}`],
  ]);
  row(`prod against git:${values.base}`, against.seconds, "s", bars.againstParentSeconds);
  const [none, once, eight] = [await grown(0, runs), await grown(200, runs), await grown(1600, runs)];
  row("0 resources", none.seconds, "s");
  row("200 resources", once.seconds, "s");
  row("1600 resources", eight.seconds, "s");
  const growth = (eight.seconds - none.seconds) / (once.seconds - none.seconds) / 8;
  row("time per resource, 1600 / 200 (1 is linear)", growth, "x", bars.growth);
}

main();
