import { groupTypes, openings } from "../openings";
import { type Rule, referrers, referring } from "../rule";
import { types } from "../types";

const described: Rule = {
  id: "CKV_AWS_23",
  severity: "low",
  title: "Security groups and their rules say what they are for",
  rationale: "A rule that nobody can explain is never removed.",
  remediation: "Give every group and rule a description.",
  types: groupTypes,
  scope: "resource",
  check: (resource) => {
    if (resource.type === types.securityGroup && !resource.props.description) return "the group has no description";
    return openings(resource).every((one) => one.description) ? undefined : "a rule has no description";
  },
  passing: [{ type: types.securityGroup, props: { description: "Tasks", egress: [{ description: "HTTPS" }] } }],
  failing: [{ type: types.securityGroup, props: { description: "Tasks", egress: [{ protocol: "tcp" }] } }],
};

const vpcUrn = `urn:pulumi:prod::p::${types.vpc}::vpc`;

const flowLogs: Rule = {
  id: "CKV2_AWS_11",
  alsoKnownAs: ["AwsSolutions-VPC7", "EC2.6"],
  severity: "medium",
  title: "VPCs have flow logs",
  rationale: "Without them nobody can tell after the fact who talked to whom.",
  remediation: "Declare an aws.ec2.FlowLog for the VPC, of all traffic.",
  types: [types.vpc],
  scope: "stack",
  check: (vpc, stack) =>
    referring(stack, types.flowLog, "vpcId", vpc).some(({ props }) =>
      ["ALL", undefined].includes(props.trafficType as string),
    )
      ? undefined
      : "no flow log of all traffic is declared",
  passing: [
    { type: types.vpc, urn: vpcUrn },
    { type: types.flowLog, props: { trafficType: "ALL" }, references: { vpcId: [vpcUrn] } },
  ],
  failing: [
    { type: types.vpc, urn: vpcUrn },
    { type: types.flowLog, props: { trafficType: "ACCEPT" }, references: { vpcId: [vpcUrn] } },
  ],
};

const addressesUsed: Rule = {
  id: "CKV2_AWS_19",
  alsoKnownAs: ["EC2.12"],
  severity: "low",
  title: "Elastic IPs are in use",
  rationale: "An address that nothing uses is billed, and its name may still point at it.",
  remediation: "Remove the address, or give it to a NAT gateway or load balancer.",
  types: [types.eip],
  scope: "stack",
  check: (eip, stack) =>
    "instance" in eip.props || "networkInterface" in eip.props || referrers(stack, eip).length > 0
      ? undefined
      : "nothing uses the address",
  passing: [
    { type: types.eip, urn: vpcUrn },
    { type: types.natGateway, references: { allocationId: [vpcUrn] } },
  ],
  failing: [{ type: types.eip }],
};

const groupsUsed: Rule = {
  id: "CKV2_AWS_5",
  alsoKnownAs: ["EC2.22"],
  severity: "low",
  title: "Security groups are in use",
  rationale: "A group that nothing has is opened by somebody who means another one.",
  remediation: "Remove the group, or give it to what it is for.",
  types: [types.securityGroup],
  scope: "stack",
  check: (group, stack) =>
    referrers(stack, group).some(({ type }) => !(groupTypes as readonly string[]).includes(type))
      ? undefined
      : "nothing has the group",
  passing: [
    { type: types.securityGroup, urn: vpcUrn },
    { type: types.balancer, references: { securityGroups: [vpcUrn] } },
  ],
  failing: [{ type: types.securityGroup, urn: vpcUrn }],
};

export const networkRules: readonly Rule[] = [described, flowLogs, addressesUsed, groupsUsed];
