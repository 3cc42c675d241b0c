import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Prometheus metrics of one server. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Histogram({
      name: "kb_http_request_duration_seconds",
      help: "Time to answer a request, by route and status.",
      labelNames: ["method", "route", "status"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [registry],
    }),
    refused: new Counter({
      name: "kb_requests_refused_total",
      help: "Requests refused for their key or rate, by status.",
      labelNames: ["status"],
      registers: [registry],
    }),
    ready: new Gauge({ name: "kb_ready", help: "1 while the database answers.", registers: [registry] }),
    passages: new Gauge({
      name: "kb_passages",
      help: "Passages of the answering generation, all worlds.",
      registers: [registry],
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
