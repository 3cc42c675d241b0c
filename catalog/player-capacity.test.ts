import assert from "node:assert/strict";
import { gpusForPlayers, playerBands } from "./player-capacity";

describe("GPU nodes for players", () => {
  for (const [players, gold, silver] of [
    [0, 1, 1],
    [100, 1, 1],
    [101, 3, 2],
    [500, 3, 2],
    [750, 8, 4],
    [1_000, 10, 5],
    [1_001, 11, 6],
    [10_000, 50, 30],
  ] as const) {
    it(`gives ${gold} gold and ${silver} silver to ${players} players`, () => {
      const counts = gpusForPlayers(players);
      assert.deepEqual({ gold: counts?.gold, silver: counts?.silver }, { gold, silver });
    });
  }

  it("has no answer beyond the table", () => {
    assert.equal(gpusForPlayers(10_001), undefined);
    assert.equal(gpusForPlayers(-1), undefined);
  });

  it("never asks for fewer nodes when there are more players", () => {
    let before = { gold: 0, silver: 0 };
    for (let players = 0; players <= playerBands.at(-1)!.players[1]; players += 7) {
      const now = gpusForPlayers(players)!;
      assert.ok(now.gold >= before.gold && now.silver >= before.silver, `at ${players}`);
      before = now;
    }
  });
});
