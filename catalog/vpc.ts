import { badName, type LimitProblem } from "./problem";

/** Sizes of a VPC and of a subnet as prefix lengths. Source: VPC User Guide, "VPC CIDR blocks" and "Subnet sizing". */
export const cidrPrefix = { largest: 16, smallest: 28 } as const;

/** Addresses of each subnet that AWS keeps: the first four and the last. Source: VPC User Guide, "Subnet sizing". */
export const reservedAddresses = 5;

/** A load balancer's subnet needs a /27 and 8 free addresses. Source: ELB User Guide, "Subnets for your load balancer". */
export const loadBalancerSubnet = { prefix: 27, freeAddresses: 8 } as const;

/** Quotas of an account and region that can be raised. Source: Amazon VPC quotas. */
export const vpcQuotas = {
  vpcs: 5,
  subnetsPerVpc: 200,
  cidrsPerVpc: 5,
  elasticIps: 5,
  rulesPerSecurityGroup: 60,
  securityGroupsPerInterface: 5,
  /** Rules per group times groups per interface. */
  rulesPerInterface: 1000,
} as const;

/** The problem of a security group's number of rules in one direction; a prefix list counts with its maximum size. */
export function ruleCountProblem(rules: number): LimitProblem | undefined {
  if (rules <= vpcQuotas.rulesPerSecurityGroup) return undefined;
  return {
    given: rules,
    allowed: `at most ${vpcQuotas.rulesPerSecurityGroup} rules in each direction of a security group`,
  };
}

/** The problem of a security group's name. Source: EC2 API reference, CreateSecurityGroup. */
export const securityGroupNameProblem = (name: string): LimitProblem | undefined =>
  badName(name, {
    max: 255,
    pattern: /^(?!sg-)[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]+$/,
    words: "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*; not beginning with sg-",
  });

/**
 * Prices in US dollars that decide between NAT gateway and interface endpoints, us-east-1: 0.01 per endpoint, zone and hour, 0.01
 * per GB through an endpoint, 0.045 per GB through a NAT gateway. Source: AWS PrivateLink and Amazon VPC pricing, 2025.
 */
export const endpointPrices = { perZoneHour: 0.01, perGb: 0.01, natPerGb: 0.045, hoursPerMonth: 730 } as const;

/** GB a month and zone above which an interface endpoint is cheaper than the NAT gateway: 7.30 / (0.045 - 0.01) = 208.6. */
export const endpointBreakEvenGb =
  (endpointPrices.perZoneHour * endpointPrices.hoursPerMonth) / (endpointPrices.natPerGb - endpointPrices.perGb);
