import assert from "node:assert/strict";
import type { Counters } from "./counters";
import { type Limited, Limits } from "./limits";

const key: Limited = { id: "key", requestsPerMinute: 40, tokensPerDay: 100 };
const noon = Date.UTC(2026, 10, 25, 12);

/** Counts in memory, shared by the replicas of a test. */
function sharedCounters(): Counters {
  const counts = new Map<string, number>();
  return {
    add(subject, bucket, amount, window) {
      const name = `${subject} ${bucket} ${window}`;
      counts.set(name, (counts.get(name) ?? 0) + amount);
      return Promise.resolve(counts.get(name)!);
    },
  };
}

describe("limits of a key", () => {
  let now = noon;
  const never = (error: unknown) => assert.fail(String(error));
  beforeEach(() => {
    now = noon;
  });
  const replica = (counters: Counters) => new Limits(counters, never, () => now);
  const admitted = async (replicas: readonly Limits[], requests: number, who = key) => {
    const verdicts = await Promise.all(
      Array.from({ length: requests }, (_, index) => replicas[index % replicas.length]!.admit(who)),
    );
    return verdicts.filter(({ allowed }) => allowed).length;
  };

  it("let through as many requests a minute as they say, over all replicas, and again in the next one", async () => {
    const counters = sharedCounters();
    const replicas = [replica(counters), replica(counters), replica(counters)];
    for (let round = 0; round < 2; round += 1) {
      assert.equal(await admitted(replicas, 200, { ...key, tokensPerDay: null }), 40);
      now += 60_000;
    }
  });

  it("leave a replica that is asked later its share of what others have not used", async () => {
    const slow: Counters = {
      add: (...args) => new Promise((resolve) => setImmediate(() => resolve(shared.add(...args)))),
    };
    const shared = sharedCounters();
    const [one, other] = [replica(slow), replica(slow)];
    const plenty = { ...key, requestsPerMinute: 100, tokensPerDay: null };
    assert.equal(await admitted([one], 20, plenty), 20);
    assert.equal(await admitted([other], 80, plenty), 80);
  });

  it("say when to come again", async () => {
    const one = replica(sharedCounters());
    now = noon + 45_000;
    await admitted([one], 40, { ...key, tokensPerDay: null });
    assert.deepEqual(await one.admit({ ...key, tokensPerDay: null }), {
      allowed: false,
      limit: "requests",
      retryAfterSeconds: 15,
    });
  });

  it("stop at a spent token budget until the next day, on every replica that has asked since", async () => {
    const counters = sharedCounters();
    const [one, other] = [replica(counters), replica(counters)];
    await one.spend(key, 100);
    const verdict = await one.admit(key);
    assert.deepEqual(verdict, { allowed: false, limit: "tokens", retryAfterSeconds: 12 * 3600 });
    assert.equal((await other.admit(key)).allowed, false);
    now += 12 * 3_600_000;
    assert.equal((await one.admit(key)).allowed, true);
  });

  it("let requests through while nobody can count, and say so", async () => {
    const said: unknown[] = [];
    const away: Counters = { add: () => Promise.reject(new Error("away")) };
    const limits = new Limits(
      away,
      (error) => said.push(error),
      () => now,
    );
    assert.equal((await limits.admit(key)).allowed, true);
    assert.ok(said.length > 0);
  });
});
