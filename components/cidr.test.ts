import assert from "node:assert/strict";
import fc from "fast-check";
import { overlaps, parseCidr, planSubnets, size } from "./cidr";

const plan = (cidr: string, reserved: string[] = []) => planSubnets({ cidr, zones: 3, reserved }, "Pulumi.dev.yaml");

describe("components/cidr", () => {
  it("gives private subnets an eighth of the range and public ones a sixty-fourth", () => {
    assert.deepEqual(plan("10.20.0.0/16"), { privatePrefix: 19, publicPrefix: 22, privateAddresses: 8187 });
    assert.deepEqual(plan("10.20.0.0/20"), { privatePrefix: 23, publicPrefix: 26, privateAddresses: 507 });
  });

  it("leaves room for three zones of both", () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 21 }), (prefix) => {
        const { privatePrefix, publicPrefix } = plan(`10.0.0.0/${prefix}`);
        assert.ok(3 * 2 ** (32 - privatePrefix) + 3 * 2 ** (32 - publicPrefix) <= 2 ** (32 - prefix));
        assert.ok(publicPrefix <= 27);
      }),
    );
  });

  it("refuses a range that is too small or too large, naming what fits", () => {
    assert.throws(() => plan("10.0.0.0/24"), {
      message:
        'network.cidr: "10.0.0.0/24" is not allowed; allowed: a prefix from /16 to /21, so that each zone\'s public subnet has a /27 at least (set in Pulumi.dev.yaml)',
    });
    assert.throws(() => plan("10.0.0.0/8"), /from \/16 to \/21/);
  });

  it("refuses public ranges, host bits and nonsense", () => {
    assert.throws(() => plan("8.8.0.0/16"), /within 10\.0\.0\.0\/8/);
    assert.throws(() => plan("10.20.3.4/16"), /for example 10\.20\.0\.0\/16/);
    assert.throws(() => plan("10.20.0.0"), /CIDR notation/);
    assert.throws(() => plan("10.256.0.0/16"), /CIDR notation/);
  });

  it("refuses a range that meets a reserved one", () => {
    assert.throws(
      () => plan("10.20.0.0/16", ["10.16.0.0/12"]),
      /does not overlap 10\.16\.0\.0\/12 of network\.reserved/,
    );
    assert.ok(plan("10.20.0.0/16", ["10.10.0.0/16", "10.30.0.0/16"]));
  });

  it("finds overlaps whichever way round", () => {
    const range = fc
      .tuple(fc.nat({ max: 2 ** 16 - 1 }), fc.integer({ min: 16, max: 28 }))
      .map(([start, prefix]) => ({ first: start * 2 ** 16 - ((start * 2 ** 16) % 2 ** (32 - prefix)), prefix }));
    fc.assert(
      fc.property(range, range, (one, other) => {
        const last = (cidr: { first: number; prefix: number }) => cidr.first + size(cidr) - 1;
        const apart = last(one) < other.first || last(other) < one.first;
        assert.equal(overlaps(one, other), !apart);
        assert.equal(overlaps(other, one), !apart);
      }),
    );
    assert.equal(size(parseCidr("10.0.0.0/28", "cidr")), 16);
  });
});
