import { isWorld } from "./cidr";
import { at, list, type RuleResource } from "./rule";
import { types } from "./types";

/** One hole that a security group, a network ACL or a rule of either makes, in one shape. */
export interface Opening {
  readonly direction: "ingress" | "egress";
  /** `tcp`, `udp`, `icmp`, ... or `all`. */
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  /** CIDR blocks of both families. */
  readonly sources: readonly string[];
  readonly description: unknown;
}

/** Types that carry rules of security groups. */
export const groupTypes = [
  types.securityGroup,
  types.defaultSecurityGroup,
  types.securityGroupRule,
  types.securityGroupIngress,
  types.securityGroupEgress,
] as const;

/** Types that carry rules of network ACLs. */
export const aclTypes = [types.networkAcl, types.defaultNetworkAcl, types.networkAclRule] as const;

const protocols: Readonly<Record<string, string>> = {
  "-1": "all",
  "1": "icmp",
  "6": "tcp",
  "17": "udp",
  "58": "icmpv6",
};

const cidrKeys = ["cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks", "cidrBlock", "ipv6CidrBlock"];

function opening(direction: Opening["direction"], rule: unknown): Opening {
  const given = String(at(rule, "ipProtocol") ?? at(rule, "protocol") ?? "").toLowerCase();
  const protocol = protocols[given] ?? given;
  const every = protocol === "all";
  return {
    direction,
    protocol,
    from: every ? 0 : Number(at(rule, "fromPort") ?? 0),
    to: every ? 65_535 : Number(at(rule, "toPort") ?? 65_535),
    sources: cidrKeys.flatMap((key) => list(at(rule, key))).map(String),
    description: at(rule, "description"),
  };
}

const both = (props: unknown, keep: (rule: unknown) => boolean = () => true): Opening[] =>
  (["ingress", "egress"] as const).flatMap((direction) =>
    list(at(props, direction))
      .filter(keep)
      .map((rule) => opening(direction, rule)),
  );

/** The openings that a security group, or a rule of its own, makes. */
export function openings({ type, props }: RuleResource): readonly Opening[] {
  if (type === types.securityGroup || type === types.defaultSecurityGroup) return both(props);
  if (type === types.securityGroupIngress) return [opening("ingress", props)];
  if (type === types.securityGroupEgress) return [opening("egress", props)];
  return [opening(props.type === "egress" ? "egress" : "ingress", props)];
}

/** The openings that a network ACL, or a rule of its own, makes. */
export function aclOpenings({ type, props }: RuleResource): readonly Opening[] {
  if (type !== types.networkAclRule) return both(props, (rule) => at(rule, "action") !== "deny");
  if (props.ruleAction === "deny") return [];
  return [opening(props.egress === true ? "egress" : "ingress", props)];
}

/** True when the whole internet, or a large part of it, comes in or is reached. */
export const isOpenToWorld = ({ sources }: Opening): boolean => sources.some(isWorld);

/** True when the opening takes in a port; ICMP has none. */
export const hasPort = ({ protocol, from, to }: Opening, port: number): boolean =>
  !protocol.startsWith("icmp") && from <= port && port <= to;

/** True when every port is open. */
export const isEveryPort = ({ protocol, from, to }: Opening): boolean =>
  protocol === "all" || (!protocol.startsWith("icmp") && from <= 1 && to === 65_535);
