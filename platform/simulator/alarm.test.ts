import assert from "node:assert/strict";
import { Alarm, type AlarmState } from "./alarm";
import type { MissingData } from "./plan";

const high = { comparison: "GreaterThanThreshold", threshold: 20 } as const;
const feed = (alarm: Alarm, values: readonly number[]) => values.map((value) => alarm.observe(value));

describe("alarm", () => {
  it("goes to ALARM when three of three datapoints breach, and back with the first that does not", () => {
    const alarm = new Alarm({ ...high, evaluationPeriods: 3 });
    feed(alarm, [10, 10, 10, 10, 10]);
    assert.deepEqual(feed(alarm, [21, 22, 23, 24, 20]), ["OK", "OK", "ALARM", "ALARM", "OK"]);
  });

  it("needs all fifteen low datapoints before a group may shrink", () => {
    const alarm = new Alarm({ comparison: "LessThanThreshold", threshold: 14, evaluationPeriods: 15 });
    feed(alarm, Array(20).fill(15));
    const states = feed(alarm, Array(15).fill(13));
    assert.ok(states.slice(0, 14).every((state) => state === "OK"));
    assert.equal(states[14], "ALARM");
  });

  it("has too little data until there is any, and again when the whole range is missing", () => {
    const alarm = new Alarm({ ...high, evaluationPeriods: 3 });
    assert.equal(alarm.state, "INSUFFICIENT_DATA");
    feed(alarm, [10, 10, 10]);
    assert.equal(feed(alarm, Array(5).fill(Number.NaN)).at(-1), "INSUFFICIENT_DATA");
  });

  // The user guide's table for 3 of 3: X breaches, 0 does not, - is missing; the last five datapoints, newest on the right.
  const table: [points: string, missing: AlarmState, ignore: AlarmState, breaching: AlarmState, not: AlarmState][] = [
    ["0-X-X", "OK", "OK", "OK", "OK"],
    ["0----", "OK", "OK", "OK", "OK"],
    ["-----", "INSUFFICIENT_DATA", "OK", "ALARM", "OK"],
    ["0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"],
    ["--X--", "ALARM", "OK", "ALARM", "OK"],
  ];
  for (const [points, ...states] of table) {
    it(`treats missing data in ${points} as the user guide's table does`, () => {
      const treatments: MissingData[] = ["missing", "ignore", "breaching", "notBreaching"];
      treatments.forEach((treatMissingData, column) => {
        const alarm = new Alarm({ ...high, evaluationPeriods: 3, treatMissingData });
        feed(alarm, [10, 10, 10, 10, 10]);
        feed(
          alarm,
          [...points].map((point) => (point === "-" ? Number.NaN : point === "X" ? 30 : 10)),
        );
        assert.equal(alarm.state, states[column], treatMissingData);
      });
    });
  }

  it("does not go to ALARM on the first breaching datapoints of its life, but once they are as old as those it asks for", () => {
    const alarm = new Alarm({ ...high, evaluationPeriods: 3 });
    assert.deepEqual(feed(alarm, [30, 30, 30]), ["OK", "OK", "ALARM"]);
  });

  it("counts M of N", () => {
    const alarm = new Alarm({ ...high, evaluationPeriods: 5, datapointsToAlarm: 2 });
    feed(alarm, [10, 10, 10, 10, 10, 10, 10]);
    assert.deepEqual(feed(alarm, [30, 10, 10, 30, 10, 10]), ["OK", "OK", "OK", "ALARM", "ALARM", "OK"]);
  });
});
