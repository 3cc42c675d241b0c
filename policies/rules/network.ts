import { at, list, type Rule, type RuleResource } from "../rule";

const groupTypes = [
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ec2/securityGroupRule:SecurityGroupRule",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
] as const;
const [groupType, , ingressType, egressType] = groupTypes;
const anywhere = ["0.0.0.0/0", "::/0"];

interface Opening {
  readonly direction: "ingress" | "egress";
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly sources: readonly unknown[];
  readonly description: unknown;
}

/** The openings that a security group or a rule of its own makes, in one shape. */
function openings({ type, props }: RuleResource): readonly Opening[] {
  const of = (direction: Opening["direction"], rule: unknown): Opening => ({
    direction,
    protocol: String(at(rule, "ipProtocol") ?? at(rule, "protocol") ?? ""),
    from: Number(at(rule, "fromPort") ?? 0),
    to: Number(at(rule, "toPort") ?? 65535),
    sources: ["cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks"].flatMap((key) => list(at(rule, key))),
    description: at(rule, "description"),
  });
  if (type === groupType) {
    return [
      ...list(props.ingress).map((rule) => of("ingress", rule)),
      ...list(props.egress).map((rule) => of("egress", rule)),
    ];
  }
  if (type === ingressType) return [of("ingress", props)];
  if (type === egressType) return [of("egress", props)];
  return [of(props.type === "egress" ? "egress" : "ingress", props)];
}

const isAll = ({ protocol }: Opening): boolean => protocol === "-1" || protocol === "all";

function openToWorld(port: number) {
  return (resource: RuleResource): string | undefined =>
    openings(resource).some(
      (o) =>
        o.direction === "ingress" &&
        o.sources.some((source) => anywhere.includes(String(source))) &&
        (isAll(o) || (o.from <= port && port <= o.to)),
    )
      ? `port ${port} is open to the whole internet`
      : undefined;
}

const worldIngress = (port: number) => ({
  type: ingressType,
  props: { ipProtocol: "tcp", fromPort: port, toPort: port, cidrIpv4: "0.0.0.0/0", description: "x" },
});

const described: Rule = {
  id: "CKV_AWS_23",
  severity: "low",
  title: "Security groups and their rules say what they are for",
  rationale: "A rule that nobody can explain is never removed.",
  remediation: "Give every group and rule a description.",
  types: groupTypes,
  scope: "resource",
  check: (resource) => {
    if (resource.type === groupType && !resource.props.description) return "the group has no description";
    return openings(resource).every((o) => o.description) ? undefined : "a rule has no description";
  },
  passing: [{ type: groupType, props: { description: "Tasks", egress: [{ description: "HTTPS" }] } }],
  failing: [{ type: groupType, props: { description: "Tasks", egress: [{ protocol: "tcp" }] } }],
};

const noWorldSsh: Rule = {
  id: "CKV_AWS_24",
  severity: "critical",
  title: "SSH is not open to the internet",
  rationale: "Nothing here needs SSH; nodes are reached through SSM sessions.",
  remediation: "Remove the rule and use `aws ssm start-session`.",
  types: groupTypes,
  scope: "resource",
  check: openToWorld(22),
  passing: [worldIngress(443)],
  failing: [worldIngress(22)],
};

const noWorldHttp: Rule = {
  id: "CKV_AWS_260",
  severity: "medium",
  title: "Plain HTTP is not open to the internet",
  rationale: "Players' keys must never travel in clear text.",
  remediation: "Serve HTTPS only; in dev list the networks that may use plain HTTP.",
  types: groupTypes,
  scope: "resource",
  check: openToWorld(80),
  passing: [worldIngress(443)],
  failing: [worldIngress(80)],
};

const noOpenEgress: Rule = {
  id: "CKV_AWS_382",
  severity: "low",
  title: "Egress is limited",
  rationale: "A task that can reach everything can send everything.",
  remediation: "Allow the ports that the service needs, HTTPS for AWS's own endpoints included.",
  types: groupTypes,
  scope: "resource",
  check: (resource) =>
    openings(resource).some(
      (o) => o.direction === "egress" && isAll(o) && o.sources.some((source) => anywhere.includes(String(source))),
    )
      ? "every protocol and port is open to the whole internet"
      : undefined,
  passing: [
    {
      type: egressType,
      props: { ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv4: "0.0.0.0/0", description: "x" },
    },
  ],
  failing: [{ type: egressType, props: { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", description: "x" } }],
};

const vpcType = "aws:ec2/vpc:Vpc";
const flowLogType = "aws:ec2/flowLog:FlowLog";

const flowLogs: Rule = {
  id: "AwsSolutions-VPC7",
  severity: "medium",
  title: "VPCs have flow logs",
  rationale: "Without them nobody can tell after the fact who talked to whom.",
  remediation: "Declare an aws.ec2.FlowLog for the VPC.",
  types: [vpcType],
  scope: "stack",
  check: (_vpc, stack) => (stack.some(({ type }) => type === flowLogType) ? undefined : "no flow log is declared"),
  passing: [{ type: vpcType }, { type: flowLogType }],
  failing: [{ type: vpcType }],
};

export const networkRules: readonly Rule[] = [described, noWorldSsh, noWorldHttp, noOpenEgress, flowLogs];
