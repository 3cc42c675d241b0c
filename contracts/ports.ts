/** TCP ports that two parties must agree on. Loopback ports are never in a security group. */
export const ports = {
  /** The inference host's API, reached by the tier's internal load balancer. */
  inferenceHost: 8000,
  /** Adapter load and unload, for the operator; loopback only. */
  inferenceHostOperator: 8001,
  /** vLLM's own HTTP server; loopback only. */
  vllm: 8100,
  /** dcgm-exporter, where it runs; loopback only. */
  dcgmExporter: 9400,
  /** The metrics agent's /metrics and /healthz; loopback only. */
  gpuMetrics: 9401,
  postgres: 5432,
  valkey: 6379,
} as const;

/** Ports at which the internal load balancer of the GPU nodes listens, one for each tier. */
export const tierListenerPorts = { gold: 8010, silver: 8020 } as const;
