import { parseBlock, size } from "./ipv4";

/**
 * How the strategies divide a zone: https://www.pulumi.com/registry/packages/awsx/api-docs/ec2/vpc/#subnet-layout-strategies
 * The provider compares these words exactly; any other word divides as `Auto` when specs are given and as `Legacy` otherwise.
 */
export type SubnetStrategy = "Auto" | "AutoMerge" | "Exact" | "Legacy";

/** One kind of subnet, repeated in every zone. */
export interface SubnetSpec {
  /** `Public`, `Private`, `Isolated` or `Unused`, in any case. */
  readonly type: string;
  readonly name?: string;
  readonly cidrMask?: number;
  /** Number of addresses, a power of two; another way to say `cidrMask`. */
  readonly size?: number;
  /** One range per zone; then every spec has them. */
  readonly cidrBlocks?: readonly string[];
}

export interface NormalSpecs {
  readonly specs: readonly SubnetSpec[];
  /** Whether the specs bring their ranges. */
  readonly explicit: boolean;
}

/** The largest mask whose size the provider knows. */
const smallestSize = 30;

export const isType = (spec: Pick<SubnetSpec, "type">, type: string): boolean =>
  spec.type.toLowerCase() === type.toLowerCase();

/** What a subnet of a spec is called, without the names of the VPC and the zone. */
export const labelOf = (spec: Pick<SubnetSpec, "name" | "type">): string => spec.name ?? spec.type.toLowerCase();

/**
 * Checks specs by the rules of the provider, and says mask and size of each where either is given.
 * @throws Error naming the spec, what it has and what is allowed.
 */
export function normalizeSpecs(specs: readonly SubnetSpec[], zones: number, strategy: string): NormalSpecs {
  const explicit = specs.some((spec) => spec.cidrBlocks !== undefined);
  if (explicit && strategy === "AutoMerge") {
    throw new Error(
      'subnetSpecs: cidrBlocks are not allowed with subnetStrategy "AutoMerge"; allowed with: "Auto", "Exact"',
    );
  }
  refuseSameNames(specs);
  return { specs: specs.map((spec, index) => check(spec, `subnetSpecs[${index}]`, explicit, zones)), explicit };
}

/** Two subnets of a zone with one name would be one resource. */
function refuseSameNames(specs: readonly SubnetSpec[]): void {
  for (const [index, spec] of specs.entries()) {
    const earlier = specs.findIndex((other) => isType(other, spec.type) && other.name === spec.name);
    if (earlier < index) {
      const given = spec.name === undefined ? "no name" : `the name ${JSON.stringify(spec.name)}`;
      throw new Error(
        `subnetSpecs[${index}].name: type ${spec.type} has ${given} in subnetSpecs[${earlier}] too; each spec of a type needs its own name`,
      );
    }
  }
}

function check(spec: SubnetSpec, at: string, explicit: boolean, zones: number): SubnetSpec {
  if (spec.size !== undefined && sizeMask(spec.size) === undefined) {
    throw new Error(`${at}.size: ${spec.size} is not allowed; allowed: powers of two from 4 to 4294967296`);
  }
  return explicit ? checkExplicit(spec, at, zones) : checkSized(spec, at);
}

function checkExplicit(spec: SubnetSpec, at: string, zones: number): SubnetSpec {
  if (spec.cidrBlocks === undefined)
    throw new Error(`${at}.cidrBlocks: when one spec has ranges, every spec needs them`);
  if (spec.cidrBlocks.length !== zones) {
    throw new Error(`${at}.cidrBlocks: ${spec.cidrBlocks.length} given; needed: one for each of ${zones} zones`);
  }
  const blocks = spec.cidrBlocks.map(parseBlock);
  if (spec.cidrMask !== undefined && blocks.some(({ bits }) => bits !== spec.cidrMask)) {
    throw new Error(`${at}.cidrMask: ${spec.cidrMask} contradicts cidrBlocks ${spec.cidrBlocks.join(", ")}`);
  }
  if (spec.size !== undefined && blocks.some((block) => size(block) !== spec.size)) {
    throw new Error(`${at}.size: ${spec.size} contradicts cidrBlocks ${spec.cidrBlocks.join(", ")}`);
  }
  return spec;
}

function checkSized(spec: SubnetSpec, at: string): SubnetSpec {
  const cidrMask = spec.cidrMask ?? (spec.size === undefined ? undefined : sizeMask(spec.size));
  const known = cidrMask !== undefined && cidrMask <= smallestSize ? 2 ** (32 - cidrMask) : undefined;
  if (spec.size !== undefined && known !== undefined && known !== spec.size) {
    throw new Error(`${at}.size: ${spec.size} contradicts cidrMask ${cidrMask}, which has ${known} addresses`);
  }
  return { ...spec, cidrMask, size: known };
}

function sizeMask(addresses: number): number | undefined {
  const bits = 32 - Math.log2(addresses);
  return Number.isInteger(bits) && bits >= 0 && bits <= smallestSize ? bits : undefined;
}
