import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Prometheus metrics of one service. */
export interface ServiceMetrics {
  /** Of the service; its own metrics go here too. */
  readonly registry: Registry;
  readonly requests: Histogram<"method" | "route" | "status">;
  readonly refused: Counter<"problem">;
  readonly ready: Gauge;
  readonly outboxWaiting: Gauge;
  readonly published: Counter;
  readonly heard: Counter<"type" | "outcome">;
  readonly brokenAnswers: Counter<"route">;
}

/** @param ownProcess Whether the process is the service's alone, so that memory and processor time are its own too. */
export function createMetrics(ownProcess: boolean): ServiceMetrics {
  const registry = new Registry();
  if (ownProcess) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Histogram({
      name: "http_request_duration_seconds",
      help: "Time to answer a request, by route and status.",
      labelNames: ["method", "route", "status"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    refused: new Counter({
      name: "requests_refused_total",
      help: "Requests answered with a problem, by its type.",
      labelNames: ["problem"],
      registers,
    }),
    ready: new Gauge({
      name: "ready",
      help: "1 while the service takes requests and its database answers.",
      registers,
    }),
    outboxWaiting: new Gauge({ name: "outbox_waiting", help: "Events that wait to be published.", registers }),
    published: new Counter({ name: "events_published_total", help: "Events published.", registers }),
    heard: new Counter({
      name: "events_heard_total",
      help: "Events heard, by type and by what came of them.",
      labelNames: ["type", "outcome"],
      registers,
    }),
    brokenAnswers: new Counter({
      name: "answers_against_contract_total",
      help: "Answers that did not fit the contract.",
      labelNames: ["route"],
      registers,
    }),
  };
}
