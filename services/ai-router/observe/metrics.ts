import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { History } from "../memory/history";
import type { Tier } from "../routing/tier";

/** Prometheus metrics of one router, beside those of every service. */
export function createMetrics(registry: Registry, tiers: readonly Tier[], history: History | undefined) {
  const registers = [registry];
  const perTier = (name: string, help: string, value: (tier: Tier) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["tier"],
      registers,
      collect() {
        for (const tier of tiers) this.set({ tier: tier.tier }, value(tier));
      },
    });
  perTier("ai_router_in_flight", "Requests that a tier is working on.", ({ inFlight }) => inFlight);
  perTier("ai_router_waiting", "Requests that wait for a tier without a node.", ({ waiting }) => waiting.count);
  perTier("ai_router_breaker_open", "1 while a tier's circuit breaker is not closed.", ({ breaker }) =>
    breaker.state === "closed" ? 0 : 1,
  );
  new Gauge({
    name: "ai_router_history_waiting",
    help: "Turns that wait to be written to the database.",
    registers,
    collect() {
      this.set(history?.waiting ?? 0);
    },
  });
  new Gauge({
    name: "ai_router_history_dropped",
    help: "Turns that found no room to wait in, since the start.",
    registers,
    collect() {
      this.set(history?.dropped ?? 0);
    },
  });
  return {
    requests: new Histogram({
      name: "ai_router_request_duration_seconds",
      help: "From the request to the last byte, by what asked, the tier that answered and the status.",
      labelNames: ["route", "tier", "status"],
      buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    tokens: new Counter({
      name: "ai_router_tokens_total",
      help: "Tokens by kind: prompt or completion.",
      labelNames: ["kind"],
      registers,
    }),
    spilled: new Counter({
      name: "ai_router_spilled_total",
      help: "Requests that another tier answered than the one that their budget asks for.",
      labelNames: ["from", "to"],
      registers,
    }),
    limited: new Counter({
      name: "ai_router_limited_total",
      help: "Requests refused because a key's limit was reached: requests or tokens.",
      labelNames: ["limit"],
      registers,
    }),
  };
}

export type RouterMetrics = ReturnType<typeof createMetrics>;
