import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

// What a reviewer waits for: the review of prod against its base (both evaluated, planned, priced, judged, written), beside the
// synthesis of a stack of the same shape with the AWS CDK, which neither prices nor compares. The CDK app is started as node, without
// the `cdk` command around it, which is to its favour. Each figure is the best of several runs.
//
//   npm run bench:review -- [--runs 3] [--base HEAD~1] [--json]

const barSeconds = 8;
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
function timed(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Run {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: repository,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  if (status !== 0 && status !== 1) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return { seconds: (performance.now() - started) / 1000, output: stdout };
}

function best(work: () => Run): Run {
  const all = Array.from({ length: runs }, work);
  return all.reduce((a, b) => (a.seconds <= b.seconds ? a : b));
}

/** Installs the peer by its own lockfile; without a registry there is none. */
function hasPeer(): boolean {
  if (existsSync(join(peer, "node_modules", "aws-cdk-lib"))) return true;
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: peer });
  return status === 0;
}

try {
  const review = best(() => timed([command, "review", "--base", values.base, "--stack", "prod", "--json"]));
  const [reviewed] = JSON.parse(review.output) as { changeSummary?: Record<string, number>; failure?: string }[];
  if (reviewed?.changeSummary === undefined) throw new Error(`prod was not reviewed: ${reviewed?.failure}`);
  const resources = Object.values(reviewed.changeSummary).reduce((sum, count) => sum + count, 0);
  const preview = best(() => timed([command, "cost", "--stack", "prod", "--json"]));
  const synth = hasPeer()
    ? best(() => timed([join(peer, "app.cjs")], { CDK_OUTDIR: join(scratch, "cdk.out") }))
    : undefined;
  const peerResources = synth && (JSON.parse(synth.output) as { resources: number }).resources;
  const met = review.seconds <= barSeconds;
  if (values.json) {
    const seconds = { review: review.seconds, evaluationAndCost: preview.seconds, cdkSynth: synth?.seconds };
    console.log(JSON.stringify({ seconds, resources, peerResources, barSeconds, met }));
  } else {
    console.log(
      `review of prod against ${values.base}: ${review.seconds.toFixed(1)} s, ${resources} resources (bar ${barSeconds} s)`,
    );
    console.log(`evaluation and cost of prod alone: ${preview.seconds.toFixed(1)} s`);
    console.log(
      synth === undefined
        ? "cdk synth: not measured, its packages cannot be installed here"
        : `cdk synth of a comparable stack: ${synth.seconds.toFixed(1)} s, ${peerResources} resources; evaluation and cost take ${(preview.seconds / synth.seconds).toFixed(2)} times as long`,
    );
  }
  process.exitCode = met ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true });
}
