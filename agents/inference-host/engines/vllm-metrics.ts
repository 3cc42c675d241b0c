import type { EngineStats } from "./engine";

const names = {
  running: ["vllm:num_requests_running"],
  waiting: ["vllm:num_requests_waiting"],
  // The second name is that of releases before 0.10.
  kvCacheUsage: ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"],
} as const;

/** Counters that move when a token was generated, a prompt was read, or a request has ended. */
const counters = ["vllm:generation_tokens_total", "vllm:prompt_tokens_total", "vllm:request_success_total"];

/** Reads the figures that admission needs from vLLM's Prometheus text; series of several engines are added or averaged. */
export function parseVllmMetrics(text: string): EngineStats {
  const values = new Map<string, number[]>();
  for (const line of text.split("\n")) {
    const match = /^(vllm:[a-z_]+)(?:\{[^}]*\})?\s+(\S+)/.exec(line);
    if (!match) continue;
    const value = Number(match[2]);
    if (Number.isFinite(value)) values.set(match[1]!, [...(values.get(match[1]!) ?? []), value]);
  }
  const series = (candidates: readonly string[]) =>
    candidates.map((name) => values.get(name)).find((found) => found !== undefined) ?? [];
  const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
  const kv = series(names.kvCacheUsage);
  const kvCacheUsage = kv.length === 0 ? 0 : Math.min(1, Math.max(0, sum(kv) / kv.length));
  return {
    // A long prompt is read in parts; each takes room in the cache.
    progress: kvCacheUsage + sum(counters.map((name) => sum(values.get(name) ?? []))),
    running: sum(series(names.running)),
    waiting: sum(series(names.waiting)),
    kvCacheUsage,
  };
}
