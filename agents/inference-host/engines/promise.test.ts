import assert from "node:assert/strict";
import { RequestError } from "../../../runtime/openai/errors";
import { holdToPromise, promiseOf, withoutMeaningless } from "./promise";

const tools = [{ type: "function", function: { name: "bow" } }];

describe("what an engine promises", () => {
  const vllm = promiseOf("vllm", "hermes");
  const bare = promiseOf("vllm", undefined);
  const llama = promiseOf("llama.cpp", undefined);

  for (const [kind, body, refusals] of [
    ["chat", {}, [undefined, undefined, undefined]],
    ["chat", { tools }, [undefined, "tools", "tools"]],
    ["chat", { tools, tool_choice: "none" }, [undefined, undefined, undefined]],
    ["chat", { tools, tool_choice: "required" }, [undefined, undefined, "tool_choice"]],
    ["chat", { tools, tool_choice: { function: { name: "bow" } } }, [undefined, undefined, "tool_choice"]],
    ["chat", { logprobs: true }, [undefined, undefined, "logprobs"]],
    ["chat", { logprobs: false, top_logprobs: 0, logit_bias: {} }, [undefined, undefined, undefined]],
    ["chat", { structured_outputs: { choice: ["yes", "no"] } }, [undefined, undefined, "structured_outputs"]],
    ["chat", { n: 2 }, [undefined, undefined, "n"]],
    ["chat", { n: 2, temperature: 0 }, ["n", "n", "n"]],
    ["completion", { prompt: ["a", "b"] }, [undefined, undefined, "prompt"]],
    ["completion", { prompt: ["a"] }, [undefined, undefined, undefined]],
    ["embedding", { input: "a" }, ["model", "model", undefined]],
  ] as const) {
    it(`${kind} ${JSON.stringify(body)}`, () => {
      const refused = [vllm, bare, llama].map((promise) => {
        try {
          holdToPromise(kind, body, promise);
          return undefined;
        } catch (error) {
          assert.ok(error instanceof RequestError && error.status === 400 && error.code === "unsupported_parameter");
          assert.match(error.message, new RegExp(`cannot be had from this node's engine, ${promise.engine}\\.$`));
          return error.param ?? undefined;
        }
      });
      assert.deepEqual(refused, refusals);
    });
  }

  it("is not told what has a meaning for OpenAI's own servers only", () => {
    const sent = {
      messages: [],
      user: "u",
      store: true,
      service_tier: "auto",
      prompt_cache_key: "k",
      safety_identifier: "s",
      metadata: {},
      reasoning_effort: "low",
      stream_options: { include_usage: true, include_obfuscation: false },
    };
    assert.deepEqual(withoutMeaningless(sent), {
      messages: [],
      reasoning_effort: "low",
      stream_options: { include_usage: true },
    });
  });
});
