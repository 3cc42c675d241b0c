import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describeInstance, type ImdsDouble, startImdsDouble } from "../../../runtime/imds-double";
import { chat, readStream, startVllmHost, until } from "../testing/harness";

/** A local endpoint that takes the Auto Scaling calls of the host, in the protocol of the SDK; a double. */
async function startAutoScalingDouble() {
  const calls: { readonly action: string; readonly hook: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => {
      body += data;
    });
    request.on("end", () => {
      const form = new URLSearchParams(body);
      const action = form.get("Action") ?? "";
      calls.push({ action, hook: form.get("LifecycleHookName") ?? "" });
      response.writeHead(200, { "content-type": "text/xml" });
      response.end(
        `<${action}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><${action}Result/></${action}Response>`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    calls,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    completed: (hook: string) =>
      calls.filter((call) => call.action === "CompleteLifecycleAction" && call.hook === hook).length,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("inference host on an instance", () => {
  /** Undone after each test, latest first, even where it or its start failed. */
  const undo: (() => unknown)[] = [];

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  /** @param before Runs before the host starts. */
  async function startNode(state: string, before: (imds: ImdsDouble) => void = () => {}) {
    const imds = await startImdsDouble();
    undo.push(() => imds.close());
    before(imds);
    const autoScaling = await startAutoScalingDouble();
    undo.push(() => autoScaling.close());
    describeInstance(imds, { autoScalingGroup: "gold", lifecycleState: state });
    const variables = {
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
      AWS_ENDPOINT_URL_AUTO_SCALING: autoScaling.url,
    };
    // The SDK reads them when it first sends, so they stay until the node is closed.
    Object.assign(process.env, variables);
    undo.push(() => {
      for (const name of Object.keys(variables)) delete process.env[name];
    });
    const env = { VLLM_DOUBLE_CHUNK_MS: "20" };
    const running = await startVllmHost({
      options: { ec2: true, autoScalingGroup: "gold", drainSeconds: 30, interruptionMarginSeconds: 1 },
      env,
    });
    undo.push(() => running.close());
    return {
      ...running,
      imds,
      autoScaling,
      setState: (next: string) => imds.values.set("meta-data/autoscaling/target-lifecycle-state", next),
    };
  }

  it("completes the launch hook once the model answers, warms without serving, and serves when it joins", async () => {
    const node = await startNode("Warmed:Stopped");
    await until(() => node.autoScaling.completed("launch") === 1);
    await until(async () => (await fetch(`${node.url}/ready`)).status === 503);
    assert.equal((await chat(node.url, "base-model")).status, 503);
    node.setState("InService");
    await until(async () => (await fetch(`${node.url}/ready`)).status === 200);
    await until(() => node.autoScaling.completed("launch") === 2);
    assert.equal((await chat(node.url, "base-model", { max_tokens: 1 })).status, 200);
  });

  it("waits for instance metadata that is slow to answer", async () => {
    const node = await startNode("InService", (imds) => {
      imds.mode = "stall";
      // As many unanswered requests as one question is asked with, and one more.
      const slow = setInterval(() => {
        if (imds.requests.length > 3) imds.mode = "serve";
      }, 10);
      undo.push(() => clearInterval(slow));
    });
    await until(() => node.autoScaling.completed("launch") === 1);
  });

  it("serves on after a rebalance recommendation, and says that it would rather not", async () => {
    const node = await startNode("InService");
    node.imds.values.set(
      "meta-data/events/recommendations/rebalance",
      JSON.stringify({ noticeTime: new Date().toISOString() }),
    );
    await until(
      async () => ((await (await fetch(`${node.url}/ready`)).json()) as { deprioritised: boolean }).deprioritised,
    );
    const answer = await chat(node.url, "base-model", { max_tokens: 1 });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-inference-host-deprioritised"), "rebalance");
  });

  it("fails readiness at a spot interruption, asks for its replacement, ends streams cleanly, and completes the hook", async () => {
    const node = await startNode("InService");
    await until(async () => (await fetch(`${node.url}/ready`)).status === 200);
    const long = await chat(node.url, "base-model", { stream: true, max_tokens: 1_000 });
    const short = chat(node.url, "base-model", { stream: true, max_tokens: 30 });
    await short;
    const time = Date.now() + 8_000;
    node.imds.values.set(
      "meta-data/spot/instance-action",
      JSON.stringify({ action: "terminate", time: new Date(time).toISOString() }),
    );
    await until(async () => (await fetch(`${node.url}/ready`)).status === 503);
    await until(() => node.autoScaling.calls.some(({ action }) => action === "SetInstanceHealth"));
    const refused = await chat(node.url, "base-model");
    assert.equal(refused.status, 503);
    assert.equal((await readStream(await short)).chunks, 30);
    const cut = await readStream(long);
    assert.equal(cut.error?.code, "draining");
    assert.equal(cut.done, true);
    node.setState("Terminated");
    await until(() => node.autoScaling.completed("terminate") === 1);
    assert.equal(node.autoScaling.calls.filter(({ action }) => action === "SetInstanceHealth").length, 1);
  });
});
