import assert from "node:assert/strict";
import { detailMetrics, scalingMetrics } from "../../../contracts/metrics";
import { type CloudWatchDouble, startCloudWatchDouble } from "../doubles/cloudwatch";
import { CloudWatchSink } from "./cloudwatch";
import type { Datum } from "./window";

const identity = { region: "us-east-1", autoScalingGroup: "gold", instanceId: "i-0123456789abcdef0" };
const timestamp = Date.UTC(2026, 10, 22, 12);
/** Guards only: the first request loads the SDK, which takes seconds on a busy machine. */
const patienceMs = 30_000;
const datum: Datum = { metric: scalingMetrics.gpuUtilization, timestamp, count: 10, sum: 420, min: 40, max: 50 };

describe("CloudWatch through the AWS SDK, against a double that decodes its protocol", () => {
  let double: CloudWatchDouble;
  let sink: CloudWatchSink;
  const put = (data: readonly Datum[] = [datum]) => sink.put(data, AbortSignal.timeout(patienceMs));

  before(() => {
    process.env.AWS_ACCESS_KEY_ID = "first";
    process.env.AWS_SECRET_ACCESS_KEY = "secret";
  });
  after(() => {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
  });
  beforeEach(async () => {
    double = await startCloudWatchDouble();
    sink = new CloudWatchSink({ identity: () => identity, endpoint: double.url, period: 10 });
  });
  afterEach(async () => {
    sink.close();
    await double.close();
  });

  it("sends one compressed request with a statistic set under the group alone", async () => {
    assert.deepEqual(await put(), { kind: "delivered" });
    const [request] = double.taken;
    assert.deepEqual([double.taken.length, request?.encoding, request?.namespace], [1, "gzip", "AI-Gaming/GPU"]);
    assert.deepEqual(request?.data, [
      {
        MetricName: "GPUUtilization",
        Dimensions: [{ Name: "AutoScalingGroupName", Value: "gold" }],
        Timestamp: timestamp / 1000,
        Unit: "Percent",
        StorageResolution: 1,
        StatisticValues: { SampleCount: 10, Sum: 420, Minimum: 40, Maximum: 50 },
      },
    ]);
  });

  it("names node and GPU in detail", async () => {
    await put([{ ...datum, metric: detailMetrics.power, gpu: 3 }]);
    assert.deepEqual(
      double.data()[0]?.Dimensions.map(({ Name, Value }) => `${Name}=${Value}`),
      ["AutoScalingGroupName=gold", "InstanceId=i-0123456789abcdef0", "GPU=3"],
    );
  });

  it("puts a thousand data into one request within the limits", async () => {
    await put(Array.from({ length: 1000 }, () => ({ ...datum, metric: detailMetrics.power, gpu: 3 })));
    assert.equal(double.data().length, 1000);
    assert.ok((double.taken[0]?.bytes ?? 1e9) < 50_000);
  });

  for (const behaviour of ["throttle", "error", "reset", "stall", "denied"] as const) {
    it(`keeps the data when CloudWatch answers with: ${behaviour}`, async () => {
      double.behaviour = behaviour;
      const patience = new AbortController();
      const outcome = sink.put([datum], patience.signal);
      if (behaviour === "stall") {
        while (double.attempts === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        patience.abort();
      }
      assert.equal((await outcome).kind, "retry");
      assert.equal(double.attempts, 1, "the SDK must not repeat a request behind the publisher's back");
      double.behaviour = "take";
      assert.equal((await put()).kind, "delivered");
    });
  }

  it("keeps the data when nobody listens", async () => {
    await double.close();
    const outcome = await put();
    double = await startCloudWatchDouble();
    assert.equal(outcome.kind, "retry");
  });

  it("fetches credentials anew when they have expired", async () => {
    await put();
    process.env.AWS_ACCESS_KEY_ID = "second";
    double.behaviour = "expired";
    assert.equal((await put()).kind, "retry");
    double.behaviour = "take";
    await put();
    assert.deepEqual(
      double.taken.map(({ accessKey }) => accessKey),
      ["first", "second"],
    );
    process.env.AWS_ACCESS_KEY_ID = "first";
  });

  it("tells which datum CloudWatch refuses", async () => {
    double.behaviour = { refuse: ({ StatisticValues }) => StatisticValues.Maximum === 99, names: "member" };
    const outcome = await put([datum, { ...datum, max: 99 }]);
    assert.ok(outcome.kind === "invalid" && outcome.index === 1, JSON.stringify(outcome));
  });

  it("waits for the node to know who it is", async () => {
    const nobody = new CloudWatchSink({ identity: () => undefined, endpoint: double.url, period: 60 });
    assert.equal((await nobody.put([datum], AbortSignal.timeout(patienceMs))).kind, "retry");
    assert.equal(double.attempts, 0);
  });
});
