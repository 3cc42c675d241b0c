import { isIPv4 } from "node:net";

/** Ranges that no packet of the internet comes from: RFC 1918, RFC 6598, loopback, link-local and unique local addresses. */
const inside = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"];
const insideV6 = ["fc00::/7", "fe80::/10", "::1/128"];

/** Shorter prefixes of public ranges take in more than one provider has: a large part of the internet. */
const shortest = { v4: 16, v6: 32 };

/** True for a range that takes in the internet or a large part of it; `0.0.0.0/1` twice is the same as `0.0.0.0/0`. */
export function isWorld(cidr: string): boolean {
  const range = parse(cidr);
  if (range === undefined) return false;
  const { v4, length } = range;
  if (length >= (v4 ? shortest.v4 : shortest.v6)) return false;
  return !(v4 ? inside : insideV6).some((wide) => contains(parse(wide)!, range));
}

interface Range {
  readonly v4: boolean;
  readonly address: bigint;
  readonly length: number;
}

function parse(cidr: string): Range | undefined {
  const [address = "", bits = ""] = cidr.split("/");
  if (!/^\d+$/.test(bits)) return undefined;
  const v4 = isIPv4(address);
  return {
    v4,
    address: v4 ? number(address.split("."), 8n, 10) : number(groups(address), 16n, 16),
    length: Number(bits),
  };
}

const number = (parts: readonly string[], bits: bigint, base: number): bigint =>
  parts.reduce((sum, part) => (sum << bits) + BigInt(Number.parseInt(part || "0", base)), 0n);

/** The eight groups of an IPv6 address. */
function groups(address: string): string[] {
  const [head = "", tail = ""] = address.split("::").map((half) => half);
  const first = head === "" ? [] : head.split(":");
  const last = tail === "" ? [] : tail.split(":");
  return [...first, ...Array(Math.max(0, 8 - first.length - last.length)).fill("0"), ...last].slice(0, 8);
}

function contains(wide: Range, { v4, address, length }: Range): boolean {
  const width = v4 ? 32 : 128;
  const host = BigInt(width - wide.length);
  return wide.v4 === v4 && wide.length <= length && wide.address >> host === address >> host;
}
