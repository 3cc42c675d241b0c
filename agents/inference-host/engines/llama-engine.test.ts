import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "../../../runtime/logger";
import { parseManifest } from "../adapters/manifest";
import { ensureToy } from "../toy/ensure-toy";
import { LlamaEngine } from "./llama-engine";

describe("llama.cpp's engine", () => {
  // llama.cpp ends the whole process where a model goes while a thread of it loads an adapter.
  it("waits for a load that runs before it stops", async () => {
    const { modelPath, adapters } = await ensureToy();
    const text = readFileSync(join(adapters, "manifest.json"), "utf8");
    const [adapter] = parseManifest(text, "toy").adapters;
    for (const ms of [0, 1, 2]) {
      const engine = new LlamaEngine(
        { modelPath, baseModel: "toy", threads: 1 },
        createLogger("llama-engine", "silent"),
      );
      await engine.start();
      const load = engine.loadAdapter({ engineName: "adapter", path: join(adapters, adapter!.files[0]!.path) });
      await sleep(ms);
      await Promise.all([load, engine.stop()]);
      await assert.rejects(engine.loadAdapter({ engineName: "late", path: adapters }), /the engine was stopped/);
    }
  });
});
