import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { inferenceSeries } from "../../contracts/inference-metrics";
import { IntervalHistogram } from "./interval-histogram";

/** What is read at the moment of a scrape. */
export interface MetricSources {
  readonly ready: () => boolean;
  readonly draining: () => boolean;
  readonly deprioritised: () => boolean;
  readonly engineUp: () => boolean;
  readonly preallocates: () => boolean;
  readonly kvCacheUsage: () => number;
  readonly queued: () => number;
  readonly running: () => number;
  readonly queuedIn: (lane: string) => number;
  readonly runningIn: (lane: string) => number;
  readonly lanes: () => readonly string[];
  readonly adapters: () => { readonly gpu: number; readonly cpu: number; readonly leaked: number };
  readonly engineRestarts: () => number;
}

/** How a request ended, for the counter of requests. */
export type Outcome = "ok" | "refused" | "failed" | "cancelled" | "invalid";

const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
const tokenBuckets = [0.001, 0.0025, 0.005, 0.009, 0.016, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2];

/** The host's Prometheus series. Names that other programs read stand in contracts/inference-metrics.ts. */
export class HostMetrics {
  readonly registry = new Registry();
  readonly #requests: Counter<"archetype" | "outcome">;
  readonly #duration: Histogram<"archetype">;
  readonly #firstToken: Histogram<"archetype">;
  readonly #interToken: IntervalHistogram;
  readonly #wait: Histogram<"archetype">;
  readonly #tokens: Counter<"kind" | "archetype">;
  readonly #fallbacks: Counter<"archetype">;

  constructor(sources: MetricSources) {
    const registers = [this.registry];
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge(inferenceSeries.ready, "1 when the model has answered its probe and the host accepts work", () =>
      Number(sources.ready()),
    );
    gauge(inferenceSeries.draining, "1 while the host is draining", () => Number(sources.draining()));
    gauge(inferenceSeries.queueDepth, "requests accepted and waiting for a slot", sources.queued);
    gauge(inferenceSeries.running, "requests that the engine is working on", sources.running);
    gauge(inferenceSeries.kvCacheUsage, "share of the KV cache in use, 0 to 1", sources.kvCacheUsage);
    gauge(inferenceSeries.preallocates, "1 when the engine takes its GPU memory at start", () =>
      Number(sources.preallocates()),
    );
    gauge("inference_host_deprioritised", "1 after a rebalance recommendation", () => Number(sources.deprioritised()));
    gauge("inference_host_engine_up", "1 while the engine answers", () => Number(sources.engineUp()));
    gauge("inference_host_engine_restarts", "times that the engine had to come back", sources.engineRestarts);
    gauge("inference_host_adapters_gpu", "adapters on the GPU", () => sources.adapters().gpu);
    gauge("inference_host_adapters_cpu", "adapters that the engine holds in CPU memory", () => sources.adapters().cpu);
    gauge(
      "inference_host_adapters_leaked",
      "unloaded adapters that still take room in the engine",
      () => sources.adapters().leaked,
    );
    const perArchetype = (name: string, help: string, read: (lane: string) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ["archetype"],
        registers,
        collect() {
          for (const lane of sources.lanes()) this.set({ archetype: lane }, read(lane));
        },
      });
    perArchetype(
      "inference_host_archetype_queue_depth",
      "requests of an archetype that wait for a slot",
      sources.queuedIn,
    );
    perArchetype(
      "inference_host_archetype_running",
      "requests of an archetype that the engine is working on",
      sources.runningIn,
    );
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, labelNames: ["archetype"], buckets, registers });
    this.#duration = histogram(
      inferenceSeries.requestDuration,
      "seconds from admission to the last byte",
      durationBuckets,
    );
    this.#firstToken = histogram(
      inferenceSeries.timeToFirstToken,
      "seconds from admission to the first token",
      durationBuckets,
    );
    this.#interToken = new IntervalHistogram(
      inferenceSeries.interTokenLatency,
      "seconds between two tokens of a stream",
      "archetype",
      tokenBuckets,
      this.registry,
    );
    this.#wait = histogram(
      "inference_host_queue_wait_seconds",
      "seconds that a request waited for its slot",
      durationBuckets,
    );
    this.#tokens = new Counter({
      name: inferenceSeries.tokens,
      help: "tokens by kind",
      labelNames: ["kind", "archetype"],
      registers,
    });
    this.#requests = new Counter({
      name: "inference_host_requests_total",
      help: "requests by outcome",
      labelNames: ["archetype", "outcome"],
      registers,
    });
    this.#fallbacks = new Counter({
      name: "inference_host_fallbacks_total",
      help: "requests that the base model answered in place of an adapter",
      labelNames: ["archetype"],
      registers,
    });
    collectDefaultMetrics({ register: this.registry });
  }

  waited(archetype: string, seconds: number): void {
    this.#wait.observe({ archetype }, seconds);
  }

  firstToken(archetype: string, seconds: number): void {
    this.#firstToken.observe({ archetype }, seconds);
  }

  /** What is told the seconds between two tokens of a stream. */
  interToken(archetype: string): (seconds: number) => void {
    return this.#interToken.observer(archetype);
  }

  tokens(archetype: string, prompt: number, completion: number): void {
    if (prompt > 0) this.#tokens.inc({ kind: "prompt", archetype }, prompt);
    if (completion > 0) this.#tokens.inc({ kind: "completion", archetype }, completion);
  }

  finished(archetype: string, outcome: Outcome, seconds: number): void {
    this.#requests.inc({ archetype, outcome });
    if (outcome === "ok") this.#duration.observe({ archetype }, seconds);
  }

  fellBack(archetype: string): void {
    this.#fallbacks.inc({ archetype });
  }
}
