import assert from "node:assert/strict";
import { type Counters, Limits, localCounters } from "./limits";

const key = { id: "key", bucket: "requests", perMinute: 40 };
const noon = Date.UTC(2026, 10, 25, 12);

describe("limits of a caller", () => {
  let now = noon;
  const never = (error: unknown) => assert.fail(String(error));
  beforeEach(() => {
    now = noon;
  });
  const replica = (counters: Counters, onUnreachable: (error: unknown) => void = never) =>
    new Limits(counters, onUnreachable, { now: () => now, monotonic: () => now });
  const admitted = async (replicas: readonly Limits[], requests: number, who = key) => {
    const verdicts = await Promise.all(
      Array.from({ length: requests }, (_, index) => replicas[index % replicas.length]!.admit(who)),
    );
    return verdicts.filter(({ allowed }) => allowed).length;
  };

  it("let through as many requests a minute as they say, over all replicas, and again in the next one", async () => {
    const counters = localCounters();
    const replicas = [replica(counters), replica(counters), replica(counters)];
    for (let round = 0; round < 2; round += 1) {
      assert.equal(await admitted(replicas, 200), 40);
      now += 60_000;
    }
  });

  it("leave a replica that is asked later its share of what others have not used", async () => {
    const shared = localCounters();
    const slow: Counters = {
      add: (...args) => new Promise((resolve) => setImmediate(() => resolve(shared.add(...args)))),
    };
    const [one, other] = [replica(slow), replica(slow)];
    const plenty = { ...key, perMinute: 100 };
    assert.equal(await admitted([one], 20, plenty), 20);
    assert.equal(await admitted([other], 80, plenty), 80);
  });

  it("say when to come again", async () => {
    const one = replica(localCounters());
    now = noon + 45_000;
    await admitted([one], 40);
    assert.deepEqual(await one.admit(key), { allowed: false, limit: 40, remaining: 0, resetSeconds: 15 });
  });

  it("let requests through while nobody can count, and say so", async () => {
    const said: unknown[] = [];
    const limits = replica({ add: () => Promise.reject(new Error("away")) }, (error) => said.push(error));
    assert.equal((await limits.admit(key)).allowed, true);
    assert.ok(said.length > 0);
  });
});
