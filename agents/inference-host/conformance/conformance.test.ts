import assert from "node:assert/strict";
import { createLogger } from "../../../runtime/logger";
import { promiseOf } from "../engines/promise";
import { startHost } from "../host";
import { readOptions } from "../options";
import { startVllmHost } from "../testing/harness";
import { runCases, type Target } from "./run";

describe("the requests that the API promises", () => {
  const check = async (target: Target) => {
    const failed = (await runCases(target)).filter(({ outcome }) => outcome === "failed");
    assert.deepEqual(failed, []);
  };

  for (const [what, options, toolParser] of [
    ["started as production starts it", { toolParser: "hermes" }, "hermes"],
    ["without a parser of tool calls", {}, undefined],
  ] as const) {
    it(`are served or refused in one line on the vLLM double, ${what}`, async () => {
      const host = await startVllmHost({ options: { ...options, contextTokens: 2_048 } });
      try {
        await check({ name: "double", url: host.url, model: "base-model", promise: promiseOf("vllm", toolParser) });
      } finally {
        await host.close();
      }
    });
  }

  it("are served or refused in one line on llama.cpp with the toy", async () => {
    const options = readOptions({ port: 0, operatorPort: 0, threads: 1 }, {});
    const host = await startHost(options, createLogger("inference-host", "silent"));
    try {
      await host.ready;
      const url = `http://127.0.0.1:${host.port}`;
      await check({ name: "toy", url, model: "toy", promise: promiseOf("llama.cpp", undefined) });
    } finally {
      await host.stop();
    }
  });
});
