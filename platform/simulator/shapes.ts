import { defaultWorkload } from "../../catalog/workload";
import { type Demand, defaultStart } from "./demand/demand";
import { generateDemand, type PresetName, playerDemand } from "./demand/generators";
import traces from "./demand/traces.generated.json";

/** How one shape is varied. */
export interface Variation {
  readonly seed: number;
  /** Hours by which it begins later, 0-24. */
  readonly shiftHours: number;
  /** Factor on its height. */
  readonly height: number;
}

/** A demand that declared policies are held to. */
export interface Shape {
  readonly name: string;
  readonly demand: (variation: Variation) => Demand;
}

const preset = (name: PresetName, players: number, days: number): Shape => ({
  name,
  demand: ({ seed, shiftHours, height }) => generateDemand(name, { players: players * height, days, seed, shiftHours }),
});

type TraceName = keyof typeof traces;

/** A recorded rate, turned by the shift, its peak at so many players. */
const recorded = (name: TraceName, players: number): Shape => ({
  name,
  demand: ({ shiftHours, height }) => {
    const { source, intervalSeconds, share } = traces[name];
    const offset = share.length - Math.round(((shiftHours * 3600) / intervalSeconds) % share.length);
    const turned = share.map((_, index) => share[(index + offset) % share.length]! * players * height);
    const demand = playerDemand(
      name,
      source,
      Float64Array.from(turned),
      intervalSeconds,
      defaultStart,
      defaultWorkload,
    );
    // Counts of a minute hold the unevenness that they were recorded with.
    if (intervalSeconds > 60) return demand;
    const tiers = { gold: { ...demand.tiers.gold, exact: true }, silver: { ...demand.tiers.silver, exact: true } };
    return { ...demand, tiers };
  },
});

/**
 * The shapes of the bar. Their heights fill the groups to about three quarters at the most, so that 30 % more still fits; a game's two
 * weeks are the daily curve, which is fitted to eight weeks of a real game's players.
 */
export const shapes: readonly Shape[] = [
  preset("evening", 5000, 7),
  preset("daily", 8000, 7),
  preset("launch", 3000, 3),
  preset("bursts", 2800, 7),
  preset("reconnect", 8000, 3),
  preset("surge", 9500, 0.25),
  { ...preset("daily", 8000, 14), name: "two weeks of players" },
  recorded("servegen-small", 9500),
  recorded("servegen-mid", 9500),
  recorded("servegen-large", 9500),
  recorded("azure-conv", 9500),
  recorded("azure-code", 9500),
  recorded("mooncake", 9500),
];
