import assert from "node:assert/strict";
import { generateDemand, type PresetName, presets } from "./generators";

const players = (name: PresetName, options = {}) => [...generateDemand(name, options).players!];
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("generated demand", () => {
  it("repeats with a seed, differs with another, and keeps to the days asked for", () => {
    for (const name of Object.keys(presets) as PresetName[]) {
      assert.deepEqual(players(name, { seed: 3, days: 2 }), players(name, { seed: 3, days: 2 }));
      assert.equal(players(name, { days: 2 }).length, 2 * 1440);
    }
    assert.notDeepEqual(players("bursts", { seed: 3 }), players("bursts", { seed: 4 }));
  });

  it("has the day that players were seen to have: 0.67 to 1.29 of the mean", () => {
    const weekday = players("daily", { days: 5 });
    const ratio = (hour: number) =>
      mean(weekday.filter((_, minute) => Math.floor(minute / 60) % 24 === hour)) / mean(weekday);
    assert.ok(Math.abs(Math.max(...Array.from({ length: 24 }, (_, hour) => ratio(hour))) - 1.31) < 0.05);
    assert.ok(Math.abs(Math.min(...Array.from({ length: 24 }, (_, hour) => ratio(hour))) - 0.69) < 0.05);
  });

  it("grows in 15 minutes by 4 to 9 % at most in 99 of 100 cases on an ordinary day", () => {
    const series = players("daily");
    const growth = series.slice(15).map((value, index) => value / series[index]! - 1);
    const p99 = growth.sort((a, b) => a - b)[Math.floor(growth.length * 0.99)]!;
    assert.ok(p99 > 0.04 && p99 < 0.09, `${p99}`);
  });

  it("drops 94 % and comes back about 17-fold within 15 minutes after an update", () => {
    const series = players("reconnect", { days: 1 });
    const at = (hour: number, minute: number) => series[hour * 60 + minute]!;
    assert.ok(at(11, 31) / at(11, 29) < 0.07);
    assert.ok(at(12, 6) / at(11, 49) > 14);
  });

  it("jumps by 41 to 223 % within ten minutes in bursts", () => {
    const [calm, bursts] = [players("daily"), players("bursts")];
    const most = Math.max(...bursts.map((value, index) => value / calm[index]!));
    assert.ok(most > 1.6, `${most}`);
  });

  it("brings 60 times as many players within two hours on launch day", () => {
    const series = players("launch");
    assert.ok(series[20 * 60]! / series[17 * 60]! > 50);
  });
});
