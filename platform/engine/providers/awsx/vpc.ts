import type { ChildGoal, Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue, RecordedResource, Urn } from "../../types";
import { isObject, isSecret, resourceReference, secret, unknownValue, unwrapSecret } from "../../values";
import { subnetIpv6Block } from "./ipv6";
import { layoutSubnets, type PlannedSubnet, type SubnetSpec, type SubnetStrategy } from "./subnet-layout";

type NatStrategy = "None" | "Single" | "OnePerAz";
const natStrategies: readonly NatStrategy[] = ["None", "Single", "OnePerAz"];
const subnetStrategies: readonly SubnetStrategy[] = ["Legacy", "Auto", "AutoMerge", "Exact"];

/** Arguments that go to the VPC as they are. */
const vpcArguments = [
  "assignGeneratedIpv6CidrBlock",
  "cidrBlock",
  "enableDnsHostnames",
  "enableDnsSupport",
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
  "tags",
  "vpcEndpointType",
];

interface Made {
  readonly subnets: { readonly resource: RecordedResource; readonly plan: PlannedSubnet }[];
  readonly routeTables: RecordedResource[];
  readonly routeTableAssociations: RecordedResource[];
  readonly routes: RecordedResource[];
  readonly natGateways: RecordedResource[];
  readonly eips: RecordedResource[];
  readonly vpcEndpoints: RecordedResource[];
}

/** Expands `awsx:ec2:Vpc` into the VPC, gateways, subnets, route tables and routes that the real component creates. */
export async function expandVpc(scope: ExpansionScope): Promise<Expansion> {
  const { name, inputs } = scope;
  const zones = await zoneNames(scope);
  const nat = natStrategy(inputs, zones.length);
  const layout = layoutSubnets({
    cidrBlock: vpcRange(inputs),
    zones: zones.length,
    strategy: choice(inputs, "subnetStrategy", subnetStrategies, "Legacy"),
    specs: inputs.subnetSpecs as unknown as SubnetSpec[] | undefined,
    availabilityZoneCidrMask: inputs.availabilityZoneCidrMask as number | undefined,
  });
  refuseNatWithoutSubnets(nat, layout.subnets);
  const sharedTags = withTags({ Name: name }, inputs.tags);
  const child = childMaker(scope);
  const vpcInputs = pick(inputs, vpcArguments);
  const vpc = await child("aws:ec2/vpc:Vpc", name, {
    ...vpcInputs,
    ...(inputs.ipv4IpamPoolId === undefined ? { cidrBlock: vpcRange(inputs) } : {}),
    tags: sharedTags,
  });
  const ofVpc = { vpcId: vpc };
  const vpcIpv6Block = vpc.outputs.ipv6CidrBlock ?? (vpc.id === undefined ? unknownValue : "");
  const igw = await child("aws:ec2/internetGateway:InternetGateway", name, { tags: sharedTags }, vpc, ofVpc);
  const made: Made = {
    subnets: [],
    routeTables: [],
    routeTableAssociations: [],
    routes: [],
    natGateways: [],
    eips: [],
    vpcEndpoints: [],
  };
  const fillEndpoints = inputs.vpcEndpointStrategy === "Auto";
  if (!fillEndpoints) await makeEndpoints(false);
  for (const plan of inCreationOrder(layout.subnets)) await makeSubnet(plan);
  if (fillEndpoints) await makeEndpoints(true);
  return outputs();

  async function makeSubnet(plan: PlannedSubnet): Promise<void> {
    const label = `${name}-${plan.label}-${plan.zone + 1}`;
    const spec = (inputs.subnetSpecs as PropertyMap[] | undefined)?.[plan.spec] ?? {};
    const shown =
      inputs.subnetNameTagStrategy === "AvailabilityZone"
        ? `${name}-${plan.label}-${zoneSuffix(zones[plan.zone]!)}`
        : label;
    const own = { Name: shown, SubnetType: plan.type };
    const assign = spec.assignIpv6AddressOnCreation ?? inputs.assignGeneratedIpv6CidrBlock ?? false;
    const ofZone = made.subnets.filter(({ plan: { zone } }) => zone === plan.zone).length;
    const ipv6 = subnetIpv6Block(vpcIpv6Block, assign, plan.zone + ofZone * zones.length);
    const subnet = await child(
      "aws:ec2/subnet:Subnet",
      label,
      {
        assignIpv6AddressOnCreation: assign,
        availabilityZone: zones[plan.zone]!,
        cidrBlock: plan.cidrBlock,
        mapPublicIpOnLaunch: plan.type === "Public",
        tags: withTags(withTags(sharedTags, spec.tags), own),
      },
      vpc,
      { ...ofVpc, ...(ipv6 === undefined ? {} : { ipv6CidrBlock: { from: vpc, value: ipv6 } }) },
    );
    made.subnets.push({ resource: subnet, plan });
    const tableTags = { tags: withTags(sharedTags, own) };
    const table = await child("aws:ec2/routeTable:RouteTable", label, tableTags, subnet, ofVpc);
    made.routeTables.push(table);
    const ends = { routeTableId: table, subnetId: subnet };
    made.routeTableAssociations.push(
      await child("aws:ec2/routeTableAssociation:RouteTableAssociation", label, {}, table, ends),
    );
    if (plan.type === "Public" && needsNat(plan.zone)) await makeNat(plan.zone, subnet);
    const target = routeTarget(plan);
    if (target === undefined) return;
    const route = { destinationCidrBlock: "0.0.0.0/0" };
    made.routes.push(await child("aws:ec2/route:Route", label, route, table, { routeTableId: table, ...target }));
  }

  function needsNat(zone: number): boolean {
    return nat !== "None" && made.natGateways.length < (nat === "Single" ? 1 : zone + 1);
  }

  async function makeNat(zone: number, subnet: RecordedResource): Promise<void> {
    const label = `${name}-${zone + 1}`;
    const tags = withTags(withTags({}, inputs.tags), { Name: label });
    const given = allocationIds(inputs)[made.natGateways.length];
    const eip = given === undefined ? await child("aws:ec2/eip:Eip", label, { tags }, subnet) : undefined;
    if (eip !== undefined) made.eips.push(eip);
    const allocation: PropertyMap = given === undefined ? {} : { allocationId: given };
    const links = { subnetId: subnet, ...(eip === undefined ? {} : { allocationId: outputOf(eip, "allocationId") }) };
    made.natGateways.push(await child("aws:ec2/natGateway:NatGateway", label, { ...allocation, tags }, subnet, links));
  }

  function routeTarget({ type, zone }: PlannedSubnet): Record<string, RecordedResource> | undefined {
    if (type === "Public") return { gatewayId: igw };
    if (type !== "Private" || nat === "None") return undefined;
    return { natGatewayId: made.natGateways[nat === "Single" ? 0 : zone]! };
  }

  async function makeEndpoints(fill: boolean): Promise<void> {
    for (const spec of (inputs.vpcEndpointSpecs as PropertyMap[] | undefined) ?? []) {
      const filled = fill ? endpointTargets(spec) : {};
      made.vpcEndpoints.push(
        await child("aws:ec2/vpcEndpoint:VpcEndpoint", String(spec.serviceName), pick(spec, endpointArguments), vpc, {
          ...ofVpc,
          ...filled,
        }),
      );
    }
  }

  /** A gateway endpoint serves every route table, an interface endpoint stands in the private (or isolated) subnets. */
  function endpointTargets(spec: PropertyMap): Record<string, RecordedResource[]> {
    if ((spec.vpcEndpointType ?? "Gateway") === "Gateway") {
      return spec.routeTableIds === undefined ? { routeTableIds: made.routeTables } : {};
    }
    const inside = subnetsOf("Private").length > 0 ? subnetsOf("Private") : subnetsOf("Isolated");
    return spec.subnetIds === undefined ? { subnetIds: inside } : {};
  }

  function subnetsOf(type: string): RecordedResource[] {
    return made.subnets.filter(({ plan }) => plan.type === type).map(({ resource }) => resource);
  }

  function outputs(): Expansion {
    const lists: Record<string, RecordedResource[]> = {
      subnets: made.subnets.map(({ resource }) => resource),
      publicSubnets: subnetsOf("Public"),
      privateSubnets: subnetsOf("Private"),
      isolatedSubnets: subnetsOf("Isolated"),
      routeTables: made.routeTables,
      routeTableAssociations: made.routeTableAssociations,
      routes: made.routes,
      natGateways: made.natGateways,
      eips: made.eips,
      vpcEndpoints: made.vpcEndpoints,
    };
    const values: PropertyMap = {
      vpc: resourceReference(vpc.urn, vpc.id),
      vpcId: vpc.id ?? unknownValue,
      internetGateway: resourceReference(igw.urn, igw.id),
      subnetLayout: layout.resolved.map(({ type, name: label, cidrMask, size, cidrBlocks }) =>
        defined({ type, name: label, cidrMask, size, cidrBlocks: cidrBlocks && [...cidrBlocks] }),
      ),
    };
    for (const [key, resources] of Object.entries(lists)) {
      values[key] = resources.map((resource) => resourceReference(resource.urn, resource.id));
    }
    for (const kind of ["public", "private", "isolated"]) {
      values[`${kind}SubnetIds`] = lists[`${kind}Subnets`]!.map(({ id }) => id ?? unknownValue);
    }
    // All outputs of the real component come from one value, so each depends on every id in it, and on what it refers to.
    const shared = [vpc, ...lists.subnets!].map(({ urn }) => urn);
    const own: Record<string, RecordedResource[]> = { ...lists, internetGateway: [igw] };
    const dependencies = Object.fromEntries(
      Object.keys(values).map((key) => [key, [...new Set([...shared, ...(own[key] ?? []).map(({ urn }) => urn)])]]),
    );
    return { outputs: values, dependencies };
  }
}

/** An input that takes its value from a child: the child's id, or what `value` says. */
type Link = RecordedResource | RecordedResource[] | { readonly from: RecordedResource; readonly value: PropertyValue };

const outputOf = (from: RecordedResource, output: string): Link => ({
  from,
  value: from.outputs[output] ?? unknownValue,
});

/** Registers children; `links` are inputs that hold a value of another child and so depend on it. */
function childMaker(scope: ExpansionScope) {
  const version = scope.dependencyVersion("@pulumi/aws");
  return (
    type: string,
    name: string,
    inputs: PropertyMap,
    parent?: RecordedResource,
    links: Record<string, Link> = {},
  ): Promise<RecordedResource> => {
    const linked = Object.entries(links).map(([key, link]) => ({ key, ...resolveLink(link) }));
    const goal: ChildGoal = {
      type,
      name,
      inputs: { ...inputs, ...Object.fromEntries(linked.map(({ key, value }) => [key, value])) },
      propertyDependencies: Object.fromEntries(linked.map(({ key, urns }) => [key, urns])),
      options: { version, dependsOn: parent === undefined ? [] : [parent.urn] },
      ...(parent === undefined ? {} : { parent: parent.urn }),
    };
    return scope.register(goal);
  };
}

function resolveLink(link: Link): { readonly value: PropertyValue; readonly urns: readonly Urn[] } {
  if (Array.isArray(link)) return { value: link.map(({ id }) => id ?? unknownValue), urns: link.map(({ urn }) => urn) };
  return "from" in link
    ? { value: link.value, urns: [link.from.urn] }
    : { value: link.id ?? unknownValue, urns: [link.urn] };
}

async function zoneNames(scope: ExpansionScope): Promise<string[]> {
  const { availabilityZoneNames: given, numberOfAvailabilityZones: count } = scope.inputs;
  if (given !== undefined && count !== undefined) {
    throw new Error(`${scope.name}: only one of availabilityZoneNames and numberOfAvailabilityZones can be given`);
  }
  if (Array.isArray(given)) return given.map(String);
  const wanted = typeof count === "number" ? count : 3;
  const region: PropertyMap = typeof scope.inputs.region === "string" ? { region: scope.inputs.region } : {};
  const { names } = await scope.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", region);
  if (!Array.isArray(names) || names.length < wanted) {
    throw new Error(`${scope.name}: the region does not have ${wanted} availability zones; give availabilityZoneNames`);
  }
  return names.slice(0, wanted).map(String);
}

function vpcRange(inputs: PropertyMap): string {
  if (typeof inputs.cidrBlock === "string" && inputs.cidrBlock !== unknownValue) return inputs.cidrBlock;
  if (inputs.cidrBlock === undefined && inputs.ipv4IpamPoolId === undefined) return "10.0.0.0/16";
  throw new Error("awsx:ec2:Vpc: an address range that only AWS knows (IPAM, or an output) cannot be divided offline");
}

function natStrategy(inputs: PropertyMap, zones: number): NatStrategy {
  const nat = isObject(inputs.natGateways) ? inputs.natGateways : {};
  const strategy = choice(nat, "strategy", natStrategies, "OnePerAz");
  const given = allocationIds(inputs).length;
  const allowed = { None: 0, Single: 1, OnePerAz: zones }[strategy];
  if (given !== 0 && given !== allowed) {
    throw new Error(`natGateways.elasticIpAllocationIds: ${given} given; ${strategy} takes ${allowed}`);
  }
  return strategy;
}

function allocationIds(inputs: PropertyMap): PropertyValue[] {
  const ids = isObject(inputs.natGateways) ? inputs.natGateways.elasticIpAllocationIds : undefined;
  return Array.isArray(ids) ? ids : [];
}

function refuseNatWithoutSubnets(nat: NatStrategy, subnets: readonly PlannedSubnet[]): void {
  const has = (type: string): boolean => subnets.some((subnet) => subnet.type === type);
  if (nat === "None" || (has("Public") && has("Private"))) return;
  throw new Error(
    `natGateways.strategy: ${nat} needs both private subnets, that use the gateway, and public ones, where it stands`,
  );
}

/** Zone by zone; public first, since the routes of private subnets go to the gateway that stands there. */
function inCreationOrder(subnets: readonly PlannedSubnet[]): PlannedSubnet[] {
  const rank = { Public: 0, Private: 1, Isolated: 2, Unused: 3 };
  return subnets.filter(({ type }) => type !== "Unused").sort((a, b) => a.zone - b.zone || rank[a.type] - rank[b.type]);
}

/** `us-east-1a` is `1a`, `us-west-2-lax-1a` is `2-lax-1a`. */
function zoneSuffix(zone: string): string {
  return zone.replace(/^[a-z]{2}(?:-[a-z]+)+-/, "");
}

function withTags(base: PropertyValue, more: PropertyValue | undefined): PropertyValue {
  if (more === undefined || more === null) return base;
  const values = [base, more].map(unwrapSecret);
  const [from, over] = values;
  if (!isObject(from) || !isObject(over)) return unknownValue;
  const merged = { ...from, ...over };
  return isSecret(base) || isSecret(more) ? secret(merged) : merged;
}

function choice<T extends string>(inputs: PropertyMap, key: string, allowed: readonly T[], fallback: T): T {
  const value = inputs[key];
  if (value === undefined) return fallback;
  const found = allowed.find((word) => word.toLowerCase() === String(value).toLowerCase());
  if (found === undefined)
    throw new Error(`${key}: ${JSON.stringify(value)} is not allowed; allowed: ${allowed.join(", ")}`);
  return found;
}

function pick(inputs: PropertyMap, keys: readonly string[]): PropertyMap {
  return Object.fromEntries(keys.filter((key) => inputs[key] !== undefined).map((key) => [key, inputs[key]!]));
}

function defined(map: Record<string, PropertyValue | undefined>): PropertyMap {
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, PropertyValue] => entry[1] !== undefined),
  );
}
