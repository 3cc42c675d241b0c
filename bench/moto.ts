import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchClient, GetMetricStatisticsCommand, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchSink } from "../agents/gpu-metrics/publish/cloudwatch";
import type { Datum } from "../agents/gpu-metrics/publish/window";
import { detailMetrics, groupDimension, scalingMetrics } from "../contracts/metrics";
import { freePort } from "../runtime/free-port";
import { installPythonPackage } from "../runtime/testing/python-package";

// Sends the metrics agent's data to moto, an emulator of AWS that is no part of this project, and reads them back.
//
//   npm run test:moto        (needs python3 with pip, and a registry that has moto)

const moto = "moto[server]==5.2.5";
const identity = { region: "us-east-1", autoScalingGroup: "gold", instanceId: "i-0123456789abcdef0" };
const period = 60;

interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

async function main(): Promise<number> {
  const place = installPythonPackage(moto);
  if (place === undefined) {
    console.log(`skipped: publishing to ${moto} (pip could not install it)\n0 passed, 0 failed`);
    return 0;
  }
  process.env.AWS_ACCESS_KEY_ID ??= "moto";
  process.env.AWS_SECRET_ACCESS_KEY ??= "moto";
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    stdio: "ignore",
    env: { ...process.env, PYTHONPATH: place },
  });
  try {
    await listening(endpoint);
    const checks = await publishAndRead(endpoint);
    for (const { name, passed, detail } of checks) console.log(`${passed ? "ok    " : "FAILED"} ${name}: ${detail}`);
    const failed = checks.filter(({ passed }) => !passed).length;
    console.log(`${checks.length - failed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    server.kill();
  }
}

async function publishAndRead(endpoint: string): Promise<Check[]> {
  const minute = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;
  const node = (mean: number): Datum => ({
    metric: scalingMetrics.gpuUtilization,
    ...{ timestamp: minute, count: period, sum: mean * period, min: mean - 5, max: mean + 5 },
  });
  const sink = new CloudWatchSink({ identity: () => identity, endpoint, period });
  const signal = AbortSignal.timeout(20_000);
  // Two nodes of a group, and the power of a GPU under its own dimensions. It has another name than what is read back: moto,
  // unlike CloudWatch, also finds metrics that have more dimensions than were asked for.
  const detail = { ...node(99), metric: detailMetrics.power, gpu: 0 };
  const outcomes = [await sink.put([node(80), detail], signal), await sink.put([node(20)], signal)];
  sink.close();
  const client = new CloudWatchClient({ region: identity.region, endpoint });
  const { Namespace, MetricName } = {
    Namespace: scalingMetrics.gpuUtilization.namespace,
    MetricName: "GPUUtilization",
  };
  const listed = await client.send(new ListMetricsCommand({ Namespace }));
  const dimensions = listed.Metrics?.map((metric) => metric.Dimensions?.map(({ Name }) => Name).join("+"));
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      ...{ Namespace, MetricName, Period: period },
      Dimensions: [{ Name: groupDimension, Value: identity.autoScalingGroup }],
      StartTime: new Date(minute - 60_000),
      EndTime: new Date(minute + 120_000),
      Statistics: ["Average", "Minimum", "Maximum", "SampleCount"],
    }),
  );
  client.destroy();
  const point = Datapoints[0];
  return [
    { name: "requests", passed: outcomes.every(({ kind }) => kind === "delivered"), detail: JSON.stringify(outcomes) },
    {
      name: "dimensions",
      passed: [groupDimension, "AutoScalingGroupName+InstanceId+GPU"].every((set) => dimensions?.includes(set)),
      detail: JSON.stringify(dimensions),
    },
    {
      name: "average of two nodes under the group",
      passed: Datapoints.length === 1 && point?.Average === 50 && point.Minimum === 15 && point.Maximum === 85,
      detail: JSON.stringify(Datapoints),
    },
  ];
}

async function listening(endpoint: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(endpoint).catch(() => undefined);
    if (answer !== undefined) return;
    await sleep(200);
  }
  throw new Error(`moto does not listen at ${endpoint}`);
}

void main().then((code) => {
  process.exitCode = code;
});
