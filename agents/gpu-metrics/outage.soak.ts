import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeInstance, startImdsDouble } from "../../runtime/imds-double";
import { startCloudWatchDouble } from "./doubles/cloudwatch";
import { startInferenceDouble } from "./doubles/inference-host";

/** Minutes without CloudWatch; fewer for a quick look. */
const outageMinutes = Number(process.env.SOAK_OUTAGE_MINUTES ?? 15);
const outageMs = outageMinutes * 60_000;
const period = 10;

describe("gpu-metrics in a real outage of CloudWatch", () => {
  it(`loses no datapoint in ${outageMinutes} minutes of resets, stalls, throttling and errors`, async function () {
    this.timeout(outageMs + 600_000);
    const folder = mkdtempSync(join(tmpdir(), "gpu-metrics-soak-"));
    execFileSync(process.execPath, [join(__dirname, "../../images/bundle.cjs"), "gpu-metrics", "--outdir", folder]);
    const cloudWatch = await startCloudWatchDouble();
    const inference = await startInferenceDouble();
    const imds = await startImdsDouble();
    describeInstance(imds, { autoScalingGroup: "soak", lifecycleState: "InService" });
    const agent = spawn(process.execPath, [join(folder, "gpu-metrics.cjs")], {
      stdio: ["ignore", "ignore", "ignore"],
      env: {
        PATH: process.env.PATH,
        AWS_ACCESS_KEY_ID: "key",
        AWS_SECRET_ACCESS_KEY: "secret",
        AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
        GPU_METRICS_SOURCE: "dcgmi",
        GPU_METRICS_DCGMI: join(__dirname, "doubles/dcgmi-double.cjs"),
        GPU_METRICS_ENDPOINT: cloudWatch.url,
        GPU_METRICS_INFERENCE_URL: inference.url,
        GPU_METRICS_KERNEL_LOG: "none",
        GPU_METRICS_PORT: "none",
        GPU_METRICS_PERIOD: String(period),
      },
    });
    while (cloudWatch.taken.length < 3) await sleep(500);
    const began = Date.now();
    for (const behaviour of ["reset", "stall", "throttle", "error"] as const) {
      cloudWatch.behaviour = behaviour;
      await sleep(outageMs / 4);
    }
    const before = cloudWatch.taken.length;
    cloudWatch.behaviour = "take";
    while (cloudWatch.taken.length === before) await sleep(500);
    await sleep(2 * period * 1000);
    agent.kill("SIGTERM");
    await new Promise((resolve) => agent.once("exit", resolve));

    const starts = cloudWatch.data().filter(({ MetricName }) => MetricName === "GPUUtilization");
    const times = [...new Set(starts.map(({ Timestamp }) => Timestamp))].sort((a, b) => a - b);
    const gaps = times.slice(1).filter((time, index) => time - (times[index] ?? 0) !== period);
    assert.deepEqual(gaps, [], "every window is there");
    assert.ok((times[0] ?? 0) * 1000 <= began && (times.at(-1) ?? 0) * 1000 >= began + outageMs - period * 1000);
    await Promise.all([cloudWatch.close(), inference.close(), imds.close()]);
    rmSync(folder, { recursive: true });
  });
});
