import { CloudWatchClient, GetMetricStatisticsCommand, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchSink } from "../agents/gpu-metrics/publish/cloudwatch";
import type { Datum } from "../agents/gpu-metrics/publish/window";
import { detailMetrics, groupDimension, scalingMetrics } from "../contracts/metrics";
import { type Check, checkAgainstMoto } from "../runtime/testing/moto";

// Sends the metrics agent's data to moto, an emulator of AWS that is no part of this project, and reads them back.
//
//   npm run test:moto        (needs python3 with pip, and a registry that has moto)

const identity = { region: "us-east-1", autoScalingGroup: "gold", instanceId: "i-0123456789abcdef0" };
const period = 60;

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

void checkAgainstMoto("publishing metrics", publishAndRead).then((code) => {
  process.exitCode = code;
});
