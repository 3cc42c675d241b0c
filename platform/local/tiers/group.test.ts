import assert from "node:assert/strict";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureBundles } from "../bundles";
import { evaluateLocal } from "../graph/evaluate-local";
import { Graph } from "../graph/graph";
import type { LocalTiers } from "../local-tiers";
import { createPorts } from "../ports";
import type { TierState } from "../state";
import { startTiers } from "./tiers";

const projectDir = resolve(__dirname, "../../..");

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(50);
}

describe("the GPU tiers on this machine", () => {
  let tiers: LocalTiers;

  before(async () => {
    const [evaluation, { bundles }] = await Promise.all([
      evaluateLocal(projectDir, "dev", ["ai-router", "knowledge-base"]),
      ensureBundles(projectDir, ["inference-host", "gpu-metrics"]),
    ]);
    const graph = new Graph(evaluation);
    const common = { onChange: () => undefined, say: () => undefined, pace: "quick" } as const;
    tiers = await startTiers({ ...common, graph, bundles, projectDir, ports: createPorts(0), closing: [] });
    await tiers.ready();
  });
  after(() => tiers?.stop());

  const gold = (): TierState => tiers.states().find(({ tier }) => tier === "gold")!;
  const ask = async () => {
    const response = await fetch(`${tiers.urls.gold}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "lich/dialogue_style", messages: [{ role: "user", content: "Who are you?" }] }),
    });
    return { status: response.status, text: await response.text() };
  };

  it("are the declared groups, each with a node whose model answers behind its load balancer", async () => {
    const states = tiers.states();
    assert.deepEqual(
      states.map(({ tier, nodes, declaredMax }) => [tier, nodes.length, nodes[0]?.lifecycle, declaredMax]),
      [
        ["gold", 1, "InService", 2],
        ["silver", 1, "InService", 2],
      ],
    );
    const metrics = gold().policies.map(({ metric, target }) => `${metric} ${target}`);
    assert.deepEqual(metrics, ["GPUMemoryPressure 75", "QueueDepth 4", "GPUUtilization 70"]);
    await until(async () => (await ask()).status === 200);
    assert.match((await ask()).text, /Mortal/);
  });

  it("publish what the policies follow", async () => {
    await until(() => gold().policies.every(({ points }) => points.some(({ value }) => value !== null)));
  });

  it("replace a node that says it is unhealthy: it drains, and another one comes into service", async () => {
    const { id } = gold().nodes[0]!;
    const body = new URLSearchParams({ Action: "SetInstanceHealth", InstanceId: id, HealthStatus: "Unhealthy" });
    assert.equal((await fetch(tiers.awsEndpoint, { method: "POST", body })).status, 200);
    await until(() => gold().nodes.some((node) => node.id !== id && node.lifecycle === "InService"));
    assert.equal(
      gold().nodes.some((node) => node.id === id),
      false,
    );
    const kinds = tiers.decisions().filter(({ tier }) => tier === "gold");
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ["launch", "in-service", "unhealthy", "drain", "terminated", "launch", "in-service"],
    );
    await until(async () => (await ask()).status === 200);
  });
});
