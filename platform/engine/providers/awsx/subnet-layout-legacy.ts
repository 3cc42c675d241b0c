import { type Block, bitsFor, nextAligned, overlap, size } from "./ipv4";
import type { PlannedSubnet, SubnetSpec, SubnetType } from "./subnet-layout";

export type LegacySubnet = Omit<PlannedSubnet, "cidrBlock"> & { readonly block: Block };

/** Private subnets come first in a zone, then public, then isolated, each type with a smallest mask unless it brings its own. */
const order = [
  { type: "Private", smallestMask: 19 },
  { type: "Public", smallestMask: 20 },
  { type: "Isolated", smallestMask: 24 },
] as const satisfies readonly { type: SubnetType; smallestMask: number }[];

/** The layout of the `Legacy` strategy, which is the default of `awsx.ec2.Vpc`. */
export function legacyBlocks(vpc: Block, zones: number, specs: readonly SubnetSpec[] | undefined): LegacySubnet[] {
  const zoneBits = checkBits(vpc.bits + bitsFor(zones));
  const bases = Array.from({ length: zones }, (_, zone) => ({
    address: vpc.address + zone * size({ address: 0, bits: zoneBits }),
    bits: zoneBits,
  }));
  return specs === undefined ? defaults(bases) : bases.flatMap((base, zone) => zoneBlocks(base, zone, specs));
}

/** Half of each zone private, half of the rest public; all private subnets are listed first. */
function defaults(bases: readonly Block[]): LegacySubnet[] {
  const subnet = (type: SubnetType, zone: number, block: Block): LegacySubnet => ({
    spec: -1,
    type,
    zone,
    label: type.toLowerCase(),
    block: { ...block, bits: checkBits(block.bits) },
  });
  const halves = bases.map(({ address, bits }) => ({ address, bits: bits + 1 }));
  return [
    ...halves.map((half, zone) => subnet("Private", zone, half)),
    ...halves.map((half, zone) => subnet("Public", zone, { address: half.address + size(half), bits: half.bits + 1 })),
  ];
}

function zoneBlocks(base: Block, zone: number, specs: readonly SubnetSpec[]): LegacySubnet[] {
  // A single subnet may use the whole zone; otherwise none takes more than half unless told to.
  const largest = base.bits + (specs.length === 1 ? 0 : 1);
  const made: LegacySubnet[] = [];
  let previous: Block = { address: base.address - 1, bits: 32 };
  let anchor = base;
  for (const { type, smallestMask } of order) {
    const ofType = specs
      .map((spec, index) => ({ spec, index }))
      .filter(({ spec }) => spec.type.toLowerCase() === type.toLowerCase());
    ofType.forEach(({ spec, index }, nth) => {
      const bits = checkBits(spec.cidrMask ?? Math.max(largest, smallestMask));
      const wanted: Block = { address: anchor.address + nth * size({ address: 0, bits }), bits };
      const block: Block = overlap(previous, wanted) ? nextAligned(previous, bits) : wanted;
      made.push({ spec: index, type, zone, label: spec.name ?? type.toLowerCase(), block });
      previous = block;
    });
    // The next type starts beside the last subnet of this one.
    if (ofType.length > 0) anchor = { address: previous.address + size(previous), bits: previous.bits };
  }
  return made;
}

function checkBits(bits: number): number {
  if (bits > 32) throw new Error("the VPC's address range is too small for its zones and subnets");
  return bits;
}
