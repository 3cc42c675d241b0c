import assert from "node:assert/strict";
import fc from "fast-check";
import { StopScanner } from "./llama-stops";
import { parseVllmMetrics } from "./vllm-metrics";

describe("stop strings", () => {
  it("cut at the first stop wherever the pieces end, and hold nothing back otherwise", () => {
    const alphabet = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 40 });
    fc.assert(
      fc.property(
        alphabet,
        fc.uniqueArray(fc.string({ unit: fc.constantFrom("a", "b", "\n"), minLength: 1, maxLength: 4 }), {
          maxLength: 3,
        }),
        fc.integer({ min: 1, max: 5 }),
        (text, stops, size) => {
          const scanner = new StopScanner(stops);
          let seen = "";
          for (let at = 0; at < text.length && !scanner.stopped; at += size)
            seen += scanner.push(text.slice(at, at + size));
          seen += scanner.flush();
          // A stop that ends first wins; of those that end together, the one that starts first.
          const first =
            stops.length === 0
              ? -1
              : Math.min(
                  ...stops.map((stop) => text.indexOf(stop)).map((at) => (at < 0 ? Number.POSITIVE_INFINITY : at)),
                );
          if (first === -1 || first === Number.POSITIVE_INFINITY) assert.equal(seen, text);
          else assert.ok(stops.every((stop) => !seen.includes(stop)) && text.startsWith(seen) && seen.length >= first);
        },
      ),
    );
  });
});

describe("vLLM's metrics", () => {
  it("are read under the names of new and of old releases", () => {
    const text = (kv: string) =>
      `# HELP x y\nvllm:num_requests_running{engine="0",model_name="m"} 3.0\nvllm:num_requests_waiting{engine="0"} 2\n${kv}{engine="0"} 0.25\n${kv}{engine="1"} 0.75\n`;
    const expected = { running: 3, waiting: 2, kvCacheUsage: 0.5, progress: 0.5 };
    assert.deepEqual(parseVllmMetrics(text("vllm:kv_cache_usage_perc")), expected);
    assert.deepEqual(parseVllmMetrics(text("vllm:gpu_cache_usage_perc")), expected);
    assert.deepEqual(parseVllmMetrics(""), { running: 0, waiting: 0, kvCacheUsage: 0, progress: 0 });
  });

  it("show that the engine works: its counters of tokens and requests, and the room that a long prompt takes", () => {
    const counters = [
      'vllm:prompt_tokens_total{engine="0"} 100.0',
      'vllm:generation_tokens_total{engine="0"} 20.0',
      'vllm:request_success_total{engine="0",finished_reason="stop"} 3.0',
      'vllm:request_success_total{engine="0",finished_reason="length"} 1.0',
      'vllm:kv_cache_usage_perc{engine="0"} 0.25',
    ];
    assert.equal(parseVllmMetrics(counters.join("\n")).progress, 124.25);
  });
});
