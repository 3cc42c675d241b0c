import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { commit, inWrittenProgram, type Written, write } from "./written-program";

// What a reviewer waits for: the review of prod against its base (both evaluated, planned, priced, judged, written), of a program of
// 3,000 resources against its base as a multiple of its preview alone, and, as a peer, the
// synthesis of a stack of the same shape with the AWS CDK, which neither prices nor compares. The CDK app is started as node, without
// the `cdk` command around it, which is to its favour. Each figure is the best of several runs.
//
//   npm run bench:review -- [--runs 3] [--base HEAD~1] [--json]

const barSeconds = 8;
const many = 3_000;
/** The review of many resources against the preview of them alone. */
const barRatio = 1.5;
const repository = resolve(__dirname, "..");
const command = join(repository, "platform", "bin", "platform.cjs");
const peer = join(repository, "bench", "peers", "cdk");

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    base: { type: "string", default: "HEAD~1" },
    json: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const scratch = mkdtempSync(join(tmpdir(), "bench-review-"));

interface Run {
  readonly seconds: number;
  readonly output: string;
}

/** Seconds of a process by the clock; findings (exit code 1) are an answer, anything above is a failure. */
function timed(args: readonly string[], environment: Readonly<Record<string, string>> = {}, cwd = repository): Run {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...environment },
  });
  if (status !== 0 && status !== 1) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return { seconds: (performance.now() - started) / 1000, output: stdout };
}

function best(work: () => Run): Run {
  const all = Array.from({ length: runs }, work);
  return all.reduce((a, b) => (a.seconds <= b.seconds ? a : b));
}

/** Seconds of two processes that are started together, until the later one ends. */
async function twice(args: readonly string[], cwd: string): Promise<number> {
  const started = performance.now();
  const codes = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<number | null>((done, fail) => {
          const child = spawn(process.execPath, args, { cwd, stdio: "ignore" });
          child.once("error", fail).once("close", done);
        }),
    ),
  );
  if (codes.some((code) => code !== 0)) throw new Error(`${args.join(" ")} ended with ${codes.join(" and ")}`);
  return (performance.now() - started) / 1000;
}

interface Many {
  readonly preview: Run;
  readonly review: Run;
  /** Seconds of two previews at once: what a review costs that evaluates both sides and does nothing with them. */
  readonly floor: number;
}

/** Preview and review of a program of many resources of which one changes. */
function ofMany(): Promise<Many> {
  const groups = (change: string): Written[] =>
    Array.from({ length: many }, (_, at) => ({
      type: "aws:ec2/securityGroup:SecurityGroup",
      name: `r${at}`,
      inputs: { description: at === 0 ? change : "as before" },
    }));
  return inWrittenProgram(groups("before"), async (folder) => {
    commit(folder);
    write(folder, groups("after"));
    const stack = ["--stack", "prod"];
    const preview = [command, "preview", ...stack, "--timeout", "300"];
    const floors: number[] = [];
    for (let at = 0; at < runs; at++) floors.push(await twice(preview, folder));
    return {
      floor: Math.min(...floors),
      preview: best(() => timed(preview, {}, folder)),
      review: best(() => timed([command, "review", "--base", "main", ...stack], {}, folder)),
    };
  });
}

/** Installs the peer by its own lockfile; without a registry there is none. */
function hasPeer(): boolean {
  if (existsSync(join(peer, "node_modules", "aws-cdk-lib"))) return true;
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: peer });
  return status === 0;
}

async function main(): Promise<void> {
  const review = best(() => timed([command, "review", "--base", values.base, "--stack", "prod", "--json"]));
  const [reviewed] = JSON.parse(review.output) as { changeSummary?: Record<string, number>; failure?: string }[];
  if (reviewed?.changeSummary === undefined) throw new Error(`prod was not reviewed: ${reviewed?.failure}`);
  const resources = Object.values(reviewed.changeSummary).reduce((sum, count) => sum + count, 0);
  const cost = best(() => timed([command, "cost", "--stack", "prod", "--json"]));
  const large = await ofMany();
  const ratio = large.review.seconds / large.preview.seconds;
  const synth = hasPeer()
    ? best(() => timed([join(peer, "app.cjs")], { CDK_OUTDIR: join(scratch, "cdk.out") }))
    : undefined;
  const peerResources = synth && (JSON.parse(synth.output) as { resources: number }).resources;
  const met = review.seconds <= barSeconds && ratio <= barRatio;
  process.exitCode = met ? 0 : 1;
  if (values.json) {
    const seconds = {
      review: review.seconds,
      evaluationAndCost: cost.seconds,
      cdkSynth: synth?.seconds,
      previewOfMany: large.preview.seconds,
      twoPreviewsOfMany: large.floor,
      reviewOfMany: large.review.seconds,
    };
    console.log(JSON.stringify({ seconds, resources, peerResources, many, ratio, barSeconds, barRatio, met }));
    return;
  }
  const show = (seconds: number): string => `${seconds.toFixed(1)} s`;
  console.log(
    `review of prod against ${values.base}: ${show(review.seconds)}, ${resources} resources (bar ${barSeconds} s)`,
  );
  console.log(`evaluation and cost of prod alone: ${show(cost.seconds)}`);
  console.log(
    `${many} resources of which one changes: preview ${show(large.preview.seconds)}, two of them at once ${show(large.floor)}, review ${show(large.review.seconds)}, ${ratio.toFixed(2)} times the preview (bar ${barRatio})`,
  );
  console.log(
    synth === undefined
      ? "cdk synth: not measured, its packages cannot be installed here"
      : `cdk synth of a comparable stack: ${show(synth.seconds)}, ${peerResources} resources; evaluation and cost take ${(cost.seconds / synth.seconds).toFixed(2)} times as long`,
  );
}

main().finally(() => rmSync(scratch, { recursive: true }));
