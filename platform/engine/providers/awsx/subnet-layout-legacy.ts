import { type Block, bitsFor, formatBlock, nextAligned, overlap, size } from "./ipv4";
import type { PlannedSubnet } from "./subnet-layout";
import { isType, labelOf, type SubnetSpec } from "./subnet-specs";

/** Private subnets come first in a zone, then public, then isolated, each type with a smallest mask unless it brings its own. */
const order = [
  { type: "Private", smallestMask: 19 },
  { type: "Public", smallestMask: 20 },
  { type: "Isolated", smallestMask: 24 },
] as const;

/** The layout of the `Legacy` strategy, which is the default of `awsx.ec2.Vpc`; specs of any other type have no place in it. */
export function legacyBlocks(vpc: Block, zones: number, specs: readonly SubnetSpec[] | undefined): PlannedSubnet[] {
  const zoneBits = checkBits(vpc.bits + bitsFor(zones));
  const bases = Array.from({ length: zones }, (_, zone) => ({
    address: vpc.address + zone * size({ address: 0, bits: zoneBits }),
    bits: zoneBits,
  }));
  return specs === undefined ? defaults(bases) : bases.flatMap((base, zone) => zoneBlocks(base, zone, specs));
}

/** Half of each zone private, half of the rest public; all private subnets are listed first. */
function defaults(bases: readonly Block[]): PlannedSubnet[] {
  const subnet = (type: string, zone: number, { address, bits }: Block): PlannedSubnet => ({
    spec: -1,
    type,
    zone,
    label: type.toLowerCase(),
    cidrBlock: formatBlock({ address, bits: checkBits(bits) }),
  });
  const halves = bases.map(({ address, bits }) => ({ address, bits: bits + 1 }));
  return [
    ...halves.map((half, zone) => subnet("Private", zone, half)),
    ...halves.map((half, zone) => subnet("Public", zone, { address: half.address + size(half), bits: half.bits + 1 })),
  ];
}

function zoneBlocks(base: Block, zone: number, specs: readonly SubnetSpec[]): PlannedSubnet[] {
  // A single subnet may use the whole zone; otherwise none takes more than half unless told to.
  const largest = base.bits + (specs.length === 1 ? 0 : 1);
  const made: PlannedSubnet[] = [];
  let previous: Block = { address: base.address - (base.address % size(base)) - 1, bits: 32 };
  let anchor = base;
  for (const { type, smallestMask } of order) {
    const ofType = specs.map((spec, index) => ({ spec, index })).filter(({ spec }) => isType(spec, type));
    ofType.forEach(({ spec, index }, nth) => {
      const bits = checkBits(spec.cidrMask ?? Math.max(largest, smallestMask));
      const wanted: Block = { address: anchor.address + nth * size({ address: 0, bits }), bits };
      const block: Block = overlap(previous, wanted) ? nextAligned(previous, bits) : wanted;
      made.push({ spec: index, type, zone, label: labelOf(spec), cidrBlock: formatBlock(block) });
      previous = block;
    });
    // The next type starts beside the last subnet of this one.
    if (ofType.length > 0) anchor = { address: previous.address + size(previous), bits: previous.bits };
  }
  return made;
}

function checkBits(bits: number): number {
  if (bits > 32) throw new Error(`cidrBlock: a subnet would be a /${bits}; the range of the VPC is too small`);
  return bits;
}
