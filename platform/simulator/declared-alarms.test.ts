import assert from "node:assert/strict";
import { allAlarms, essentialAlarms, objectives } from "../../contracts/alarms/all";
import type { AlarmDefinition, Example } from "../../contracts/alarms/definition";
import { budgetSpent, burnRateAlarms, burnRates, type Objective } from "../../contracts/alarms/objectives";
import { watchedEverything } from "../../contracts/alarms/testing/watched";
import { InputError } from "../../contracts/input-error";
import { Alarm, type AlarmState } from "./alarm";
import { compileMath } from "./metric-math";

/** The state of an alarm after the datapoints of an example. */
function stateAfter(definition: AlarmDefinition<string>, example: Example): AlarmState {
  const { series, periods, datapoints, comparison, threshold, missing } = definition;
  const ids = series.map(({ id }) => id);
  assert.deepEqual(Object.keys(example).sort(), [...ids].sort(), "an example gives each series and no other");
  const value = compileMath(definition.expression ?? ids[0]!, ids);
  const alarm = new Alarm({
    comparison,
    threshold,
    evaluationPeriods: periods,
    datapointsToAlarm: datapoints ?? periods,
    treatMissingData: missing,
  });
  const length = Math.max(...Object.values(example).map((values) => values.length));
  for (let at = 0; at < length; at++) {
    alarm.observe(value(new Map(ids.map((id) => [id, example[id]![at] ?? Number.NaN]))));
  }
  return alarm.state;
}

describe("declared alarms", () => {
  const { alarms, composites } = allAlarms(watchedEverything);

  for (const definition of alarms) {
    it(`${definition.id} fires on what it is for and on nothing near it`, () => {
      assert.equal(stateAfter(definition, definition.fires), "ALARM");
      for (const example of definition.quiet) {
        assert.notEqual(stateAfter(definition, example), "ALARM", JSON.stringify(example));
      }
    });
  }

  it("have ids of their own, and composites that read alarms which exist and tell nobody themselves", () => {
    const ids = [...alarms, ...composites].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const silent = new Set(alarms.filter(({ severity }) => severity === undefined).map(({ id }) => id));
    const read = composites.flatMap(({ anyOf }) => anyOf.flat());
    assert.deepEqual([...new Set(read)].sort(), [...silent].sort());
    for (const { suppressedBy } of composites) assert.ok(suppressedBy === undefined || ids.includes(suppressedBy));
  });

  it("are at most ten in an environment that wants the essential ones", () => {
    const { alarms: few, composites: none } = essentialAlarms(watchedEverything);
    assert.deepEqual(
      few.map(({ id }) => id),
      ["edge-rejected", "database-silent", "database-storage", "database-transaction-ids", "gold-empty"],
    );
    assert.deepEqual(none, []);
  });

  it("leave out the suppressor that an environment does not have", () => {
    const { composites: without } = allAlarms({ ...watchedEverything, database: undefined });
    assert.equal(without.find(({ id }) => id === "edge-errors-page")?.suppressedBy, undefined);
    assert.equal(composites.find(({ id }) => id === "edge-errors-page")?.suppressedBy, "database-silent");
  });
});

describe("error budgets", () => {
  const [edge] = objectives(watchedEverything) as [Objective<string>];

  /** Minutes of steady traffic after which a composite fires when from then on a share of requests fails. */
  function minutesUntil(share: number, target: number, severity: "page" | "ticket"): number | undefined {
    const { alarms, composites } = burnRateAlarms({ ...edge, target }, "test");
    const { anyOf } = composites.find((one) => one.severity === severity)!;
    const byId = new Map(alarms.map((alarm) => [alarm.id, alarm]));
    const aMinute = 1_000;
    for (let minute = 1; minute <= 3 * 24 * 60; minute++) {
      const breaches = (id: string): boolean => {
        const alarm = byId.get(id)!;
        const window = alarm.periodSeconds / 60;
        const bad = Math.min(minute, window) * aMinute * share;
        return stateAfter(alarm, { requests: [window * aMinute], own: [0], targets: [bad] }) === "ALARM";
      };
      if (anyOf.some((ids) => ids.every(breaches))) return minute;
    }
    return undefined;
  }

  it("spend what the workbook says when a pair fires: 2, 5, 10 and 10 %", () => {
    assert.deepEqual(
      burnRates.map((pair) => Math.round(100 * budgetSpent(pair))),
      [2, 5, 10, 10],
    );
  });

  it("page within a minute of a full outage at 99.9 %: 60 x 14.4 x 0.001 = 0.86 minutes", () => {
    assert.equal(minutesUntil(1, 0.999, "page"), 1);
  });

  it("page after 3.6 hours of 1 % errors at 99.9 %, by the slower pair: burn 10 never trips the faster", () => {
    // 6 h x 6 x 0.001 / 0.01 = 216 minutes reach the threshold, and one more exceeds it.
    assert.equal(minutesUntil(0.01, 0.999, "page"), 217);
  });

  it("open a ticket and never page while errors stay just above the budget", () => {
    // 3 d x 1 x 0.001 / 0.0012 = 3,600 minutes.
    assert.equal(minutesUntil(0.0012, 0.999, "page"), undefined);
    assert.equal(minutesUntil(0.0012, 0.999, "ticket"), 3_601);
  });

  it("never fire while errors stay within the budget", () => {
    assert.equal(minutesUntil(0.001, 0.999, "ticket"), undefined);
  });

  for (const target of [1, 0.93, 0.5, Number.NaN]) {
    it(`refuse a target of ${target}, at which the fastest pair says nothing`, () => {
      assert.throws(
        () => burnRateAlarms({ ...edge, target }, "test"),
        (error: Error) => InputError.isInstance?.(error) !== false && /edge-errors\.target/.test(error.message),
      );
    });
  }

  it("take 0.9306, whose budget times 14.4 is below 1", () => {
    assert.doesNotThrow(() => burnRateAlarms({ ...edge, target: 0.9306 }, "test"));
  });
});
