import assert from "node:assert/strict";
import fc from "fast-check";
import { RequestQueue, type StepOutcome } from "./request-queue";

const outcome = (): StepOutcome => ({ admitted: 0, gaveUp: 0, withinLimit: 0 });

describe("request queue", () => {
  it("lets nobody wait while capacity suffices", () => {
    const queue = new RequestQueue(30);
    const result = outcome();
    const waits: number[] = [];
    queue.step(0, 10, 80, 100, 0.5, result, (_, wait) => waits.push(wait));
    assert.deepEqual(result, { admitted: 80, gaveUp: 0, withinLimit: 80 });
    assert.deepEqual(waits, [0]);
  });

  it("makes requests wait in the order they came: 20 a second against 10 a second gives waits of 0 to 5 s in the first step", () => {
    const queue = new RequestQueue(60);
    const result = outcome();
    let requestSeconds = 0;
    queue.step(0, 10, 200, 100, 1, result, (count, wait) => {
      requestSeconds += count * wait;
    });
    assert.equal(result.admitted, 100);
    assert.equal(queue.length, 100);
    assert.ok(Math.abs(requestSeconds / 100 - 2.5) < 1e-9); // evenly from 0 to 5 s
    assert.ok(Math.abs(result.withinLimit - 20) < 1e-9); // a fifth waits at most 1 s
    queue.step(10, 10, 0, 100, 1, result, () => {});
    assert.equal(queue.length, 0);
  });

  it("gives up what has waited longer than anyone waits", () => {
    const queue = new RequestQueue(30);
    const result = outcome();
    let gaveUp = 0;
    for (let now = 0; now < 100; now += 10) {
      queue.step(now, 10, 10, 0, 1, result, () => {});
      gaveUp += result.gaveUp;
    }
    assert.equal(queue.length, 30);
    assert.equal(gaveUp, 70);
  });

  it("loses nothing and serves nothing twice, whatever comes", () => {
    const steps = fc.array(fc.tuple(fc.nat(500), fc.nat(300)), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.constantFrom(20, 60, 1e9), (given, patience) => {
        const queue = new RequestQueue(patience);
        const result = outcome();
        let [arrived, admitted, gaveUp, sunk] = [0, 0, 0, 0];
        given.forEach(([arrivals, capacity], step) => {
          queue.step(step * 10, 10, arrivals, capacity, 1, result, (count, wait) => {
            assert.ok(wait >= 0 && wait <= patience + 20);
            sunk += count;
          });
          arrived += arrivals;
          admitted += result.admitted;
          gaveUp += result.gaveUp;
          assert.ok(result.admitted <= capacity + 1e-9);
          assert.ok(result.withinLimit <= result.admitted + 1e-9);
        });
        assert.ok(Math.abs(arrived - admitted - gaveUp - queue.length) < 1e-6);
        assert.ok(Math.abs(sunk - admitted) < 1e-6);
      }),
    );
  });
});
