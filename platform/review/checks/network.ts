import { type Block, overlap, parseBlock } from "../../engine/providers/awsx/ipv4";
import type { BilledResource, Graph } from "../../pricing/graph";
import { textAt } from "../../pricing/graph";
import type { Check, Problem } from "./check";

const vpcType = "aws:ec2/vpc:Vpc";
const subnetType = "aws:ec2/subnet:Subnet";
const groupType = "aws:ec2/securityGroup:SecurityGroup";

/** Properties that lead to subnets and to security groups, by type. */
const placed: Readonly<Record<string, { readonly subnets: readonly string[]; readonly groups: readonly string[] }>> = {
  "aws:ecs/service:Service": { subnets: ["networkConfiguration"], groups: ["networkConfiguration"] },
  "aws:lb/loadBalancer:LoadBalancer": { subnets: ["subnets"], groups: ["securityGroups"] },
  "aws:ec2/instance:Instance": { subnets: ["subnetId"], groups: ["vpcSecurityGroupIds"] },
  "aws:ec2/vpcEndpoint:VpcEndpoint": { subnets: ["subnetIds"], groups: ["securityGroupIds"] },
  "aws:rds/instance:Instance": { subnets: ["dbSubnetGroupName"], groups: ["vpcSecurityGroupIds"] },
  "aws:elasticache/replicationGroup:ReplicationGroup": { subnets: ["subnetGroupName"], groups: ["securityGroupIds"] },
  "aws:autoscaling/group:Group": {
    subnets: ["vpcZoneIdentifiers"],
    groups: ["launchTemplate", "mixedInstancesPolicy"],
  },
};

/** Types that only hand on subnets or groups, with the properties that hold them. */
const between: Readonly<Record<string, readonly string[]>> = {
  "aws:rds/subnetGroup:SubnetGroup": ["subnetIds"],
  "aws:elasticache/subnetGroup:SubnetGroup": ["subnetIds"],
  "aws:ec2/launchTemplate:LaunchTemplate": ["networkInterfaces", "vpcSecurityGroupIds"],
};

/** VPCs that resources behind some properties belong to; a component's subnets count for the VPC in it. */
function vpcsBehind(
  graph: Graph,
  resource: BilledResource,
  properties: readonly string[],
  wanted: string,
): ReadonlySet<string> {
  const found = properties.flatMap((property) => graph.behind(resource, property));
  return new Set(
    found.flatMap((other): string[] => {
      const onward = between[other.type];
      if (onward !== undefined) return [...vpcsBehind(graph, other, onward, wanted)];
      if (other.type === wanted) return [...vpcsOf(graph, graph.behind(other, "vpcId"))];
      return other.custom || wanted === groupType ? [] : [...vpcsOf(graph, [other])];
    }),
  );
}

function vpcsOf(graph: Graph, resources: readonly BilledResource[]): ReadonlySet<string> {
  return new Set(
    resources.flatMap(({ urn, type, custom }) => {
      if (type === vpcType) return [urn];
      return custom ? [] : graph.ofType(vpcType).flatMap((vpc) => (vpc.parent === urn ? [vpc.urn] : []));
    }),
  );
}

const oneNetwork: Check = {
  id: "WIRING-VPC",
  severity: "high",
  title: "Subnets and security groups of a resource are in one VPC",
  remediation: "Take the group from the VPC that the subnets are in.",
  find: ({ graph }) =>
    Object.entries(placed).flatMap(([type, { subnets, groups }]) =>
      graph.ofType(type).flatMap((resource): Problem[] => {
        const here = vpcsBehind(graph, resource, subnets, subnetType);
        const theirs = [...vpcsBehind(graph, resource, groups, groupType)];
        const strange = here.size === 0 ? undefined : theirs.find((vpc) => !here.has(vpc));
        return strange === undefined
          ? []
          : [{ urn: resource.urn, message: "a security group belongs to another VPC than the subnets" }];
      }),
    ),
};

const subnetOverlap: Check = {
  id: "LIMIT-CIDR",
  severity: "high",
  title: "Subnets of a VPC do not overlap",
  remediation: "Give each subnet a range of its own.",
  find: ({ graph }) => {
    const seen: { readonly name: string; readonly vpc: string; readonly block: Block }[] = [];
    return graph.ofType(subnetType).flatMap((subnet): Problem[] => {
      const cidr = textAt(subnet, "cidrBlock");
      const [vpc] = graph.behind(subnet, "vpcId");
      if (cidr === undefined || vpc === undefined) return [];
      const block = parseBlock(cidr);
      const other = seen.find((one) => one.vpc === vpc.urn && overlap(one.block, block));
      seen.push({ name: subnet.name, vpc: vpc.urn, block });
      return other === undefined ? [] : [{ urn: subnet.urn, message: `${cidr} overlaps ${other.name}` }];
    });
  },
};

export const networkChecks: readonly Check[] = [oneNetwork, subnetOverlap];
