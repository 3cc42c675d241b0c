/** HTTP paths that load balancers, container health checks and scrapers ask for. */
export const healthPaths = {
  inferenceHost: { live: "/health", ready: "/ready", metrics: "/metrics" },
  gpuMetrics: { live: "/healthz", metrics: "/metrics" },
  knowledgeBase: { live: "/health", ready: "/ready", metrics: "/metrics" },
  aiRouter: { live: "/health", ready: "/ready", metrics: "/metrics" },
} as const;
