import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { AutoScalingClient, CompleteLifecycleActionCommand } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { scalingMetrics } from "../../../contracts/metrics";
import { createPorts } from "../ports";
import { type AutoScalingCall, startAwsEndpoint } from "./aws-endpoint";
import { type Balancer, startBalancer } from "./balancer";
import { MetricStore } from "./metric-store";
import { readUserData } from "./node-environment";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(10);
}

describe("the endpoint in the place of CloudWatch and Auto Scaling", () => {
  const sign = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" }, maxAttempts: 1 };
  let store: MetricStore;
  let calls: AutoScalingCall[];
  let endpoint: string;

  beforeEach(async () => {
    store = new MetricStore();
    calls = [];
    const started = await startAwsEndpoint(await createPorts(0).free(), {
      onData: (namespace, data) => store.put(namespace, data),
      onCall: (call) => {
        calls.push(call);
        return call.instanceId === "i-known";
      },
    });
    closing.push(() => started.close());
    endpoint = started.url;
  });

  it("takes what the SDK sends, and weighs sets and values as CloudWatch does", async () => {
    const client = new CloudWatchClient({ ...sign, endpoint, requestMinCompressionSizeBytes: 0 });
    closing.push(async () => client.destroy());
    const { namespace, name } = scalingMetrics.queueDepth;
    const at = Math.floor(Date.now() / 10_000) * 10_000;
    const datum = (more: object, group = "gold") => ({
      MetricName: name,
      Dimensions: [{ Name: "AutoScalingGroupName", Value: group }],
      Timestamp: new Date(at),
      ...more,
    });
    await client.send(
      new PutMetricDataCommand({
        Namespace: namespace,
        MetricData: [
          datum({ StatisticValues: { SampleCount: 10, Sum: 50, Minimum: 1, Maximum: 9 } }),
          datum({ Values: [2, 4], Counts: [9, 1] }),
          datum({ Value: 100 }, "silver"),
          { ...datum({ Value: 1_000 }), Dimensions: [] },
        ],
      }),
    );
    const seen = store.between(scalingMetrics.queueDepth, "gold", at, at + 10_000);
    assert.deepEqual(seen, { average: (50 + 22) / 20, maximum: 9, sum: 72 });
    assert.equal(store.between(scalingMetrics.queueDepth, "gold", at + 10_000, at + 20_000), undefined);
  });

  it("hands lifecycle calls on, and says as the API does where none is waiting", async () => {
    const client = new AutoScalingClient({ ...sign, endpoint });
    closing.push(async () => client.destroy());
    const complete = (InstanceId: string) =>
      client.send(
        new CompleteLifecycleActionCommand({
          AutoScalingGroupName: "gold",
          InstanceId,
          LifecycleHookName: "node-ready",
          LifecycleActionResult: "CONTINUE",
        }),
      );
    await complete("i-known");
    await assert.rejects(complete("i-other"), { name: "ValidationError", message: /No active Lifecycle Action/ });
    assert.deepEqual(calls[0], { action: "CompleteLifecycleAction", instanceId: "i-known", hook: "node-ready" });
  });

  it("refuses what it does not know", async () => {
    const unknown = await fetch(endpoint, { method: "POST", body: "Action=DeleteAutoScalingGroup" });
    assert.deepEqual([unknown.status, calls.length], [400, 0]);
    const wrong = await fetch(endpoint, {
      method: "POST",
      headers: { "x-amz-target": "GraniteServiceVersion20100801.PutMetricData" },
      body: "{",
    });
    assert.equal(wrong.status, 400);
  });
});

describe("a tier's load balancer", () => {
  let balancer: Balancer;
  /** Answers that nodes keep back; none while they answer after a moment. */
  let held: { name: string; response: ServerResponse }[] | undefined;
  let ready: Set<string>;

  beforeEach(async () => {
    held = undefined;
    ready = new Set();
    const port = await createPorts(0).free();
    balancer = await startBalancer({ port, healthPath: "/ready", idleSeconds: 60, name: "gold" });
    closing.push(() => balancer.close(0));
  });

  /** A node that says its name. */
  async function node(name: string): Promise<void> {
    ready.add(name);
    const server: Server = createServer((request, response) => {
      if (request.url === "/ready") response.writeHead(ready.has(name) ? 200 : 503).end();
      else if (held !== undefined) held.push({ name, response });
      else setTimeout(() => response.end(name), 30);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(async () => server.close().closeAllConnections());
    balancer.register(name, (server.address() as AddressInfo).port);
  }

  const ask = () => fetch(balancer.url).then(async (response) => (response.ok ? response.text() : response.status));
  const pair = async () => (await Promise.all([ask(), ask()])).sort().join();

  it("says 503 as a cloud's does while no node is ready", async () => {
    const response = await fetch(balancer.url);
    assert.deepEqual([response.status, response.headers.get("x-request-id")], [503, null]);
    assert.match(await response.text(), /Service Temporarily Unavailable/);
  });

  it("gives a request to the node with the fewest under way, and takes out one that is not ready", async () => {
    await Promise.all([node("a"), node("b")]);
    await until(async () => (await pair()) === "a,b");
    ready.delete("a");
    await until(async () => (await pair()) === "b,b");
    ready.delete("b");
    await until(async () => (await ask()) === 503);
  });

  it("lets a node that left end what it has", async () => {
    await Promise.all([node("a"), node("b")]);
    await until(async () => (await pair()) === "a,b");
    held = [];
    const asked = [ask(), ask()];
    await until(() => held!.length === 2);
    balancer.deregister("a");
    for (const { name, response } of held.splice(0)) response.end(name);
    assert.deepEqual((await Promise.all(asked)).sort(), ["a", "b"]);
    held = undefined;
    assert.equal(await pair(), "b,b");
  });
});

describe("the environment of a node", () => {
  const encode = (text: string) => Buffer.from(text).toString("base64");

  it("is what user data writes for the agents, without what only the cloud has", () => {
    const text =
      "#!/bin/bash\nAWS_REGION=us-east-1\nGPU_METRICS_PERIOD=10\nINFERENCE_HOST_ENGINE=vllm\nINFERENCE_HOST_EC2=true\n";
    assert.deepEqual(readUserData(encode(text), "gold"), { GPU_METRICS_PERIOD: "10", INFERENCE_HOST_EC2: "true" });
  });

  it("is missed where user data sets none", () => {
    assert.throws(() => readUserData(encode("#!/bin/bash\n"), "gold"), /gold: its launch template's user data/);
  });
});
