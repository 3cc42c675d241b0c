import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { adapterNamesOf, productRegistry } from "../../../contracts/archetypes";
import { startLocalPlatform } from "../platform";
import { createPorts } from "../ports";
import type { LocalPlatform } from "../run/local-platform";
import { createSteps } from "../terminal/steps";

const projectDir = resolve(__dirname, "../../..");

/** Minutes: the router before real inference hosts on the toy model, whose nodes are replaced one after the other under load. */
const names = adapterNamesOf(productRegistry);

describe("the router while nodes are replaced, soak", () => {
  let platform: LocalPlatform;
  const dataDir = mkdtempSync(join(tmpdir(), "replacement-"));

  before(async () => {
    const quiet = new Writable({ write: (_chunk, _encoding, done) => done() });
    platform = await startLocalPlatform(
      {
        projectDir,
        stack: "dev",
        dataDir,
        ports: createPorts(0),
        only: ["ai-router", "tiers"],
        database: { kind: "own", dataDir },
        pace: "quick",
        steps: createSteps(quiet, false),
      },
      new AbortController().signal,
    );
  });
  after(async () => {
    await platform?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("loses no accepted request", async () => {
    const rounds = Number(process.env.SOAK_REPLACEMENTS ?? 20);
    const counts = { whole: 0, refused: 0, lost: 0 };
    const lost: string[] = [];
    let running = true;
    const player = async (index: number): Promise<void> => {
      for (let turn = index; running; turn += 7) {
        const outcome = await ask(turn);
        if (outcome === "whole" || outcome === "refused") counts[outcome] += 1;
        else {
          counts.lost += 1;
          lost.push(outcome);
        }
        if (outcome === "refused") await delay(100);
      }
    };
    const players = Array.from({ length: 12 }, (_, index) => player(index));
    for (let round = 0; round < rounds; round++) await replaceOne(round);
    running = false;
    await Promise.all(players);
    const { whole, refused } = counts;
    console.log(`${rounds} nodes replaced: ${whole} requests answered whole, ${refused} refused, ${counts.lost} lost`);
    assert.deepEqual(lost.slice(0, 3), []);
    assert.ok(whole > 100 * rounds * 0.2, `${whole} answers are too few to say anything`);
  });

  /** Tells the group of one tier, then of the other, that its oldest node is unhealthy. */
  async function replaceOne(round: number): Promise<void> {
    const { tiers } = platform.parts;
    const state = () => tiers.states()[round % 2]!;
    const { id } = state().nodes[0]!;
    const body = new URLSearchParams({ Action: "SetInstanceHealth", InstanceId: id, HealthStatus: "Unhealthy" });
    await fetch(tiers.awsEndpoint, { method: "POST", body });
    while (!state().nodes.some((node) => node.id !== id && node.lifecycle === "InService")) await delay(50);
    // The load balancer takes it in with its next check.
    await delay(1_500);
  }

  /** One turn through the router: whole, refused before it began, or what became of it. */
  async function ask(turn: number): Promise<string> {
    const url = `${platform.urlOf("ai-router")}/v1/chat/completions`;
    const stream = turn % 3 !== 0;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-api-key": platform.routerKey() ?? "",
          "x-latency-budget-ms": turn % 2 === 0 ? "50" : "500",
        },
        body: JSON.stringify({
          model: names[turn % names.length],
          messages: [{ role: "user", content: "Who are you?" }],
          stream,
        }),
      });
      const text = await response.text();
      if (response.status === 429 || response.status === 503) return "refused";
      const end = stream ? text.endsWith("data: [DONE]\n\n") && !text.includes('"error"') : text.includes('"choices"');
      return response.status === 200 && end ? "whole" : `${response.status}: ${text.slice(-300)}`;
    } catch (error) {
      return String(error);
    }
  }
});
