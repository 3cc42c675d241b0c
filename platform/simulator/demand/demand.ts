import type { GpuTier } from "../../../contracts/archetypes";

/** Requests of one tier over time. */
export interface DemandSeries {
  /** Seconds that one value stands for. */
  readonly intervalSeconds: number;
  /** Mean requests a second in each interval. */
  readonly rate: Float64Array;
  /** True when the counts are recorded: they are replayed as they are, without random arrivals around them. */
  readonly exact: boolean;
  /** Tokens of the mean request, where the trace tells. */
  readonly tokens?: { readonly input: number; readonly output: number };
}

/** What is asked of both tiers, from the first second to the last. */
export interface Demand {
  readonly name: string;
  /** One sentence: where it comes from. */
  readonly about: string;
  readonly durationSeconds: number;
  /** Moment of the first second; schedules and the hour of the week follow from it. */
  readonly start: Date;
  readonly tiers: Readonly<Record<GpuTier, DemandSeries>>;
  /** Players connected, per interval of the gold series, where the demand comes from players. */
  readonly players?: Float64Array;
}

/** Mean requests a second at a moment of the run. */
export function rateAt(series: DemandSeries, seconds: number): number {
  const index = Math.min(series.rate.length - 1, Math.floor(seconds / series.intervalSeconds));
  return series.rate[index] ?? 0;
}

/** The moment at which runs begin unless a trace says otherwise: a Monday, midnight UTC. */
export const defaultStart = new Date("2026-01-05T00:00:00Z");
