import { replaceReferences } from "../../references";
import type { PropertyValue } from "../../types";
import { isUnknown, unknownValue } from "../../values";

/**
 * The IPv6 range of a subnet: the nth /64 of the VPC's /56; undefined for a subnet that gets none. It is unknown while the range
 * of the VPC is, even for a subnet without one, as in the CLI's own preview of a new VPC.
 * @param vpcBlock What is known of the VPC's range: empty when it has none.
 * @throws Error for a range that is known and cannot be divided.
 */
export function subnetIpv6Block(
  vpcBlock: PropertyValue,
  assign: PropertyValue,
  index: number,
): PropertyValue | undefined {
  const block = String(vpcBlock);
  const standsIn = replaceReferences(block, () => "") !== block;
  if (isUnknown(vpcBlock) || isUnknown(assign) || standsIn) return unknownValue;
  return assign === true ? nthSubnet(block, index) : undefined;
}

function nthSubnet(block: string, index: number): string {
  const [address = "", bits] = block.split("/");
  const groups = address.split(":");
  if (bits !== "56" || groups.length < 4 || groups[3] === "") {
    throw new Error(`${JSON.stringify(block)} is not an IPv6 address range such as 2600:1f00:1234:5600::/56`);
  }
  const fourth = (Number.parseInt(groups[3]!, 16) & 0xff00) | index;
  return `${groups.slice(0, 3).join(":")}:${fourth.toString(16)}::/64`;
}
