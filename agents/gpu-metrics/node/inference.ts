import { inferenceSeries } from "../../../contracts/inference-metrics";
import { parsePrometheus } from "../../../runtime/prometheus";
import type { Histogram } from "./histogram";

/** What the inference host on this node says of itself. */
export interface InferenceState {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly queueDepth: number | undefined;
  readonly running: number | undefined;
  /** 0-100 */
  readonly kvCacheUsed: number | undefined;
  /** Undefined where the host does not say. */
  readonly preallocates: boolean | undefined;
  /** Tokens of answers since the host started. */
  readonly completionTokens: number;
  /** Seconds from admission to the last byte, over all labels. */
  readonly duration: Histogram;
}

const durationBucket = `${inferenceSeries.requestDuration}_bucket`;
const wanted: ReadonlySet<string> = new Set([
  inferenceSeries.ready,
  inferenceSeries.draining,
  inferenceSeries.queueDepth,
  inferenceSeries.running,
  inferenceSeries.kvCacheUsage,
  inferenceSeries.preallocates,
  inferenceSeries.tokens,
  durationBucket,
]);

/** Reads the inference host's /metrics. Series with labels are summed up; a host that says nothing of readiness is not ready. */
export function readInference(text: string): InferenceState {
  const sums = new Map<string, number>();
  const duration = new Map<number, number>();
  for (const { name, labels, value } of parsePrometheus(text, (name) => wanted.has(name))) {
    if (Number.isNaN(value)) continue;
    if (name === inferenceSeries.tokens && labels.kind !== "completion") continue;
    if (name === durationBucket) {
      const bound = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
      if (!Number.isNaN(bound)) duration.set(bound, (duration.get(bound) ?? 0) + value);
    } else sums.set(name, (sums.get(name) ?? 0) + value);
  }
  const kv = sums.get(inferenceSeries.kvCacheUsage);
  const preallocates = sums.get(inferenceSeries.preallocates);
  return {
    ready: (sums.get(inferenceSeries.ready) ?? 0) > 0,
    draining: (sums.get(inferenceSeries.draining) ?? 0) > 0,
    queueDepth: sums.get(inferenceSeries.queueDepth),
    running: sums.get(inferenceSeries.running),
    kvCacheUsed: kv === undefined ? undefined : Math.min(100, Math.max(0, kv * 100)),
    preallocates: preallocates === undefined ? undefined : preallocates > 0,
    completionTokens: sums.get(inferenceSeries.tokens) ?? 0,
    duration,
  };
}

/**
 * Memory pressure of the node, 0-100. An engine that takes its memory at start makes framebuffer used constant, so the share of
 * the KV cache in use counts; framebuffer used counts only where the engine says that it does not preallocate, or where there
 * is no engine to ask.
 */
export function memoryPressure(
  state: Pick<InferenceState, "kvCacheUsed" | "preallocates"> | undefined,
  framebufferUsed: number | undefined,
): number | undefined {
  if (state === undefined || state.preallocates === false) return framebufferUsed;
  return state.kvCacheUsed;
}
