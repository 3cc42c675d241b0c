import { defaultWorkload, type Workload } from "../../../catalog/workload";
import { Random } from "../random";
import { type Demand, defaultStart } from "./demand";

/** Seconds of one value of a generated demand. */
const interval = 60;
const day = 86_400;

export interface GeneratorOptions {
  /** Players at the peak of an ordinary day. @default 5000 */
  readonly players?: number;
  /** @default the preset's own */
  readonly days?: number;
  /** @default 1 */
  readonly seed?: number;
  /** Hours by which the shape begins later; one that repeats each day is turned. @default 0 */
  readonly shiftHours?: number;
  /** @default defaultWorkload */
  readonly workload?: Workload;
}

/** Players connected at a moment, as a share of the peak of an ordinary day. */
type Shape = (seconds: number, random: Random) => number;

/**
 * A day of players. Fitted to eight weeks of a public online game's player count (hour of day 0.67 to 1.29 of the mean, maximum
 * 1.45 of the mean over all weeks) and to the hourly curves of fifty others (median peak 1.9 of the mean): one harmonic, its peak
 * at 20 h UTC, weekends 12 % above.
 */
export function dailyCurve(seconds: number): number {
  const hour = (seconds / 3600) % 24;
  const weekday = Math.floor(seconds / day) % 7;
  return ((0.98 + 0.31 * Math.cos((2 * Math.PI * (hour - 20)) / 24)) / 1.29) * (weekday >= 5 ? 1.12 : 1);
}

/**
 * A walk around 1 that wanders by about 2 % in 15 minutes, so that its growth in 15 minutes stays below 4.5 % in 99 of 100
 * cases, as in the same player counts; it is drawn back within hours.
 */
function wander(random: Random): () => number {
  let log = 0;
  return () => {
    log = log * 0.995 + 0.005 * random.normal();
    return Math.exp(log);
  };
}

/** Launch day: 5 % of the players wait, 300 % come within two hours of the doors opening at 18 h, and half of them stay. */
function launchShape(seconds: number): number {
  const opened = seconds - 18 * 3600;
  if (opened < 0) return 0.05;
  const rush = Math.min(1, opened / 7200);
  const stay = 0.5 + 0.5 * Math.exp(-Math.max(0, opened - 7200) / (2 * day));
  return 0.05 + (3 * rush * stay * dailyCurve(seconds)) / dailyCurve(20 * 3600);
}

/**
 * A game update each day at 11:30: 94 % of the players drop out, and 20 minutes later they come back 17-fold within 15 minutes.
 * Both figures are the worst that the player counts above show.
 */
function reconnectShape(seconds: number): number {
  const since = (seconds % day) - 11.5 * 3600;
  const down = 20 * 60;
  if (since < 0 || since > down + 900) return dailyCurve(seconds);
  if (since < down) return 0.06 * dailyCurve(seconds);
  return dailyCurve(seconds) * (0.06 + 0.94 * ((since - down) / 900));
}

/**
 * Events that make load jump: about eight a day, each 41 to 223 % on top within ten minutes, over after 20 to 60. The sizes are
 * the 99th percentile and the maximum of ten-minute growth in ServeGen's 14 days of production traffic.
 */
function burstShape(seed: number, days: number): Shape {
  const random = new Random(seed).fork("bursts");
  const events: { start: number; size: number; length: number }[] = [];
  for (let at = random.exponential(day / 8); at < days * day; at += random.exponential(day / 8)) {
    events.push({ start: at, size: random.triangular(0.41, 0.6, 2.23), length: 1200 + 2400 * random.next() });
  }
  return (seconds) => {
    let extra = 0;
    for (const { start, size, length } of events) {
      const since = seconds - start;
      if (since < 0 || since > length + 600) continue;
      extra += size * Math.min(1, since / 600, (length + 600 - since) / 600);
    }
    return dailyCurve(seconds) * (1 + extra);
  };
}

/** A test region: an hour of play each evening, nobody else. */
function eveningShape(seconds: number): number {
  const hour = (seconds / 3600) % 24;
  return hour >= 19 && hour < 20.5 ? 0.2 : 0;
}

interface Preset {
  readonly about: string;
  readonly days: number;
  readonly shape: (seed: number, days: number) => Shape;
  /** False for shapes that are exact by purpose. @default true */
  readonly wanders?: boolean;
  /** True where the shape happens once. @default false */
  readonly once?: boolean;
}

/** Demand shapes that need no file. */
export const presets = {
  daily: { about: "a week of an established game: daily curve, fuller weekends", days: 7, shape: () => dailyCurve },
  launch: {
    about: "launch day: 60-fold within two hours, half of it stays",
    days: 3,
    shape: () => launchShape,
    once: true,
  },
  reconnect: {
    about: "a game update a day: 94 % of players drop out and come back 17-fold within 15 minutes",
    days: 3,
    shape: () => reconnectShape,
  },
  bursts: { about: "daily curve with about eight sudden jumps of 41 to 223 % a day", days: 7, shape: burstShape },
  evening: { about: "90 minutes of a few players each evening, nobody else", days: 7, shape: () => eveningShape },
  flat: { about: "the same number of players at all times", days: 1, shape: () => () => 1, wanders: false },
  ramp: {
    about: "from nobody to the peak within two hours, then flat",
    days: 1,
    shape: () => (seconds) => Math.min(1, seconds / 7200),
    wanders: false,
    once: true,
  },
  surge: {
    about: "from a fiftieth of the peak to all of it within 30 minutes, flat for an hour and a half, then back as fast",
    days: 0.25,
    shape: () => (seconds) => Math.max(0.02, Math.min(1, (seconds - 1800) / 1800, (10_800 - seconds) / 1800)),
    wanders: false,
    once: true,
  },
} as const satisfies Record<string, Preset>;
export type PresetName = keyof typeof presets;

/** True for the name of a preset. */
export const isPreset = (name: string): name is PresetName => Object.hasOwn(presets, name);

/** The demand of a preset. The same options give the same demand. */
export function generateDemand(name: PresetName, options: GeneratorOptions = {}): Demand {
  const preset: Preset = presets[name];
  const { players = 5000, seed = 1, shiftHours = 0, workload = defaultWorkload } = options;
  const days = (options.days ?? preset.days) + (preset.once ? shiftHours / 24 : 0);
  const shift = preset.once ? -shiftHours * 3600 : ((24 - shiftHours) % 24) * 3600;
  const shape = preset.shape(seed, days + 1);
  const random = new Random(seed).fork(name);
  const drift = preset.wanders === false ? () => 1 : wander(random);
  const count = Math.ceil((days * day) / interval);
  const connected = Float64Array.from({ length: count }, (_, index) => {
    return Math.max(0, players * shape(Math.max(0, index * interval + shift), random) * drift());
  });
  return playerDemand(name, preset.about, connected, interval, defaultStart, workload);
}

/** Turns connected players into requests of both tiers. */
export function playerDemand(
  name: string,
  about: string,
  players: Float64Array,
  intervalSeconds: number,
  start: Date,
  workload: Workload,
): Demand {
  const tier = (requestsPerPlayerMinute: number) => ({
    intervalSeconds,
    rate: players.map((count) => (count * requestsPerPlayerMinute) / 60),
    exact: false,
  });
  return {
    name,
    about,
    durationSeconds: players.length * intervalSeconds,
    start,
    players,
    tiers: {
      gold: tier(workload.gold.requestsPerPlayerMinute),
      silver: tier(workload.silver.requestsPerPlayerMinute),
    },
  };
}
