import { cidrPrefix, loadBalancerSubnet, reservedAddresses } from "../catalog/vpc";
import { InputError } from "../contracts/input-error";

/** An IPv4 range. */
export interface Cidr {
  /** First address as a number. */
  readonly first: number;
  readonly prefix: number;
}

/** The sizes of a network's subnets, as prefix lengths. */
export interface SubnetPlan {
  readonly privatePrefix: number;
  readonly publicPrefix: number;
  /** Addresses that tasks, nodes and endpoints of one zone can have. */
  readonly privateAddresses: number;
}

const subnetBits = { private: 3, public: 6 } as const;

/**
 * Reads a range in CIDR notation.
 * @throws InputError when it is none, or when bits behind the prefix are set.
 */
export function parseCidr(text: string, path: string, where?: string): Cidr {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)?.slice(1).map(Number);
  const refuse = (allowed: string) => new InputError({ path, given: text, allowed, where });
  if (parts === undefined) throw refuse("an IPv4 range in CIDR notation such as 10.20.0.0/16");
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = parts;
  if (Math.max(a, b, c, d) > 255 || prefix > 32) throw refuse("an IPv4 range in CIDR notation such as 10.20.0.0/16");
  const first = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  if (first % 2 ** (32 - prefix) !== 0)
    throw refuse(`the first address of a /${prefix}, for example ${format(first, prefix)}`);
  return { first, prefix };
}

/** Number of addresses in a range. */
export function size({ prefix }: Cidr): number {
  return 2 ** (32 - prefix);
}

/** Whether two ranges share an address. */
export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.first < other.first + size(other) && other.first < one.first + size(one);
}

/**
 * Plans one private and one public subnet per zone: private ones get an eighth of the range each, public ones, which hold load
 * balancers and NAT gateways alone, a sixty-fourth.
 * @throws InputError when the range is no private one, cannot hold the subnets, or meets a range that is taken.
 */
export function planSubnets(
  options: { readonly cidr: string; readonly zones: number; readonly reserved: readonly string[] },
  where?: string,
): SubnetPlan {
  const path = "network.cidr";
  const network = parseCidr(options.cidr, path, where);
  const refuse = (allowed: string) => new InputError({ path, given: options.cidr, allowed, where });
  if (!privateRanges.some((range) => contains(range, network))) {
    throw refuse("a range within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16");
  }
  const smallest = loadBalancerSubnet.prefix - subnetBits.public;
  if (network.prefix < cidrPrefix.largest || network.prefix > smallest) {
    throw refuse(
      `a prefix from /${cidrPrefix.largest} to /${smallest}, so that each zone's public subnet has a /27 at least`,
    );
  }
  options.reserved.forEach((text, index) => {
    if (overlaps(network, parseCidr(text, `network.reserved[${index}]`, where))) {
      throw refuse(`a range that does not overlap ${text} of network.reserved`);
    }
  });
  const privatePrefix = network.prefix + subnetBits.private;
  const publicPrefix = network.prefix + subnetBits.public;
  return { privatePrefix, publicPrefix, privateAddresses: 2 ** (32 - privatePrefix) - reservedAddresses };
}

const privateRanges: readonly Cidr[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((text) =>
  parseCidr(text, "private range"),
);

function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.prefix <= inner.prefix && overlaps(outer, inner);
}

function format(address: number, prefix: number): string {
  const start = Math.floor(address / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${octets.join(".")}/${prefix}`;
}
