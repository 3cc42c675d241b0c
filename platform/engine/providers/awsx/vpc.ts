import { childMaker, type Derivable, derive, expansionOf, outputOf, pick, referenceTo } from "../../expansion";
import type { Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue, RecordedResource } from "../../types";
import { isOutputValue, outputValue, unknownValue } from "../../values";
import { subnetIpv6Block } from "./ipv6";
import { natGatewayOptions, noSubnetsForNat, refuseNatWithoutSubnets } from "./nat-gateways";
import { layoutSubnets, type PlannedSubnet } from "./subnet-layout";
import { isType, type SubnetSpec } from "./subnet-specs";
import { mergeTags } from "./tags";
import { dnsFlags, makeEndpoint, readEndpoints } from "./vpc-endpoints";

/** Arguments that go to the VPC as they are. */
const vpcArguments = [
  "assignGeneratedIpv6CidrBlock",
  "cidrBlock",
  "enableNetworkAddressUsageMetrics",
  "instanceTenancy",
  "ipv4IpamPoolId",
  "ipv4NetmaskLength",
  "ipv6CidrBlock",
  "ipv6CidrBlockNetworkBorderGroup",
  "ipv6IpamPoolId",
  "ipv6NetmaskLength",
  "region",
];

/** What the component makes, in the lists that it puts out. */
export interface MadeSubnet {
  readonly resource: RecordedResource;
  readonly type: string;
  readonly zone: string;
}

/** Expands `awsx:ec2:Vpc` into the VPC, gateways, subnets, route tables and routes that the real component creates. */
export async function expandVpc(scope: ExpansionScope): Promise<Expansion> {
  const { name, args } = scope;
  const make = childMaker(scope);
  const range = vpcRange(args);
  const endpoints = readEndpoints(args);
  const dns = dnsFlags(args, endpoints);
  const zones = await zoneNames(scope);
  const nat = natGatewayOptions(args, zones.length);
  if (args.subnetNameTagStrategy === "AvailabilityZone") refuseSameSuffixes(zones);
  const specs = (args.subnetSpecs ?? undefined) as unknown as (SubnetSpec & PropertyMap)[] | undefined;
  const layout = layoutSubnets({
    cidrBlock: range,
    zones: zones.length,
    strategy: typeof args.subnetStrategy === "string" ? args.subnetStrategy : "Legacy",
    specs,
    availabilityZoneCidrMask: args.availabilityZoneCidrMask as number | undefined,
  });
  if (layout.subnets.every(({ cidrBlock }) => cidrBlock !== undefined)) refuseNatWithoutSubnets(nat, layout.subnets);
  if (args.subnetStrategy === undefined && layout.isAllocated) {
    scope.warn(
      `The default subnetStrategy will change from "Legacy" to "Auto" in the next major version. Please specify the subnetStrategy explicitly. The current subnet layout can be specified via "Auto" as:\n\n${JSON.stringify(layout.resolved)}`,
    );
  }

  const region = pick(args, ["region"]);
  const sharedTags = mergeTags({ Name: name }, args.tags);
  const vpc = await make("aws:ec2/vpc:Vpc", name, {
    ...pick(args, vpcArguments),
    ...dns,
    cidrBlock: range,
    tags: sharedTags,
  });
  const inVpc = { parent: vpc, dependsOn: [vpc] };
  const vpcId = outputOf(vpc, "id");
  const gatewayInputs = { ...region, vpcId, tags: sharedTags };
  const internetGateway = await make("aws:ec2/internetGateway:InternetGateway", name, gatewayInputs, inVpc);
  const subnets: MadeSubnet[] = [];
  const made: Record<"routeTables" | "routeTableAssociations" | "routes" | "natGateways" | "eips", RecordedResource[]> =
    {
      routeTables: [],
      routeTableAssociations: [],
      routes: [],
      natGateways: [],
      eips: [],
    };
  for (const [zone, zoneName] of zones.entries()) {
    const ofZone = layout.subnets.filter((plan) => zones[plan.zone] === zoneName && plan.type !== "Unused");
    for (const [index, plan] of ofZone.sort(byType).entries())
      await makeSubnet(plan, zone, zone + index * zones.length);
  }
  const vpcEndpoints: RecordedResource[] = [];
  for (const endpoint of endpoints) {
    vpcEndpoints.push(await makeEndpoint(scope, endpoint, { vpc, subnets, zones, sharedTags, ...made }));
  }
  return outputs();

  async function makeSubnet(plan: PlannedSubnet, zone: number, ipv6Index: number): Promise<void> {
    const label = `${name}-${plan.label}-${plan.zone + 1}`;
    const spec: PropertyMap = specs?.[plan.spec] ?? {};
    const zoneName = zones[plan.zone]!;
    const shown =
      args.subnetNameTagStrategy === "AvailabilityZone" ? `${name}-${plan.label}-${zoneSuffix(zoneName)}` : label;
    const own = { Name: shown, SubnetType: plan.type };
    const assign = derive(
      [spec.assignIpv6AddressOnCreation, args.assignGeneratedIpv6CidrBlock],
      (ofSubnet: boolean | undefined, ofVpc: boolean | undefined) => ofSubnet ?? ofVpc ?? false,
    );
    const subnet = await make(
      "aws:ec2/subnet:Subnet",
      label,
      {
        ...region,
        assignIpv6AddressOnCreation: assign,
        availabilityZone: zoneName,
        cidrBlock: plan.cidrBlock ?? unknownOf(vpc),
        ipv6CidrBlock: derive([outputOf(vpc, "ipv6CidrBlock"), assign], (block: PropertyValue, isAssigned: boolean) =>
          subnetIpv6Block(block, isAssigned, ipv6Index),
        ),
        mapPublicIpOnLaunch: isType(plan, "Public"),
        tags: mergeTags(mergeTags(sharedTags, spec.tags), own),
        vpcId,
      },
      inVpc,
    );
    subnets.push({ resource: subnet, type: plan.type, zone: zoneName });
    const tableInputs = { ...region, vpcId, tags: mergeTags(sharedTags, own) };
    const table = await make("aws:ec2/routeTable:RouteTable", label, tableInputs, inside(subnet));
    made.routeTables.push(table);
    const routeTableId = outputOf(table, "id");
    const ends = { ...region, routeTableId, subnetId: outputOf(subnet, "id") };
    made.routeTableAssociations.push(
      await make("aws:ec2/routeTableAssociation:RouteTableAssociation", label, ends, inside(table)),
    );
    if (isType(plan, "Public") && nat.needs(made.natGateways.length, zone)) await makeNat(zone, subnet);
    const target = routeTarget(plan, zone);
    if (target === undefined) return;
    const route = { ...region, routeTableId, ...target, destinationCidrBlock: "0.0.0.0/0" };
    made.routes.push(await make("aws:ec2/route:Route", label, route, inside(table)));
  }

  async function makeNat(zone: number, subnet: RecordedResource): Promise<void> {
    const label = `${name}-${zone + 1}`;
    const tags = mergeTags(mergeTags({}, args.tags), { Name: label });
    if (nat.allocationIds.length === 0) {
      made.eips.push(await make("aws:ec2/eip:Eip", label, { ...region, tags }, inside(subnet)));
    }
    const allocationId = nat.allocationIds[zone] ?? outputOf(made.eips[zone]!, "allocationId");
    const inputs = { ...region, subnetId: outputOf(subnet, "id"), allocationId, tags };
    made.natGateways.push(await make("aws:ec2/natGateway:NatGateway", label, inputs, inside(subnet)));
  }

  function routeTarget(plan: PlannedSubnet, zone: number): PropertyMap | undefined {
    if (isType(plan, "Public")) return { gatewayId: outputOf(internetGateway, "id") };
    if (!isType(plan, "Private") || nat.strategy === "none") return undefined;
    const gateway = made.natGateways[nat.strategy === "single" ? 0 : zone];
    if (gateway === undefined) throw new Error(noSubnetsForNat(nat));
    return { natGatewayId: outputOf(gateway, "id") };
  }

  function outputs(): Expansion {
    const ofType = (kind: string): RecordedResource[] =>
      subnets.filter(({ type }) => outputKind(type) === kind).map(({ resource }) => resource);
    const lists: Record<string, readonly RecordedResource[]> = {
      ...made,
      vpcEndpoints,
      subnets: subnets.map(({ resource }) => resource),
      publicSubnets: ofType("public"),
      privateSubnets: ofType("private"),
      isolatedSubnets: ofType("isolated"),
    };
    const values: Record<string, Derivable> = {
      vpc: referenceTo(vpc),
      vpcId,
      internetGateway: referenceTo(internetGateway),
      subnetLayout: layout.resolved?.map(shownSpec) ?? unknownOf(vpc),
    };
    for (const [key, resources] of Object.entries(lists)) values[key] = resources.map(referenceTo);
    for (const kind of ["public", "private", "isolated"]) {
      values[`${kind}SubnetIds`] = ofType(kind).map((subnet) => outputOf(subnet, "id"));
    }
    // All outputs of the real component come from one value, so each depends on every id in it.
    return expansionOf(values, [vpc.urn, ...lists.subnets!.map(({ urn }) => urn)]);
  }
}

/** What follows from the range that AWS chooses for the VPC. */
const unknownOf = (vpc: RecordedResource): PropertyValue => outputValue(unknownValue, [vpc.urn]);

const inside = (parent: RecordedResource) => ({ parent, dependsOn: [parent] });

async function zoneNames(scope: ExpansionScope): Promise<string[]> {
  const { availabilityZoneNames: given, numberOfAvailabilityZones: count, region } = scope.args;
  if (given !== undefined && count !== undefined && count !== 0) {
    throw new Error("availabilityZoneNames, numberOfAvailabilityZones: both are given; only one is allowed");
  }
  if (Array.isArray(given)) return given.map(String);
  if (region !== undefined && (typeof region !== "string" || isOutputValue(region))) {
    throw new Error("region: an output is not allowed without availabilityZoneNames; give a text, or the names");
  }
  const wanted = typeof count === "number" ? count : 3;
  const { names } = await scope.invoke(
    "aws:index/getAvailabilityZones:getAvailabilityZones",
    pick(scope.args, ["region"]),
  );
  const found = Array.isArray(names) ? names.length : 0;
  if (!Array.isArray(names) || found < wanted) {
    throw new Error(
      `numberOfAvailabilityZones: ${wanted} wanted; known offline: ${found}, so give availabilityZoneNames`,
    );
  }
  return names.slice(0, wanted).map(String);
}

/** Absent when AWS chooses the range. */
function vpcRange({ cidrBlock, ipv4IpamPoolId, ipv4NetmaskLength }: PropertyMap): string | undefined {
  if (ipv4IpamPoolId !== undefined) {
    if (cidrBlock !== undefined && ipv4NetmaskLength !== undefined) {
      throw new Error("cidrBlock, ipv4NetmaskLength: both are given; only one is allowed with ipv4IpamPoolId");
    }
    if (cidrBlock === undefined && ipv4NetmaskLength === undefined) {
      throw new Error("ipv4IpamPoolId: given alone; needed besides: cidrBlock or ipv4NetmaskLength");
    }
  }
  if (cidrBlock === undefined) return ipv4IpamPoolId === undefined ? "10.0.0.0/16" : undefined;
  if (typeof cidrBlock === "string") return cidrBlock;
  throw new Error("cidrBlock: an output is not allowed; give a text such as 10.0.0.0/16");
}

/** Public first, since the routes of private subnets go to the gateway that stands there; private next. */
function byType(a: PlannedSubnet, b: PlannedSubnet): number {
  if (a.type === b.type) return 0;
  if (isType(a, "Public")) return -1;
  return isType(a, "Private") && isType(b, "Isolated") ? -1 : 1;
}

/** Which list of outputs a subnet belongs to. */
function outputKind(type: string): string {
  const kind = type.toLowerCase();
  return kind === "public" || kind === "private" ? kind : "isolated";
}

const regionOfZone = /^[a-z]{2}(?:-[a-z]+)+-/;

/** `us-east-1a` is `1a`, `us-west-2-lax-1a` is `2-lax-1a`. */
const zoneSuffix = (zone: string): string => zone.replace(regionOfZone, "");

function refuseSameSuffixes(zones: readonly string[]): void {
  const twice = zones.find((zone, index) => zones.findIndex((other) => zoneSuffix(other) === zoneSuffix(zone)) < index);
  if (twice === undefined) return;
  throw new Error(
    `availabilityZoneNames: more than one zone ends in ${zoneSuffix(twice)}; subnetNameTagStrategy "AvailabilityZone" needs different ends`,
  );
}

function shownSpec({ type, name, cidrMask, size, cidrBlocks }: SubnetSpec): PropertyMap {
  return {
    type,
    ...(name ? { name } : {}),
    ...(cidrMask ? { cidrMask } : {}),
    ...(size ? { size } : {}),
    ...(cidrBlocks ? { cidrBlocks: [...cidrBlocks] } : {}),
  };
}
