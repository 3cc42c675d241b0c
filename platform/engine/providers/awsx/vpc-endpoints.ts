import { childMaker, type Derivable, outputOf, pick } from "../../expansion";
import type { ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue, RecordedResource } from "../../types";
import { mergeTags } from "./tags";
import type { MadeSubnet } from "./vpc";

/** Arguments of an endpoint that go to it as they are. */
const endpointArguments = [
  "autoAccept",
  "dnsOptions",
  "ipAddressType",
  "policy",
  "privateDnsEnabled",
  "region",
  "resourceConfigurationArn",
  "routeTableIds",
  "securityGroupIds",
  "serviceName",
  "serviceNetworkArn",
  "serviceRegion",
  "subnetConfigurations",
  "subnetIds",
  "vpcEndpointType",
];

export interface Endpoint {
  readonly spec: PropertyMap;
  /** In lower case; absent when it is an output. */
  readonly type?: string;
  /** Whether the component completes what the spec leaves out (`vpcEndpointStrategy: "Auto"`). */
  readonly isCompleted: boolean;
}

/** What the component has made by the time it makes endpoints. */
export interface Surroundings {
  readonly vpc: RecordedResource;
  readonly subnets: readonly MadeSubnet[];
  readonly zones: readonly string[];
  readonly routeTables: readonly RecordedResource[];
  readonly sharedTags: PropertyValue;
}

export function readEndpoints(args: PropertyMap): Endpoint[] {
  const isCompleted = args.vpcEndpointStrategy === "Auto";
  return ((args.vpcEndpointSpecs as PropertyMap[] | undefined) ?? []).map((spec, index) => {
    const given = spec.vpcEndpointType ?? "Gateway";
    const type = typeof given === "string" ? given.toLowerCase() : undefined;
    if (isCompleted && type === undefined) {
      throw new Error(
        `vpcEndpointSpecs[${index}].vpcEndpointType: an output is not allowed with vpcEndpointStrategy "Auto"; give a text`,
      );
    }
    return { spec, type, isCompleted };
  });
}

/** The VPC's DNS flags: an interface endpoint with private names, which is what "Auto" makes, needs both. */
export function dnsFlags(args: PropertyMap, endpoints: readonly Endpoint[]): PropertyMap {
  const flags = ["enableDnsHostnames", "enableDnsSupport"];
  const needsBoth = endpoints.some(
    ({ spec, type, isCompleted }) => isCompleted && type === "interface" && (spec.privateDnsEnabled ?? true) === true,
  );
  if (!needsBoth) return pick(args, flags);
  const off = flags.find((flag) => args[flag] === false);
  if (off !== undefined) {
    throw new Error(`${off}: false is not allowed; interface endpoints of vpcEndpointStrategy "Auto" use private DNS`);
  }
  return Object.fromEntries(flags.map((flag) => [flag, args[flag] ?? true]));
}

export async function makeEndpoint(
  scope: ExpansionScope,
  { spec, type, isCompleted }: Endpoint,
  { vpc, subnets, zones, routeTables, sharedTags }: Surroundings,
): Promise<RecordedResource> {
  const make = childMaker(scope);
  const service = String(spec.serviceName);
  const region = pick({ ...scope.args, ...pick(spec, ["region"]) }, ["region"]);
  const tags = mergeTags(sharedTags, spec.tags);
  const inputs = {
    ...pick(spec, endpointArguments),
    ...(await completion()),
    ...region,
    tags,
    vpcId: outputOf(vpc, "id"),
  };
  return make("aws:ec2/vpcEndpoint:VpcEndpoint", service, inputs, { parent: vpc, dependsOn: [vpc] });

  async function completion(): Promise<Record<string, Derivable>> {
    if (!isCompleted) {
      warnOfLeftOut();
      return {};
    }
    if (type === "gateway" && spec.routeTableIds === undefined) {
      return { routeTableIds: routeTables.map((table) => outputOf(table, "id")) };
    }
    if (type !== "interface") return {};
    const hasSubnets = spec.subnetIds !== undefined || spec.subnetConfigurations !== undefined;
    return {
      privateDnsEnabled: spec.privateDnsEnabled ?? true,
      securityGroupIds: spec.securityGroupIds ?? [outputOf(await makeSecurityGroup(), "id")],
      subnetIds: hasSubnets ? spec.subnetIds : onePerZone().map((subnet) => outputOf(subnet, "id")),
    };
  }

  async function makeSecurityGroup(): Promise<RecordedResource> {
    const groupInputs = { ...region, description: "Managed by Pulumi", vpcId: outputOf(vpc, "id"), tags };
    const inVpc = { parent: vpc, dependsOn: [vpc] };
    const group = await make("aws:ec2/securityGroup:SecurityGroup", `${service}-sg`, groupInputs, inVpc);
    const usesIpv6 = /^(?:ipv6|dualstack)$/i.test(typeof spec.ipAddressType === "string" ? spec.ipAddressType : "");
    await make(
      "aws:ec2/securityGroupRule:SecurityGroupRule",
      `${service}-ingress`,
      {
        ...region,
        type: "ingress",
        securityGroupId: outputOf(group, "id"),
        protocol: "tcp",
        fromPort: 443,
        toPort: 443,
        cidrBlocks: [outputOf(vpc, "cidrBlock")],
        ...(usesIpv6 ? { ipv6CidrBlocks: [outputOf(vpc, "ipv6CidrBlock")] } : {}),
      },
      { parent: vpc, dependsOn: [group] },
    );
    return group;
  }

  /** One subnet in each zone: a private one before an isolated one before a public one. */
  function onePerZone(): RecordedResource[] {
    return zones.flatMap((zone) => {
      const found = ["private", "isolated", "public"]
        .map((wanted) => subnets.find((subnet) => subnet.zone === zone && subnet.type.toLowerCase() === wanted))
        .find((subnet) => subnet !== undefined);
      return found === undefined ? [] : [found.resource];
    });
  }

  function warnOfLeftOut(): void {
    if (type === "interface" && spec.subnetIds === undefined && spec.subnetConfigurations === undefined) {
      scope.warn(
        `VPC endpoint "${service}" is an Interface endpoint without subnetIds or subnetConfigurations. Specify vpcEndpointStrategy: "Auto" to use generated VPC subnets.`,
      );
    }
    if (type === "gateway" && spec.routeTableIds === undefined) {
      scope.warn(
        `VPC endpoint "${service}" is a Gateway endpoint without routeTableIds. Specify vpcEndpointStrategy: "Auto" to use generated VPC route tables.`,
      );
    }
  }
}
