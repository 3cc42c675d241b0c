import assert from "node:assert/strict";
import fc from "fast-check";
import { checkTtl, describeRest, expiryFrom, formatTtl, isExpired, laterExpiry, parseTtl, type Ttl } from "./lifetime";

const where = "--ttl";
const now = new Date("2026-11-27T12:00:30Z");

describe("the life of an ephemeral stack", () => {
  for (const [text, minutes] of [
    ["45m", 45],
    ["8h", 480],
    ["7d12h", 10_800],
    ["1d2h3m", 1_563],
    ["5m", 5],
    ["never", "never"],
  ] as const) {
    it(`reads ${text}`, () => assert.equal(parseTtl(text, { where }), minutes));
  }

  for (const text of ["", "8", "h", "8 h", "-8h", "8h7d", "1.5h", "4m", "0d", "Never", "8hours", "1e3m", "99999999d"]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseTtl(text, { where }), /^InputError: ttl: .* not allowed; .* \(set in --ttl\)$/));
  }

  it("is written as it is read", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 1_000_000 }), (minutes) => {
        assert.equal(parseTtl(formatTtl(minutes), { where }), minutes);
      }),
    );
  });

  it("is at most what config allows, and never only where it says so", () => {
    const check = (ttl: Ttl, never = false) => checkTtl(ttl, { most: 10_080, never }, "ephemeral.yaml");
    assert.equal(check(10_080), 10_080);
    assert.throws(() => check(10_081), {
      message: 'ttl: "7d1m" is not allowed; allowed: at most 7d (ttl.most) (set in ephemeral.yaml)',
    });
    assert.throws(() => check("never"), {
      message: 'ttl: "never" is not allowed; allowed: at most 7d; ttl.never is false (set in ephemeral.yaml)',
    });
    assert.equal(check("never", true), "never");
  });

  it("ends a whole minute after its time, never before", () => {
    assert.equal(expiryFrom(now, 480), "2026-11-27T20:01:00Z");
    assert.equal(expiryFrom(new Date("2026-11-27T12:00:00Z"), 5), "2026-11-27T12:05:00Z");
    assert.equal(expiryFrom(now, "never"), "never");
  });

  it("is extended by a redeploy and never shortened", () => {
    const [early, late] = ["2026-11-27T20:00:00Z", "2026-11-28T20:00:00Z"];
    assert.equal(laterExpiry(early, late), late);
    assert.equal(laterExpiry(late, early), late);
    assert.equal(laterExpiry(undefined, early), early);
    assert.equal(laterExpiry("never", early), "never");
    assert.equal(laterExpiry(early, "never"), "never");
    assert.equal(laterExpiry("garbage", early), early);
  });

  it("is over at its time, and what is no time never is", () => {
    assert.equal(isExpired("2026-11-27T12:00:30Z", now), true);
    assert.equal(isExpired("2026-11-27T12:00:31Z", now), false);
    for (const text of [undefined, "", "never", "yesterday", "2020", "0"]) assert.equal(isExpired(text, now), false);
  });

  it("is told in words", () => {
    assert.equal(describeRest("2026-11-27T20:01:00Z", now), "8h left");
    assert.equal(describeRest("2026-11-27T11:00:00Z", now), "expired 1h1m ago");
    assert.equal(describeRest("never", now), "never expires");
    assert.equal(describeRest("soon", now), "no expiry");
  });
});
