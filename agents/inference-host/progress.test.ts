import assert from "node:assert/strict";
import { ProgressWatch } from "./progress";

describe("the progress of an engine", () => {
  let now = 0;
  /** An A10G with the 7B model: 5,400 prompt tokens a second, 29 ms a token. */
  const prefillMs = 1_000 / 5_400;
  const watchOf = (slowness = 1) => {
    const watch = new ProgressWatch({ leastMs: 5_000, now: () => now });
    watch.restart({ tokens: 1_024, ms: 1_024 * prefillMs * slowness });
    return watch;
  };
  const pass = (watch: ProgressWatch, ms: number, sign?: (at: number) => number) => {
    for (const end = now + ms; now < end && !watch.hung; ) {
      now += 250;
      watch.look(sign?.(now));
    }
  };

  it("stops within 10 s where an engine hangs with the longest prompt that it admits", () => {
    for (const tokens of [100, 16_384]) {
      const watch = watchOf();
      const { token } = watch.begin(tokens);
      for (let sent = 0; sent < 20; sent++) {
        token();
        pass(watch, 250);
      }
      const hungAt = now;
      pass(watch, 60_000);
      assert.ok(watch.hung);
      assert.ok(now - hungAt <= 9_000, `${tokens} tokens: ${now - hungAt} ms`);
    }
  });

  it("goes on where an engine is ten times slower from its start", () => {
    const watch = watchOf(10);
    const { token } = watch.begin(16_384);
    pass(watch, 10 * 16_384 * prefillMs);
    for (let sent = 0; sent < 50; sent++) {
      token();
      pass(watch, 500);
    }
    assert.equal(watch.hung, false);
  });

  it("goes on where an engine becomes ten times slower: each part of a long prompt moves its counters", () => {
    const watch = watchOf();
    watch.begin(16_384);
    const batchMs = 10 * 2_048 * prefillMs;
    pass(watch, 10 * 16_384 * prefillMs, (at) => Math.floor(at / batchMs));
    assert.equal(watch.hung, false);
  });

  it("is of no concern while nothing runs, and a pause of this process is no silence of the engine", () => {
    const watch = watchOf();
    pass(watch, 60_000);
    assert.deepEqual([watch.hung, watch.idleMs], [false, 60_000]);
    const { end } = watch.begin(10);
    watch.look(undefined);
    now += 60_000;
    watch.look(undefined);
    assert.deepEqual([watch.hung, watch.silentMs, watch.idleMs], [false, 1_000, 0]);
    end();
    pass(watch, 60_000);
    assert.equal(watch.hung, false);
  });

  it("is seen in any of the generations", () => {
    const watch = watchOf();
    watch.begin(10);
    for (let request = 0; request < 40; request++) {
      const { end } = watch.begin(10);
      pass(watch, 1_000);
      end();
    }
    assert.equal(watch.hung, false);
    pass(watch, 20_000);
    assert.equal(watch.hung, true);
  });
});
