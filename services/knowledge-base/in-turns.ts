import { setImmediate as nextTurn } from "node:timers/promises";

/** Maps a list, and lets the event loop turn after every few: a long list must not keep others waiting. */
export async function mapInTurns<T, R>(list: readonly T[], map: (one: T, at: number) => R, perTurn = 16): Promise<R[]> {
  const out: R[] = [];
  for (const [at, one] of list.entries()) {
    out.push(map(one, at));
    if (at % perTurn === perTurn - 1) await nextTurn();
  }
  return out;
}
