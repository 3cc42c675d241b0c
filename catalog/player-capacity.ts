/** GPU nodes that a band of concurrent players needs, lowest to highest, from the product's sizing table. */
export interface PlayerBand {
  /** Concurrent players, from (exclusive, but for the first band) to (inclusive). */
  readonly players: readonly [number, number];
  readonly gold: readonly [number, number];
  readonly silver: readonly [number, number];
}

/** The product's sizing table. The async tier that it also names is not part of this platform. */
export const playerBands: readonly PlayerBand[] = [
  { players: [0, 100], gold: [1, 1], silver: [1, 1] },
  { players: [100, 500], gold: [2, 3], silver: [1, 2] },
  { players: [500, 1_000], gold: [5, 10], silver: [3, 5] },
  { players: [1_000, 5_000], gold: [10, 25], silver: [5, 15] },
  { players: [5_000, 10_000], gold: [25, 50], silver: [15, 30] },
];

export interface GpuCounts {
  readonly band: PlayerBand;
  readonly gold: number;
  readonly silver: number;
}

/**
 * GPU nodes for a number of concurrent players: linear inside the band, rounded up.
 * @returns undefined above the table's last band or below zero.
 */
export function gpusForPlayers(players: number): GpuCounts | undefined {
  const band = players < 0 ? undefined : playerBands.find(({ players: [, to] }) => players <= to);
  if (band === undefined) return undefined;
  const [from, to] = band.players;
  const share = (players - from) / (to - from);
  const within = ([low, high]: readonly [number, number]) => Math.ceil(low + share * (high - low));
  return { band, gold: within(band.gold), silver: within(band.silver) };
}
