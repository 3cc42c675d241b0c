/**
 * Prometheus series that the inference host exposes and the metrics agent reads on the same node.
 * Gauges unless said otherwise; units in the name, as Prometheus asks.
 */
export const inferenceSeries = {
  /** 1 when the model has answered its probe and the host accepts work. */
  ready: "inference_host_ready",
  /** 1 while the host is draining. */
  draining: "inference_host_draining",
  /** Requests accepted and waiting for a slot. */
  queueDepth: "inference_host_queue_depth",
  /** Requests that the engine is working on. */
  running: "inference_host_requests_running",
  /** 0-1; share of the KV cache in use. */
  kvCacheUsage: "inference_host_kv_cache_usage_ratio",
  /** 1 when the engine takes its GPU memory at start whatever the load (vLLM), so that framebuffer used says nothing. */
  preallocates: "inference_host_engine_preallocates_memory",
  /** Histogram: seconds from admission to the last byte. */
  requestDuration: "inference_host_request_duration_seconds",
  /** Histogram: seconds from admission to the first token. */
  timeToFirstToken: "inference_host_time_to_first_token_seconds",
  /** Histogram: seconds between two tokens of a stream. */
  interTokenLatency: "inference_host_inter_token_latency_seconds",
  /** Counter, label `kind` = prompt | completion. */
  tokens: "inference_host_tokens_total",
} as const;
