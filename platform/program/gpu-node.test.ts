import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

/** The settings that user data writes on a node, from the golden text. */
function nodeSettings(tier: "gold" | "silver"): Record<string, string> {
  const text = readFileSync(join(root, "components", "golden", `user-data-${tier}.sh`), "utf8");
  const [, lines = ""] = /<<'GAME_AI_ENVIRONMENT'\n([\s\S]*?)\nGAME_AI_ENVIRONMENT/.exec(text) ?? [];
  return Object.fromEntries(lines.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

function ask(agent: string, settings: Record<string, string>, ...args: string[]): unknown {
  const main = join(root, "agents", agent, "main.ts");
  const env = { PATH: process.env.PATH ?? "", ...settings };
  return JSON.parse(
    execFileSync(process.execPath, ["--import", "tsx", main, ...args], { encoding: "utf8", cwd: root, env }),
  );
}

describe("the agents on a GPU node", () => {
  for (const [tier, context, slots, memory] of [
    ["gold", 8192, 35, "0.9"],
    ["silver", 16_384, 17, "0.9"],
  ] as const) {
    it(`start ${tier}'s engine as the arithmetic planned it, from what user data wrote`, () => {
      const folder = mkdtempSync(join(tmpdir(), "gpu-node-"));
      try {
        const settings = nodeSettings(tier);
        const manifest = {
          schema: 1,
          baseModel: settings.INFERENCE_HOST_BASE_MODEL,
          format: "safetensors",
          adapters: [],
        };
        writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
        // The bucket stands in this folder: the one setting that a machine without AWS has to change.
        const { args } = ask("inference-host", { ...settings, INFERENCE_HOST_ADAPTERS: folder }, "vllm-command") as {
          args: string[];
        };
        assert.equal(args[1], settings.INFERENCE_HOST_MODEL);
        for (const argument of [
          "--host=127.0.0.1",
          `--max-model-len=${context}`,
          `--max-loras=${slots}`,
          "--max-lora-rank=32",
          `--gpu-memory-utilization=${memory}`,
        ]) {
          assert.ok(args.includes(argument), `${argument} is not in ${args.join(" ")}`);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  it("publish at the period that the policies ask for", () => {
    const { period } = ask("gpu-metrics", nodeSettings("gold"), "--explain", "--json") as { period: number };
    assert.equal(period, 10);
  });
});
