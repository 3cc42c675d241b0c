import assert from "node:assert/strict";
import fc from "fast-check";
import { overlap, parseBlock } from "./ipv4";
import { layoutSubnets } from "./subnet-layout";
import type { SubnetSpec, SubnetStrategy } from "./subnet-specs";

function cidrs(strategy: SubnetStrategy, cidrBlock: string, zones: number, specs?: SubnetSpec[]): string[] {
  const named = specs?.map((spec, index) => ({ name: `spec${index}`, ...spec }));
  return layoutSubnets({ strategy, cidrBlock, zones, specs: named }).subnets.map((subnet) => String(subnet.cidrBlock));
}

const spec = (type: SubnetSpec["type"], cidrMask: number): SubnetSpec => ({ type, cidrMask });

describe("the subnets of awsx.ec2.Vpc", () => {
  it("Legacy without specs gives half a zone to private and half of the rest to public subnets", () => {
    assert.deepEqual(cidrs("Legacy", "10.0.0.0/16", 3), [
      "10.0.0.0/19",
      "10.0.64.0/19",
      "10.0.128.0/19",
      "10.0.32.0/20",
      "10.0.96.0/20",
      "10.0.160.0/20",
    ]);
  });

  // One zone each, as awsx's own table of known layouts has them.
  const known: [string, SubnetSpec[], string[]][] = [
    ["10.0.0.0/18", [spec("Isolated", 22), spec("Public", 21)], ["10.0.0.0/21", "10.0.8.0/22"]],
    ["10.0.0.0/17", [spec("Public", 25), spec("Isolated", 27)], ["10.0.0.0/25", "10.0.0.128/27"]],
    [
      "10.0.0.0/16",
      [spec("Isolated", 22), spec("Private", 21), spec("Private", 18)],
      ["10.0.0.0/21", "10.0.64.0/18", "10.0.128.0/22"],
    ],
    [
      "10.0.0.0/16",
      [spec("Isolated", 25), spec("Isolated", 21), spec("Public", 19)],
      ["10.0.0.0/19", "10.0.32.0/25", "10.0.40.0/21"],
    ],
    [
      "10.0.0.0/16",
      [spec("Isolated", 20), spec("Public", 25), spec("Public", 18)],
      ["10.0.0.0/25", "10.0.64.0/18", "10.0.128.0/20"],
    ],
    [
      "10.0.0.0/19",
      [spec("Private", 25), spec("Private", 21), spec("Isolated", 25), spec("Public", 24), spec("Public", 21)],
      ["10.0.0.0/25", "10.0.8.0/21", "10.0.16.0/24", "10.0.24.0/21", "10.0.32.0/25"],
    ],
    [
      "10.0.0.0/18",
      [spec("Private", 25), spec("Private", 19), spec("Private", 19), spec("Isolated", 25)],
      ["10.0.0.0/25", "10.0.32.0/19", "10.0.64.0/19", "10.0.96.0/25"],
    ],
    [
      "10.0.0.0/17",
      [spec("Private", 24), spec("Isolated", 27), spec("Public", 26), spec("Private", 23)],
      ["10.0.0.0/24", "10.0.2.0/23", "10.0.4.0/26", "10.0.4.64/27"],
    ],
  ];
  for (const [cidrBlock, specs, expected] of known) {
    it(`Legacy divides ${cidrBlock} into ${expected.join(", ")}`, () =>
      assert.deepEqual(cidrs("Legacy", cidrBlock, 1, specs), expected));
  }

  it("Auto divides each zone in the order of the specs", () => {
    assert.deepEqual(cidrs("Auto", "10.0.0.0/16", 2, [spec("Public", 20), spec("Private", 18)]), [
      "10.0.0.0/20",
      "10.0.64.0/18",
      "10.0.128.0/20",
      "10.0.192.0/18",
    ]);
    assert.deepEqual(cidrs("Auto", "10.0.0.0/16", 2), [
      "10.0.0.0/18",
      "10.0.64.0/19",
      "10.0.128.0/18",
      "10.0.192.0/19",
    ]);
  });

  it("takes explicit ranges as they are", () => {
    const specs: SubnetSpec[] = [
      { type: "Public", cidrBlocks: ["10.0.0.0/24", "10.0.1.0/24"] },
      { type: "Private", cidrBlocks: ["10.0.2.0/24", "10.0.3.0/24"] },
    ];
    assert.deepEqual(cidrs("Auto", "10.0.0.0/16", 2, specs), [
      "10.0.0.0/24",
      "10.0.2.0/24",
      "10.0.1.0/24",
      "10.0.3.0/24",
    ]);
  });

  it("says what is wrong with specs that contradict, overlap, do not fit or leave gaps", () => {
    assert.throws(
      () => cidrs("Auto", "10.0.0.0/16", 1, [{ type: "Public", size: 1000 }]),
      /subnetSpecs\[0\]\.size: 1000/,
    );
    assert.throws(() => cidrs("Auto", "10.0.0.0/16", 2, [spec("Public", 16)]), /need 65536 addresses/);
    assert.throws(() => cidrs("Exact", "10.0.0.0/16", 1, [spec("Public", 18)]), /one at the end/);
    assert.throws(() => cidrs("Auto", "10.0.0.0/28", 1), /at least a \/26/);
    const twice: SubnetSpec = { type: "Public", cidrBlocks: ["10.0.0.0/24"] };
    assert.throws(() => cidrs("Auto", "10.0.0.0/16", 1, [twice, twice]), /overlap/);
  });

  it("Auto never overlaps and stays inside the VPC", () => {
    const types = fc.constantFrom<SubnetSpec["type"]>("Public", "Private", "Isolated");
    const specs = fc.array(fc.record({ type: types, cidrMask: fc.integer({ min: 22, max: 28 }) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(specs, fc.integer({ min: 1, max: 4 }), (given, zones) => {
        const blocks = cidrs("Auto", "10.0.0.0/16", zones, given).map(parseBlock);
        assert.ok(blocks.every((block, i) => blocks.every((other, j) => i === j || !overlap(block, other))));
        assert.ok(blocks.every((block) => overlap(block, parseBlock("10.0.0.0/16"))));
      }),
    );
  });
});
