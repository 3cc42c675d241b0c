import { type Block, bitsFor, first, formatBlock, last, nextAligned, overlap, parseBlock, size } from "./ipv4";
import { legacyBlocks } from "./subnet-layout-legacy";

export type SubnetType = "Public" | "Private" | "Isolated" | "Unused";
export type SubnetStrategy = "Auto" | "AutoMerge" | "Exact" | "Legacy";

/** One kind of subnet, repeated in every zone. */
export interface SubnetSpec {
  readonly type: SubnetType;
  readonly name?: string;
  readonly cidrMask?: number;
  /** Number of addresses, a power of two; another way to say `cidrMask`. */
  readonly size?: number;
  /** One range per zone; then every spec has them. */
  readonly cidrBlocks?: readonly string[];
}

/** One subnet of one zone. */
export interface PlannedSubnet {
  /** Index of its spec, -1 for a default subnet. */
  readonly spec: number;
  readonly type: SubnetType;
  /** Index of its zone. */
  readonly zone: number;
  readonly cidrBlock: string;
  /** Name without the VPC's and the zone's part. */
  readonly label: string;
}

export interface LayoutRequest {
  readonly cidrBlock: string;
  /** Number of availability zones. */
  readonly zones: number;
  readonly strategy: SubnetStrategy;
  readonly specs?: readonly SubnetSpec[];
  readonly availabilityZoneCidrMask?: number;
}

export interface Layout {
  readonly subnets: readonly PlannedSubnet[];
  /** What one zone's range is used for, gaps included, in the words of the `Auto` strategy. */
  readonly resolved: readonly SubnetSpec[];
}

/**
 * Divides a VPC's range among zones and subnets as `awsx.ec2.Vpc` 3.x does; the strategies are described at
 * https://www.pulumi.com/registry/packages/awsx/api-docs/ec2/vpc/#subnet-layout-strategies
 * @throws Error with the reason when the specs contradict each other, do not fit, overlap or (Exact) leave a gap.
 */
export function layoutSubnets(request: LayoutRequest): Layout {
  const specs = normalizeSpecs(request);
  const subnets = plan(request, specs);
  refuseOverlaps(subnets);
  if (request.strategy === "Exact") refuseGaps(request.cidrBlock, subnets);
  const isOwnLayout = specs !== undefined && request.strategy !== "Legacy";
  return { subnets, resolved: isOwnLayout ? specs : resolveFromPlan(subnets) };
}

function plan(request: LayoutRequest, specs: readonly SubnetSpec[] | undefined): PlannedSubnet[] {
  const vpc = parseBlock(request.cidrBlock);
  if (request.strategy === "Legacy" || (specs === undefined && request.strategy === "Exact")) {
    return legacyBlocks(vpc, request.zones, specs).map(({ block, ...subnet }) => ({
      ...subnet,
      cidrBlock: formatBlock(block),
    }));
  }
  if (specs?.some((spec) => spec.cidrBlocks !== undefined)) {
    return perZone(request.zones, specs, (spec, zone) => spec.cidrBlocks?.[zone] ?? "");
  }
  return autoLayout(vpc, request, specs);
}

function autoLayout(vpc: Block, request: LayoutRequest, given: readonly SubnetSpec[] | undefined): PlannedSubnet[] {
  const zoneBits = request.availabilityZoneCidrMask ?? vpc.bits + bitsFor(request.zones);
  const specs = request.strategy === "AutoMerge" ? mergeDefaults(zoneBits, given) : (given ?? defaultSpecs(zoneBits));
  if (specs.length === 0) throw new Error("No subnets specified");
  const evenBits = zoneBits + bitsFor(specs.length);
  const bitsOf = (spec: SubnetSpec): number => spec.cidrMask ?? evenBits;
  const needed = specs.reduce((sum, spec) => sum + size({ address: 0, bits: bitsOf(spec) }), 0);
  const available = size({ address: 0, bits: zoneBits });
  if (needed > available) {
    throw new Error(`Subnets are too large: a zone has ${available} addresses, its subnets need ${needed}`);
  }
  const base = first(vpc);
  let previous: Block | undefined;
  return perZone(request.zones, specs, (spec, zone, index) => {
    const zoneStart = { address: base + zone * available, bits: bitsOf(spec) };
    const block =
      index === 0 || previous === undefined
        ? { ...zoneStart, address: first(zoneStart) }
        : nextAligned(previous, bitsOf(spec));
    previous = block;
    return formatBlock(block);
  });
}

function perZone(
  zones: number,
  specs: readonly SubnetSpec[],
  cidr: (spec: SubnetSpec, zone: number, index: number) => string,
): PlannedSubnet[] {
  const numbers = Array.from({ length: zones }, (_, zone) => zone);
  return numbers.flatMap((zone) =>
    specs.map((spec, index) => ({
      spec: index,
      type: spec.type,
      zone,
      cidrBlock: cidr(spec, zone, index),
      label: labelOf(spec),
    })),
  );
}

export function labelOf(spec: Pick<SubnetSpec, "name" | "type">): string {
  return spec.name ?? spec.type.toLowerCase();
}

/** Half of a zone private, a quarter public; of a very large VPC only the first /16 of each zone. */
function defaultSpecs(zoneBits: number): SubnetSpec[] {
  if (zoneBits > 26) {
    throw new Error(`Automatic subnets need at least a /26 in each zone, only a /${zoneBits} is there`);
  }
  const bits = Math.max(zoneBits, 16);
  return [
    { type: "Private", cidrMask: bits + 1 },
    { type: "Public", cidrMask: bits + 2 },
  ];
}

function mergeDefaults(zoneBits: number, given: readonly SubnetSpec[] = []): SubnetSpec[] {
  const defaults = defaultSpecs(zoneBits).map((spec) => ({ ...spec, ...given.find(({ type }) => type === spec.type) }));
  return [...defaults, ...given.filter(({ type }) => type !== "Private" && type !== "Public")];
}

function normalizeSpecs({ specs, zones, strategy }: LayoutRequest): SubnetSpec[] | undefined {
  if (specs === undefined) return undefined;
  const explicit = specs.some((spec) => spec.cidrBlocks !== undefined);
  if (explicit && strategy === "AutoMerge") throw new Error("cidrBlocks are not supported with AutoMerge");
  return specs.map((spec, index) => {
    const at = `subnetSpecs[${index}]`;
    if (explicit) return checkExplicit(spec, at, zones);
    if (spec.size === undefined) return spec;
    const bits = 32 - Math.log2(spec.size);
    if (!Number.isInteger(bits) || bits < 0 || bits > 30)
      throw new Error(`${at}.size: ${spec.size} is not a power of two`);
    if (spec.cidrMask !== undefined && spec.cidrMask !== bits) {
      throw new Error(`${at}: size ${spec.size} is a /${bits}, cidrMask says /${spec.cidrMask}`);
    }
    return { ...spec, cidrMask: bits };
  });
}

function checkExplicit(spec: SubnetSpec, at: string, zones: number): SubnetSpec {
  if (spec.cidrBlocks === undefined) throw new Error(`${at}: when one spec has cidrBlocks, all need them`);
  if (spec.cidrBlocks.length !== zones) {
    throw new Error(`${at}.cidrBlocks: ${spec.cidrBlocks.length} given, one for each of ${zones} zones is needed`);
  }
  const blocks = spec.cidrBlocks.map(parseBlock);
  if (spec.cidrMask !== undefined && blocks.some(({ bits }) => bits !== spec.cidrMask)) {
    throw new Error(`${at}: cidrMask /${spec.cidrMask} contradicts cidrBlocks`);
  }
  if (spec.size !== undefined && blocks.some((block) => size(block) !== spec.size)) {
    throw new Error(`${at}: size ${spec.size} contradicts cidrBlocks`);
  }
  return spec;
}

function refuseOverlaps(subnets: readonly PlannedSubnet[]): void {
  const blocks = subnets.map(({ cidrBlock }) => parseBlock(cidrBlock));
  const clashing = subnets.filter((_, i) => blocks.some((block, j) => i !== j && overlap(block, blocks[i]!)));
  if (clashing.length === 0) return;
  const list = clashing.map(({ label, zone, cidrBlock }) => `${label}-${zone + 1} ${cidrBlock}`).join(", ");
  throw new Error(`These subnets overlap: ${list}; use a larger VPC, smaller subnets or fewer zones`);
}

function refuseGaps(cidrBlock: string, subnets: readonly PlannedSubnet[]): void {
  const vpc = parseBlock(cidrBlock);
  let expected = first(vpc);
  for (const subnet of subnets) {
    const block = parseBlock(subnet.cidrBlock);
    if (first(block) !== expected)
      throw new Error(`There is a gap before ${subnet.label}-${subnet.zone + 1} ${subnet.cidrBlock}`);
    expected = last(block) + 1;
  }
  if (expected !== last(vpc) + 1) throw new Error(`There is a gap at the end of ${cidrBlock}`);
}

/** The first zone's subnets in order, with `Unused` specs where space is left between them. */
function resolveFromPlan(subnets: readonly PlannedSubnet[]): SubnetSpec[] {
  const resolved: SubnetSpec[] = [];
  let previous: Block | undefined;
  for (const subnet of subnets.filter(({ zone }) => zone === 0)) {
    const block = parseBlock(subnet.cidrBlock);
    if (previous !== undefined) resolved.push(...gaps(previous, block));
    const named = subnet.label === subnet.type.toLowerCase() ? {} : { name: subnet.label };
    resolved.push({ type: subnet.type, ...named, cidrMask: block.bits });
    previous = block;
  }
  return resolved;
}

/** The fewest aligned blocks that fill the space between two blocks. */
function gaps(before: Block, after: Block): SubnetSpec[] {
  const found: SubnetSpec[] = [];
  let address = last(before) + 1;
  while (address < first(after)) {
    let bits = 32;
    while (bits > 0 && address % 2 ** (33 - bits) === 0 && address + 2 ** (33 - bits) <= first(after)) bits -= 1;
    found.push({ type: "Unused", cidrMask: bits });
    address += 2 ** (32 - bits);
  }
  return found;
}
