import { at, isSet, isTrue, text } from "./reading";
import type { Condition, Inputs, RuleAdditions } from "./rule";

const sources = ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"] as const;
const ruleSource = at("ec2/vpc_security_group_ingress_rule.go");

/** What a rule opens the port to: a rule can take another range, not another kind of source. */
const kindOfSource = (inputs: Inputs): string => sources.filter((key) => isSet(inputs, key)).join();

const ruleAdditions: RuleAdditions = {
  conditions: sources.map(
    (path): Condition => ({ path, when: (old, next) => kindOfSource(old) !== kindOfSource(next), source: ruleSource }),
  ),
};

const certificate = (path: string): Condition => ({
  path,
  when: (_, next) => !isSet(next, "certificateBody"),
  source: at("acm/certificate.go"),
});

/** What the schemas of the network, DNS and certificates do not say. */
export const networkAdditions: Readonly<Record<string, RuleAdditions>> = {
  "aws:ec2/vpc:Vpc": {
    conditions: [
      {
        path: "instanceTenancy",
        when: (old, next) =>
          text(old, "instanceTenancy") !== "dedicated" || (text(next, "instanceTenancy") || "default") !== "default",
        source: at("ec2/vpc_.go"),
      },
    ],
  },
  "aws:ec2/subnet:Subnet": {
    conditions: [
      {
        path: "ipv6CidrBlock",
        when: (old) => isTrue(old, "assignIpv6AddressOnCreation"),
        source: at("ec2/vpc_subnet.go"),
      },
    ],
  },
  "aws:ec2/natGateway:NatGateway": {
    conditions: [
      {
        path: "secondaryPrivateIpAddressCount",
        when: (_, next) =>
          text(next, "connectivityType") === "private" && isSet(next, "secondaryPrivateIpAddressCount"),
        source: at("ec2/vpc_nat_gateway.go"),
      },
    ],
  },
  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    conditions: [
      {
        path: "privateDnsEnabled",
        when: (_, next) => text(next, "vpcEndpointType") !== "Interface",
        source: at("ec2/vpc_endpoint.go"),
      },
    ],
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ruleAdditions,
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ruleAdditions,
  "aws:acm/certificate:Certificate": {
    conditions: [certificate("domainName"), certificate("subjectAlternativeNames")],
  },
};
