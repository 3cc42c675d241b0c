import type { ServingModel } from "../../catalog/serving-model";
import type { TierWorkload } from "./workload";

/**
 * One node in steady state: which batch a rate of requests leads to, and what that batch means for latency, GPU duty and KV
 * cache. The GPU is shared in time between prefill and decode, so a request costs `prefill + tokens x ITL(batch) / batch`
 * seconds of it, and the batch is the one at which that cost equals the time between two requests.
 */
export class NodeModel {
  /** Requests in one batch at most: the engine's limit or what the KV cache holds. */
  readonly maxBatch: number;
  /** Requests a second that a node can take. */
  readonly maxRate: number;
  /** Requests a second at which a node still keeps the inter-token latency it promises. */
  readonly sloRate: number;
  readonly #prefill: number;
  readonly #a: number;
  readonly #b: number;
  readonly #tokens: number;
  readonly #kvShare: number;

  constructor(
    readonly serving: ServingModel,
    workload: TierWorkload,
  ) {
    this.#a = serving.itlBaseMs / 1000;
    this.#b = serving.itlPerSequenceMs / 1000;
    this.#tokens = workload.outputTokens;
    this.#prefill = (workload.inputTokens * (1 - workload.cachedInputShare)) / serving.prefillTokensPerSecond;
    const tokensHeld = workload.inputTokens + workload.outputTokens / 2;
    this.#kvShare = tokensHeld / serving.kvTokens;
    this.maxBatch = Math.max(1, Math.min(serving.maxSequences, serving.kvTokens / tokensHeld));
    this.maxRate = this.rateAt(this.maxBatch);
    const sloBatch = (workload.slo.itlMs / 1000 - this.#a) / this.#b;
    this.sloRate = sloBatch < 1 ? this.rateAt(1) : this.rateAt(Math.min(this.maxBatch, sloBatch));
  }

  /** Requests a second that a constant batch completes. */
  rateAt(batch: number): number {
    return 1 / (this.#prefill + (this.#tokens * (this.#a + this.#b * batch)) / batch);
  }

  /** Mean batch that a rate of requests leads to, at most the largest one. */
  batchAt(rate: number): number {
    if (rate <= 0) return 0;
    const left = 1 / rate - this.#prefill - this.#tokens * this.#b;
    const batch = left <= 0 ? this.maxBatch : (this.#tokens * this.#a) / left;
    return Math.min(batch, this.maxBatch);
  }

  /** Milliseconds between two tokens at a batch. */
  itlMs(batch: number): number {
    return (this.#a + this.#b * Math.max(1, batch)) * 1000;
  }

  /** Milliseconds from admission to the first token: the prefill, slowed by the share of time that other prefills take. */
  firstTokenMs(batch: number, rate: number): number {
    const others = Math.min(0.8, rate * this.#prefill);
    return (this.#prefill / (1 - others)) * 1000 + this.itlMs(batch);
  }

  /** Milliseconds from admission to the last token. */
  serviceMs(batch: number, rate: number): number {
    return this.firstTokenMs(batch, rate) + (this.#tokens - 1) * this.itlMs(batch);
  }

  /**
   * GPU utilisation in percent as NVML counts it: the share of time in which any kernel runs. With requests that come
   * independently the node is idle with probability e^-batch, so one stream alone shows 63 % and three show 95 %.
   */
  utilization(batch: number): number {
    return 100 * (1 - Math.exp(-batch));
  }

  /** KV cache in use, percent. */
  kvUsage(batch: number): number {
    return Math.min(100, 100 * batch * this.#kvShare);
  }
}

/**
 * Mean number of requests that wait although capacity suffices, because arrivals come unevenly: Sakasegawa's approximation for
 * many servers (Annals of the Institute of Statistical Mathematics 29, 1977), with Poisson arrivals.
 * @param slots Requests that can be worked on at once. @param load Share of capacity in use, 0-1.
 */
export function waitingByChance(slots: number, load: number): number {
  if (load < 0.7) return 0;
  const capped = Math.min(load, 0.99);
  return capped ** Math.sqrt(2 * (slots + 1)) / (1 - capped);
}
