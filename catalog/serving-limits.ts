import type { BaseModelName } from "./gpu-models";
import { tierDefaults } from "./gpu-tiers";
import type { InstanceTypeName } from "./instance-types";
import { type ServingSpeed, servingSpeed } from "./serving-model";

/** Milliseconds of silence that say nothing yet: a pause of the scheduler, graphs that are captured. */
export const leastSilenceMs = 5_000;

/**
 * Milliseconds without a token after which an engine that has work counts as hung: twice the time that it reads its longest prompt in,
 * since that is the longest silence of a healthy one.
 * @param prefillMs Milliseconds that it takes for the longest prompt in flight
 */
export function stallLimitMs(prefillMs: number, leastMs: number = leastSilenceMs): number {
  return Math.max(leastMs, 2 * prefillMs);
}

/** The speed of the slowest of some instance types; types without a GPU do not count. */
export function slowestSpeed(model: BaseModelName, instanceTypes: readonly string[]): ServingSpeed {
  const speeds = instanceTypes.flatMap((type) => servingSpeed(type as InstanceTypeName, model) ?? []);
  return speeds.reduce((slowest, speed) => (speed.itlBaseMs > slowest.itlBaseMs ? speed : slowest));
}

/** How long a tier's node may be silent before something is wrong with it. */
export interface TierLimits {
  /** Milliseconds until the first byte of a stream: the node's queue and the longest prompt. */
  readonly firstByteMs: number;
  /** Milliseconds between two bytes of an answer: longer than the node itself needs to notice a hung engine. */
  readonly idleMs: number;
  /** Milliseconds that the tier takes to read a prompt token. */
  readonly prefillMsPerToken: number;
  /** Milliseconds between two tokens of a full batch. */
  readonly tokenMs: number;
}

/**
 * The limits of a tier, from the catalogue's speed of the slowest of its instance types.
 * @param queueMs Milliseconds that a node lets a request wait
 * @param slowness How many times slower than the catalogue says the tier's nodes are
 */
export function tierLimits(tier: keyof typeof tierDefaults, queueMs: number, slowness = 1): TierLimits {
  const { engine, instanceTypes } = tierDefaults[tier];
  const speeds = instanceTypes.map((type) => servingSpeed(type, engine.model)!);
  const prefillMsPerToken = slowness * Math.max(...speeds.map((speed) => 1_000 / speed.prefillTokensPerSecond));
  const stallMs = stallLimitMs(prefillMsPerToken * engine.contextTokens, slowness * leastSilenceMs);
  const tokenMs = Math.max(
    ...speeds.map(({ itlBaseMs, itlPerSequenceMs }) => itlBaseMs + itlPerSequenceMs * engine.maxSequences),
  );
  return {
    firstByteMs: Math.ceil(queueMs + stallMs),
    idleMs: Math.ceil(2 * stallMs),
    prefillMsPerToken,
    tokenMs: slowness * tokenMs,
  };
}
