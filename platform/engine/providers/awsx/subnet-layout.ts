import { type Block, bitsFor, first, formatBlock, last, nextAligned, overlap, parseBlock, size } from "./ipv4";
import { legacyBlocks } from "./subnet-layout-legacy";
import { isType, labelOf, type NormalSpecs, normalizeSpecs, type SubnetSpec } from "./subnet-specs";

/** One subnet of one zone. */
export interface PlannedSubnet {
  /** Index of its spec among those given, -1 for a default subnet. */
  readonly spec: number;
  readonly type: string;
  /** Index of its zone. */
  readonly zone: number;
  /** Absent while the VPC's own range is not known. */
  readonly cidrBlock?: string;
  /** Name without the VPC's and the zone's part. */
  readonly label: string;
}

export interface LayoutRequest {
  /** Absent while only AWS knows it (IPAM). */
  readonly cidrBlock?: string;
  /** Number of availability zones. */
  readonly zones: number;
  /** One of `SubnetStrategy`. */
  readonly strategy: string;
  readonly specs?: readonly SubnetSpec[];
  readonly availabilityZoneCidrMask?: number;
}

export interface Layout {
  readonly subnets: readonly PlannedSubnet[];
  /** What one zone's range is used for, in the words of the `Auto` strategy; absent while ranges are not known. */
  readonly resolved?: readonly SubnetSpec[];
  /** Whether the specs leave their ranges to the strategy. */
  readonly isAllocated: boolean;
}

/** A spec as it is laid out, with its index among those that were given. */
interface PlacedSpec extends SubnetSpec {
  readonly spec: number;
}

/**
 * Divides a VPC's range among zones and subnets as `awsx.ec2.Vpc` 3.x does.
 * @throws Error with the reason when the specs contradict each other, do not fit, overlap or (Exact) leave a gap.
 */
export function layoutSubnets(request: LayoutRequest): Layout {
  const { specs: given, zones, strategy, cidrBlock } = request;
  const normal = given === undefined ? undefined : normalizeSpecs(given, zones, strategy);
  const subnets = plan(request, normal);
  refuseOverlaps(subnets);
  if (strategy === "Exact" && cidrBlock !== undefined) refuseGaps(cidrBlock, subnets);
  const isOwnLayout = normal !== undefined && strategy !== "Legacy" && strategy !== "AutoMerge";
  return {
    subnets,
    resolved: isOwnLayout ? normal.specs : resolveFromPlan(subnets, zones),
    isAllocated: normal !== undefined && !normal.explicit,
  };
}

function plan(request: LayoutRequest, normal: NormalSpecs | undefined): PlannedSubnet[] {
  const { strategy, zones, cidrBlock } = request;
  const isAuto = strategy === "Auto" || strategy === "AutoMerge";
  if (strategy === "Legacy" || (normal === undefined && !isAuto)) {
    if (cidrBlock === undefined) {
      throw new Error(
        'subnetStrategy: "Legacy" cannot divide a range that AWS chooses (ipv4NetmaskLength); use "Auto"',
      );
    }
    return legacyBlocks(parseBlock(cidrBlock), zones, normal?.specs);
  }
  if (normal?.explicit) return perZone(zones, placed(normal.specs), (spec, zone) => spec.cidrBlocks?.[zone]);
  return autoLayout(request, normal?.specs);
}

function placed(specs: readonly SubnetSpec[]): PlacedSpec[] {
  return specs.map((spec, index) => ({ ...spec, spec: index }));
}

function autoLayout(request: LayoutRequest, given: readonly SubnetSpec[] | undefined): PlannedSubnet[] {
  const { cidrBlock, zones, strategy } = request;
  const merge = (defaults: SubnetSpec[]): PlacedSpec[] => {
    if (strategy === "AutoMerge") return mergeDefaults(defaults, given ?? []);
    return given === undefined ? defaults.map((spec) => ({ ...spec, spec: -1 })) : placed(given);
  };
  if (cidrBlock === undefined) return perZone(zones, merge(defaultTypes.map((type) => ({ type }))), () => undefined);
  const vpc = parseBlock(cidrBlock);
  const zoneBits = request.availabilityZoneCidrMask ?? vpc.bits + bitsFor(zones);
  const needsDefaults = strategy === "AutoMerge" || given === undefined;
  const specs = merge(needsDefaults ? defaultSpecs(zoneBits) : []);
  if (specs.length === 0)
    throw new Error("subnetSpecs: an empty list is not allowed; leave it out for the default subnets");
  const evenBits = zoneBits + bitsFor(specs.length);
  const bitsOf = (spec: SubnetSpec): number => checkMask(spec.cidrMask ?? evenBits);
  const needed = specs.reduce((sum, spec) => sum + size({ address: 0, bits: bitsOf(spec) }), 0);
  const zoneSize = size({ address: 0, bits: checkMask(zoneBits) });
  if (needed > zoneSize) {
    throw new Error(
      `subnetSpecs: the subnets of a zone need ${needed} addresses; a zone of ${cidrBlock} has ${zoneSize}`,
    );
  }
  const start = first({ address: first(vpc), bits: zoneBits });
  let previous: Block | undefined;
  return perZone(zones, specs, (spec, zone, index) => {
    const bits = bitsOf(spec);
    const opening = { address: start + zone * zoneSize, bits };
    const block: Block =
      index === 0 || previous === undefined ? { address: first(opening), bits } : afterUsable(previous, bits);
    previous = block;
    return formatBlock(block);
  });
}

/** The next aligned block, counted from the last address that hosts may use: only a /32 can tell the difference. */
function afterUsable(previous: Block, bits: number): Block {
  return nextAligned({ address: usable(previous).last, bits: 32 }, bits);
}

function checkMask(bits: number): number {
  if (bits > 32)
    throw new Error(`subnetSpecs: a subnet or zone would be a /${bits}; the range of the VPC is too small`);
  return bits;
}

function perZone(
  zones: number,
  specs: readonly PlacedSpec[],
  cidr: (spec: SubnetSpec, zone: number, index: number) => string | undefined,
): PlannedSubnet[] {
  return Array.from({ length: zones }, (_, zone) => zone).flatMap((zone) =>
    specs.map((spec, index) => ({
      spec: spec.spec,
      type: spec.type,
      zone,
      cidrBlock: cidr(spec, zone, index),
      label: labelOf(spec),
    })),
  );
}

const defaultTypes = ["Private", "Public"] as const;

/** Half of a zone private, a quarter public; of a very large VPC only the first /16 of each zone. */
function defaultSpecs(zoneBits: number): SubnetSpec[] {
  if (zoneBits > 26) {
    throw new Error(
      `cidrBlock: a zone has a /${zoneBits}; the default subnets need at least a /26, so give subnetSpecs`,
    );
  }
  return defaultTypes.map((type, index) => ({ type, cidrMask: Math.max(zoneBits, 16) + index + 1 }));
}

/** An unnamed spec of a default type changes the default, mask included; every other spec is one more subnet. */
function mergeDefaults(defaults: readonly SubnetSpec[], given: readonly SubnetSpec[]): PlacedSpec[] {
  const specs = placed(given);
  const isChange = (spec: SubnetSpec): boolean =>
    spec.name === undefined && defaults.some(({ type }) => isType(spec, type));
  return [
    ...defaults.map((spec) => ({
      ...spec,
      spec: -1,
      ...specs.find((other) => isChange(other) && isType(other, spec.type)),
    })),
    ...specs.filter((spec) => !isChange(spec)),
  ];
}

function refuseOverlaps(subnets: readonly PlannedSubnet[]): void {
  const blocks = subnets.flatMap(({ cidrBlock, label, zone }) =>
    cidrBlock === undefined ? [] : [{ shown: `${label}-${zone + 1} (${cidrBlock})`, block: parseBlock(cidrBlock) }],
  );
  for (const [index, { shown, block }] of blocks.entries()) {
    const other = blocks.slice(0, index).find((earlier) => overlap(earlier.block, block));
    if (other === undefined) continue;
    throw new Error(
      `subnetSpecs: ${other.shown} and ${shown} overlap; use a larger VPC, smaller subnets or fewer availability zones`,
    );
  }
}

function refuseGaps(cidrBlock: string, subnets: readonly PlannedSubnet[]): void {
  const vpc = parseBlock(cidrBlock);
  let expected = first(vpc);
  for (const { label, zone, cidrBlock: own } of subnets) {
    const block = parseBlock(own ?? "");
    if (first(block) !== expected) {
      throw new Error(`subnetSpecs: "Exact" allows no gaps; there is one before ${label}-${zone + 1} (${own})`);
    }
    expected = last(block) + 1;
  }
  if (expected !== last(vpc) + 1)
    throw new Error(`subnetSpecs: "Exact" allows no gaps; there is one at the end of ${cidrBlock}`);
}

/** As many subnets as one zone has, from the first one on, with `Unused` specs where space is left between them. */
function resolveFromPlan(subnets: readonly PlannedSubnet[], zones: number): SubnetSpec[] | undefined {
  const resolved: SubnetSpec[] = [];
  let previous: Block | undefined;
  for (const { type, cidrBlock } of subnets.slice(0, zones === 0 ? 0 : subnets.length / zones)) {
    if (cidrBlock === undefined) return undefined;
    const block = parseBlock(cidrBlock);
    if (previous !== undefined) resolved.push(...gaps(previous, block));
    resolved.push({ type, cidrMask: block.bits });
    previous = block;
  }
  return resolved;
}

/** Aligned blocks in the space between two blocks, none smaller than the first of the two and each as large as fits. */
function gaps(one: Block, other: Block): SubnetSpec[] {
  const [start, end] = first(one) < first(other) ? [one, other] : [other, one];
  const found: SubnetSpec[] = [];
  let previous = one;
  let gap = nextAligned(start, start.bits);
  while (gap.address < first(end)) {
    for (let wider = widen(gap); !contains(wider, usable(previous).last) && !contains(wider, usable(end).first); ) {
      gap = wider;
      wider = widen(gap);
    }
    found.push({ type: "Unused", cidrMask: gap.bits });
    previous = gap;
    gap = nextAligned(gap, gap.bits);
  }
  return found;
}

function widen({ address, bits }: Block): Block {
  const wider = { address, bits: bits - 1 };
  return { ...wider, address: first(wider) };
}

const contains = (block: Block, address: number): boolean => overlap(block, { address, bits: 32 });

/** The addresses that hosts may use: all but the first and the last, except in the two smallest blocks. */
function usable(block: Block): { readonly first: number; readonly last: number } {
  const reserved = block.bits < 31 ? 1 : 0;
  return { first: first(block) + reserved, last: last(block) - reserved };
}
