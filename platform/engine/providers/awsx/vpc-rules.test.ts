import assert from "node:assert/strict";
import fc from "fast-check";
import type { PropertyMap, RecordedResource } from "../../types";
import { type Block, overlap, parseBlock, size } from "./ipv4";
import { layoutSubnets } from "./subnet-layout";
import type { SubnetStrategy } from "./subnet-specs";
import { childrenOf, refusalOf } from "./testing/graph";

const vpc = (args: PropertyMap) => ({ type: "awsx:ec2:Vpc", name: "net", args });
const ofType = (resources: readonly RecordedResource[], type: string) =>
  resources.filter((resource) => resource.type === type);
const typeOf = fc.constantFrom("Public", "Private", "Isolated");
const anyCase = fc.constantFrom("Public", "public", "Private", "private", "Isolated", "isolated");
/** As many as are known offline by name. */
const zonesOf = fc.integer({ min: 1, max: 3 });

/** Specs that fit into what the default subnets leave of a zone of a /16, for every number of zones. */
const fitting = fc
  .array(fc.record({ type: typeOf, cidrMask: fc.integer({ min: 23, max: 28 }) }), { minLength: 1, maxLength: 4 })
  .map((specs) => specs.map((spec, index) => ({ ...spec, name: `spec${index}` })));

const within = (outer: Block, inner: Block): boolean => overlap(outer, inner) && inner.bits >= outer.bits;

function blocksOf(strategy: SubnetStrategy, zones: number, specs: { type: string; cidrMask: number; name: string }[]) {
  const { subnets } = layoutSubnets({ strategy, cidrBlock: "10.0.0.0/16", zones, specs });
  return subnets.map(({ cidrBlock }) => parseBlock(String(cidrBlock)));
}

function assertApart(blocks: readonly Block[]): void {
  for (const [index, block] of blocks.entries())
    for (const other of blocks.slice(index + 1)) assert.ok(!overlap(block, other));
}

/** Masks that fill a block wholly: it is halved again and again, the larger halves first. */
const filling = (bits: number) =>
  fc.integer({ min: 1, max: 4 }).map((halvings) => {
    const halves = Array.from({ length: halvings }, (_, index) => bits + index + 1);
    return [...halves, bits + halvings];
  });

describe("the rules of awsx.ec2.Vpc", () => {
  // AutoMerge adds named specs to the two default ones. Legacy lets specs of different sizes overlap, which is then refused.
  const strategies = [
    { strategy: "Auto", given: fitting, more: 0 },
    { strategy: "AutoMerge", given: fitting, more: 2 },
    {
      strategy: "Legacy",
      given: fitting.map(([first, ...rest]) => [
        first!,
        ...rest.map((spec) => ({ ...spec, cidrMask: first!.cidrMask })),
      ]),
      more: 0,
    },
  ] as const;
  for (const { strategy, given, more } of strategies) {
    it(`${strategy} gives subnets that never overlap and lie inside the VPC`, () => {
      fc.assert(
        fc.property(given, zonesOf, (specs, zones) => {
          const blocks = blocksOf(strategy, zones, specs);
          assert.equal(blocks.length, (specs.length + more) * zones);
          assertApart(blocks);
          for (const block of blocks) assert.ok(within(parseBlock("10.0.0.0/16"), block));
        }),
      );
    });
  }

  it("Exact takes specs that fill each zone, and uses every address of the VPC once", () => {
    const zoneBits = fc.constantFrom<[number, number]>([1, 16], [2, 17], [4, 18]);
    fc.assert(
      fc.property(
        zoneBits.chain(([zones, bits]) => filling(bits).map((masks) => ({ zones, masks }))),
        ({ zones, masks }) => {
          const specs = masks.map((cidrMask, index) => ({ type: "Public", cidrMask, name: `spec${index}` }));
          const blocks = blocksOf("Exact", zones, specs);
          assertApart(blocks);
          assert.equal(
            blocks.reduce((sum, block) => sum + size(block), 0),
            2 ** 16,
          );
        },
      ),
    );
  });

  it("refuses a second spec of a type without a name of its own, and nothing else of small specs", async () => {
    const specs = fc.array(fc.record({ type: anyCase, name: fc.constantFrom(undefined, "a", "b") }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(specs, async (given) => {
        const names = given.map(({ type, name }) => `${type.toLowerCase()} ${name}`);
        const subnetSpecs = given.map(({ type, name }) => ({
          ...{ type, cidrMask: 24 },
          ...(name === undefined ? {} : { name }),
        }));
        const labels = given.map(({ type, name }) => name ?? type.toLowerCase());
        // One name for two types is one resource twice, which the engine refuses.
        fc.pre(new Set(labels).size === labels.length || new Set(names).size < names.length);
        const natGateways = { strategy: "None" };
        const refusal = await refusalOf(
          vpc({ numberOfAvailabilityZones: 2, subnetStrategy: "Auto", natGateways, subnetSpecs }),
        );
        if (new Set(names).size === names.length) assert.equal(refusal, undefined);
        else assert.match(String(refusal), /^subnetSpecs\[\d\]\.name: .* each spec of a type needs its own name$/);
      }),
    );
  });

  const gateways = { None: () => 0, Single: () => 1, OnePerAz: (zones: number) => zones };
  it("makes as many NAT gateways as the strategy says, and routes each type of subnet by its own rule", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<keyof typeof gateways>("None", "Single", "OnePerAz"),
        zonesOf,
        fc.constantFrom("Private", "Isolated"),
        async (strategy, zones, inner) => {
          const made = await childrenOf(
            vpc({
              numberOfAvailabilityZones: zones,
              subnetStrategy: "Auto",
              natGateways: { strategy },
              subnetSpecs: ["Public", inner].map((type) => ({ type, cidrMask: 24 })),
            }),
          );
          assert.equal(ofType(made, "aws:ec2/natGateway:NatGateway").length, gateways[strategy](zones));
          assert.equal(ofType(made, "aws:ec2/eip:Eip").length, gateways[strategy](zones));
          const routes = ofType(made, "aws:ec2/route:Route");
          assert.equal(routes.filter(({ inputs }) => "gatewayId" in inputs).length, zones);
          const throughNat = inner === "Private" && strategy !== "None" ? zones : 0;
          assert.equal(routes.filter(({ inputs }) => "natGatewayId" in inputs).length, throughNat);
        },
      ),
    );
  });

  it("reads types in any case", async () => {
    const types = fc.uniqueArray(typeOf, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(types, zonesOf, async (given, zones) => {
        const shapes = [(type: string) => type, (type: string) => type.toLowerCase()].map(async (written) => {
          const made = await childrenOf(
            vpc({
              numberOfAvailabilityZones: zones,
              subnetStrategy: "Auto",
              natGateways: { strategy: "None" },
              subnetSpecs: given.map((type) => ({ type: written(type), cidrMask: 24 })),
            }),
          );
          return made.map(({ urn, inputs: { tags: _shown, ...inputs } }) => [urn, inputs]);
        });
        const [capital, lower] = await Promise.all(shapes);
        assert.deepEqual(lower, capital);
      }),
    );
  });
});
