import {
  aclOpenings,
  aclTypes,
  groupTypes,
  hasPort,
  isEveryPort,
  isOpenToWorld,
  type Opening,
  openings,
} from "../openings";
import { at, type Example, list, type Rule, type RuleResource, referring } from "../rule";
import { types } from "../types";

/** The port on which the edge faces players; no other may face the internet. */
const edgePort = 443;

/** Ports that AWS's EC2.19 names, and those of this platform's own stores; SSH, RDP and HTTP have rules of their own. */
const risky: Readonly<Record<number, string>> = {
  20: "FTP",
  21: "FTP",
  23: "Telnet",
  25: "SMTP",
  110: "POP3",
  135: "RPC",
  143: "IMAP",
  445: "CIFS",
  1433: "SQL Server",
  1434: "SQL Server",
  2049: "NFS",
  3000: "Node.js",
  3306: "MySQL",
  4333: "mSQL",
  5000: "Flask",
  5432: "PostgreSQL",
  5500: "fcp-addr-srvr1",
  5601: "OpenSearch Dashboards",
  6379: "Valkey",
  8080: "a proxy",
  8088: "HTTP",
  8888: "HTTP",
  9200: "OpenSearch",
  9300: "OpenSearch",
  11211: "Memcached",
  27017: "MongoDB",
};

/** What comes in from the world through a security group or a rule of one. */
const fromWorld = (resource: RuleResource): Opening[] =>
  openings(resource).filter((one) => one.direction === "ingress" && isOpenToWorld(one));

const range = ({ protocol, from, to }: Opening): string =>
  `${protocol} ${from === to ? `port ${from}` : `ports ${from}-${to}`}`;

const ingress = (fields: object): Example => [
  { type: types.securityGroupIngress, props: { ipProtocol: "tcp", description: "x", ...fields } },
];
const world = { cidrIpv4: "0.0.0.0/0" };
const port = (number: number) => ({ ...world, fromPort: number, toPort: number });

type About = Pick<Rule, "id" | "alsoKnownAs" | "severity" | "title" | "rationale" | "remediation">;

/** A rule about one port of security groups, as Checkov has them. */
const closedPort = (number: number, about: About): Rule => ({
  ...about,
  types: groupTypes,
  scope: "resource",
  check: (resource) =>
    fromWorld(resource).some((one) => hasPort(one, number)) ? `port ${number} is open to the internet` : undefined,
  passing: ingress(port(edgePort)),
  failing: ingress(port(number)),
});

/** A rule about one port of network ACLs. */
const closedAclPort = (id: string, number: number, what: string): Rule => ({
  id,
  alsoKnownAs: number === 22 ? ["EC2.21"] : [],
  severity: "high",
  title: `No network ACL lets the internet to ${what}`,
  rationale: "The ACL is the last wall when a security group is opened by mistake.",
  remediation: "Take the port out of the ACL's allow rules.",
  types: aclTypes,
  scope: "resource",
  check: (resource) =>
    aclOpenings(resource).some(
      (one) => one.direction === "ingress" && isOpenToWorld(one) && hasPort(one, number) && !isEveryPort(one),
    )
      ? `port ${number} is open to the internet`
      : undefined,
  passing: [aclRule(edgePort)],
  failing: [aclRule(number)],
});

function aclRule(number: number) {
  const props = { ruleAction: "allow", protocol: "tcp", cidrBlock: "0.0.0.0/0", fromPort: number, toPort: number };
  return { type: types.networkAclRule, props };
}

const everyPort: Rule = {
  id: "CKV_AWS_277",
  severity: "critical",
  title: "Not every port is open to the internet",
  rationale: "Whatever listens behind the group, today or later, faces the world.",
  remediation: "Name the port and the security group that may reach it.",
  types: groupTypes,
  scope: "resource",
  check: (resource) => (fromWorld(resource).some(isEveryPort) ? "every port is open to the internet" : undefined),
  passing: ingress(port(edgePort)),
  failing: ingress({ ...world, ipProtocol: "-1" }),
};

const riskyPorts: Rule = {
  id: "EC2.19",
  severity: "critical",
  title: "No store or control port is open to the internet",
  rationale: "Databases, caches and consoles are searched for all over the internet within minutes.",
  remediation: "Let the port in from the security groups that need it, by referencedSecurityGroupId.",
  types: groupTypes,
  scope: "resource",
  check: (resource) => {
    const found = fromWorld(resource)
      .filter((one) => !isEveryPort(one))
      .flatMap((one) => Object.entries(risky).filter(([number]) => hasPort(one, Number(number))));
    return found.length === 0
      ? undefined
      : `open to the internet: ${found.map(([number, what]) => `${number} (${what})`).join(", ")}`;
  },
  passing: ingress({ cidrIpv4: "10.0.0.0/8", fromPort: 5432, toPort: 5432 }),
  failing: ingress(port(5432)),
};

const otherPorts: Rule = {
  id: "EC2.18",
  severity: "high",
  title: "Only the edge's port is open to the internet",
  rationale: "What faces players is the edge on HTTPS; another port is a way around it, its rate limits and its logs.",
  remediation: "Let the port in from the security groups that need it, by referencedSecurityGroupId.",
  types: groupTypes,
  scope: "resource",
  check: (resource) => {
    const named = [22, 80, 3389, ...Object.keys(risky).map(Number)];
    const found = fromWorld(resource).find(
      (one) =>
        !one.protocol.startsWith("icmp") &&
        !isEveryPort(one) &&
        !(one.from === edgePort && one.to === edgePort) &&
        !named.some((number) => hasPort(one, number)),
    );
    return found && `${range(found)} is open to the internet`;
  },
  passing: ingress(port(edgePort)),
  failing: ingress(port(8010)),
};

/** True for a security group that an internet-facing load balancer has. */
const facesPlayers = (urn: string, stack: readonly RuleResource[]): boolean =>
  stack.some(
    ({ type, props, references }) =>
      type === types.balancer && props.internal !== true && references.securityGroups?.includes(urn) === true,
  );

const edgeUrn = `urn:pulumi:prod::p::${types.securityGroup}::edge`;
const edgeGroup = { urn: edgeUrn, type: types.securityGroup, name: "edge" };
const edgeRule = (references: Record<string, string[]>) => ({ ...ingress(port(edgePort))[0]!, references });

const edgeOnly: Rule = {
  id: "GAP-EDGE-ONLY",
  severity: "high",
  title: "Only the edge's load balancer faces the internet",
  rationale: "A task or node that the internet reaches has no web ACL, no rate limit and no access log before it.",
  remediation: "Publish the service as a path of the edge instead.",
  types: groupTypes,
  scope: "stack",
  check: (resource, stack) => {
    if (!fromWorld(resource).some((one) => hasPort(one, edgePort))) return undefined;
    const own = resource.type === types.securityGroup ? [resource.urn] : (resource.references.securityGroupId ?? []);
    return own.some((urn) => facesPlayers(urn, stack))
      ? undefined
      : `port ${edgePort} is open to the internet on a group that is not the edge's`;
  },
  passing: [
    edgeRule({ securityGroupId: [edgeUrn] }),
    edgeGroup,
    { type: types.balancer, props: { internal: false }, references: { securityGroups: [edgeUrn] } },
  ],
  failing: [
    edgeRule({ securityGroupId: [edgeUrn] }),
    edgeGroup,
    { type: types.balancer, props: { internal: true }, references: { securityGroups: [edgeUrn] } },
  ],
};

const openEgress: Rule = {
  id: "CKV_AWS_382",
  severity: "low",
  title: "Egress is limited",
  rationale: "A task that can reach everything can send everything.",
  remediation: "Allow the ports that the service needs, HTTPS for AWS's own endpoints included.",
  types: groupTypes,
  scope: "resource",
  check: (resource) =>
    openings(resource).some((one) => one.direction === "egress" && isOpenToWorld(one) && isEveryPort(one))
      ? "every protocol and port is open to the whole internet"
      : undefined,
  passing: [{ type: types.securityGroupEgress, props: { ipProtocol: "tcp", ...port(443) } }],
  failing: [{ type: types.securityGroupEgress, props: { ipProtocol: "-1", ...world } }],
};

const vpcUrn = `urn:pulumi:prod::p::${types.vpc}::vpc`;

const defaultGroupIsDeclared: Rule = {
  id: "CKV2_AWS_12",
  alsoKnownAs: ["AwsSolutions-EC23"],
  severity: "medium",
  title: "The default security group is taken over",
  rationale: "What is made without a group of its own gets the default one, whose members reach each other.",
  remediation: "Declare an aws.ec2.DefaultSecurityGroup for the VPC without rules.",
  types: [types.vpc],
  scope: "stack",
  check: (vpc, stack) =>
    referring(stack, types.defaultSecurityGroup, "vpcId", vpc).length > 0
      ? undefined
      : "the default security group is left as AWS makes it",
  passing: [
    { type: types.vpc, urn: vpcUrn },
    { type: types.defaultSecurityGroup, references: { vpcId: [vpcUrn] } },
  ],
  failing: [{ type: types.vpc, urn: vpcUrn }],
};

const defaultGroupIsEmpty: Rule = {
  id: "EC2.2",
  severity: "high",
  title: "The default security group lets nothing through",
  rationale: "What is made without a group of its own gets the default one.",
  remediation: "Remove its rules; give whatever needs them a group of its own.",
  types: [types.defaultSecurityGroup],
  scope: "resource",
  check: ({ props }) => {
    const rules = [...list(props.ingress), ...list(props.egress)];
    return rules.length === 0 ? undefined : `the default security group has ${rules.length} rules`;
  },
  passing: [{ type: types.defaultSecurityGroup, props: { ingress: [], egress: [] } }],
  failing: [{ type: types.defaultSecurityGroup, props: { ingress: [{ protocol: "-1", self: true }] } }],
};

const aclEveryPort: Rule = {
  id: "CKV_AWS_352",
  severity: "high",
  title: "No network ACL opens every port to the internet",
  rationale: "The ACL is the last wall when a security group is opened by mistake.",
  remediation: "Name the ports that the subnets need.",
  types: aclTypes,
  scope: "resource",
  check: (resource) =>
    aclOpenings(resource).some((one) => one.direction === "ingress" && isOpenToWorld(one) && isEveryPort(one))
      ? "every port is open to the internet"
      : undefined,
  passing: [aclRule(edgePort)],
  failing: [{ type: types.networkAclRule, props: { ruleAction: "allow", protocol: "-1", cidrBlock: "::/0" } }],
};

const isDefault = (destination: unknown): boolean => destination === "0.0.0.0/0" || destination === "::/0";

/** Routes to everywhere: of a route table's own list, or a route by itself. */
function defaultRoutes({ type, props }: RuleResource): readonly unknown[] {
  const routes = type === types.routeTable ? list(props.routes) : [props];
  return routes.filter((one) =>
    ["cidrBlock", "ipv6CidrBlock", "destinationCidrBlock", "destinationIpv6CidrBlock"].some((key) =>
      isDefault(at(one, key)),
    ),
  );
}

/** True when a route table serves a subnet that is not meant to be public. */
function servesPrivate(tables: readonly string[], stack: readonly RuleResource[]): boolean {
  const subnets = stack
    .filter(
      ({ type, references }) =>
        type === types.routeTableAssociation && references.routeTableId?.some((urn) => tables.includes(urn)),
    )
    .flatMap(({ references }) => references.subnetId ?? []);
  return stack.some(({ urn, props }) => subnets.includes(urn) && props.mapPublicIpOnLaunch !== true);
}

const tableUrn = `urn:pulumi:prod::p::${types.routeTable}::table`;
const subnetUrn = `urn:pulumi:prod::p::${types.subnet}::subnet`;
const gatewayUrn = "urn:pulumi:prod::p::aws:ec2/internetGateway:InternetGateway::gateway";
const routed = (references: Record<string, string[]>): Example => [
  {
    type: types.route,
    props: { destinationCidrBlock: "0.0.0.0/0" },
    references: { routeTableId: [tableUrn], ...references },
  },
  { type: types.routeTable, urn: tableUrn },
  { type: types.subnet, urn: subnetUrn, props: { mapPublicIpOnLaunch: false } },
  { type: types.routeTableAssociation, references: { routeTableId: [tableUrn], subnetId: [subnetUrn] } },
];

const privateRoutes: Rule = {
  id: "CKV2_AWS_35",
  severity: "high",
  title: "Private subnets reach out through NAT gateways",
  rationale: "A route to the internet gateway makes a private subnet a public one.",
  remediation: "Route 0.0.0.0/0 to a NAT gateway, ::/0 to an egress-only gateway.",
  types: [types.route, types.routeTable],
  scope: "stack",
  check: (resource, stack) => {
    const { type, urn, references } = resource;
    const gateways = [...(references.gatewayId ?? []), ...(references.routes ?? [])];
    if (!gateways.some((one) => one.includes(":InternetGateway::")) || defaultRoutes(resource).length === 0)
      return undefined;
    const tables = type === types.routeTable ? [urn] : (references.routeTableId ?? []);
    return servesPrivate(tables, stack) ? "a private subnet has a route to the internet gateway" : undefined;
  },
  passing: routed({ natGatewayId: [`urn:pulumi:prod::p::${types.natGateway}::nat`] }),
  failing: routed({ gatewayId: [gatewayUrn] }),
};

const peering: Rule = {
  id: "CKV2_AWS_44",
  severity: "medium",
  title: "Peered networks are reached by their own range",
  rationale: "A default route into another VPC hands it all traffic.",
  remediation: "Route the other VPC's range only.",
  types: [types.route, types.routeTable],
  scope: "resource",
  check: (resource) =>
    defaultRoutes(resource).some((one) => typeof one === "object" && one !== null && "vpcPeeringConnectionId" in one)
      ? "the default route leads into another VPC"
      : undefined,
  passing: [{ type: types.route, props: { destinationCidrBlock: "10.9.0.0/16", vpcPeeringConnectionId: "pcx-1" } }],
  failing: [{ type: types.route, props: { destinationCidrBlock: "0.0.0.0/0", vpcPeeringConnectionId: "pcx-1" } }],
};

const ssm = "Remove the rule and use `aws ssm start-session`.";

export const exposureRules: readonly Rule[] = [
  closedPort(22, {
    id: "CKV_AWS_24",
    alsoKnownAs: ["EC2.13"],
    severity: "critical",
    title: "SSH is not open to the internet",
    rationale: "Nothing here needs SSH; nodes are reached through SSM sessions.",
    remediation: ssm,
  }),
  closedPort(3389, {
    id: "CKV_AWS_25",
    alsoKnownAs: ["EC2.14"],
    severity: "critical",
    title: "RDP is not open to the internet",
    rationale: "Nothing here needs RDP; machines are reached through SSM sessions.",
    remediation: ssm,
  }),
  closedPort(80, {
    id: "CKV_AWS_260",
    severity: "medium",
    title: "Plain HTTP is not open to the internet",
    rationale: "Players' keys must never travel in clear text.",
    remediation: "Serve HTTPS only; in dev list the networks that may use plain HTTP.",
  }),
  everyPort,
  riskyPorts,
  otherPorts,
  edgeOnly,
  openEgress,
  defaultGroupIsDeclared,
  defaultGroupIsEmpty,
  closedAclPort("CKV_AWS_230", 20, "FTP's data port"),
  closedAclPort("CKV_AWS_229", 21, "FTP"),
  closedAclPort("CKV_AWS_232", 22, "SSH"),
  closedAclPort("CKV_AWS_231", 3389, "RDP"),
  aclEveryPort,
  privateRoutes,
  peering,
];
