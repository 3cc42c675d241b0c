import type { PropertyMap } from "../../../types";
import type { Case } from "./graph";

const oneZone = { availabilityZoneNames: ["eu-west-1a"] };
const noNat = { natGateways: { strategy: "None" } };
const small = { ...oneZone, ...noNat };

const endpoint = (name: string, vpcEndpointType: string | undefined, more: PropertyMap = {}): PropertyMap => ({
  serviceName: name,
  ...(vpcEndpointType === undefined ? {} : { vpcEndpointType }),
  ...more,
});

/** One configuration for each rule of `awsx.ec2.Vpc`. */
const configurations: Readonly<Record<string, PropertyMap>> = {
  "three-zones": {},
  "default-layout": { ...oneZone },
  "region-and-tags": { ...oneZone, region: "us-west-2", tags: { team: "games", Name: "mine" } },
  "vpc-arguments": {
    ...small,
    enableDnsHostnames: true,
    enableDnsSupport: false,
    enableNetworkAddressUsageMetrics: true,
    instanceTenancy: "dedicated",
    ipv6CidrBlockNetworkBorderGroup: "eu-west-1",
    ipv6IpamPoolId: "pool-6",
    ipv6NetmaskLength: 56,
  },
  "one-nat-gateway": { numberOfAvailabilityZones: 2, natGateways: { strategy: "single" } },
  "given-addresses": {
    numberOfAvailabilityZones: 2,
    natGateways: { strategy: "OnePerAz", elasticIpAllocationIds: ["eipalloc-1", "eipalloc-2"] },
  },
  "one-given-address": { ...oneZone, natGateways: { strategy: "Single", elasticIpAllocationIds: ["eipalloc-1"] } },
  "nat-beside-isolated": { ...oneZone, subnetSpecs: [{ type: "Public" }, { type: "Isolated" }] },
  "lower-case-types": { ...oneZone, subnetStrategy: "Auto", subnetSpecs: [{ type: "public" }, { type: "private" }] },
  "lower-case-legacy": { ...oneZone, subnetStrategy: "Legacy", subnetSpecs: [{ type: "public" }, { type: "private" }] },
  "unused-space": {
    ...small,
    subnetStrategy: "Auto",
    subnetSpecs: [
      { type: "Public", cidrMask: 20 },
      { type: "Unused", size: 4096 },
      { type: "unused", cidrMask: 20 },
    ],
  },
  "tags-of-subnets": {
    ...small,
    tags: { team: "games" },
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Private", tags: { "kubernetes.io/role/internal-elb": "1", Name: "mine" } }],
  },
  "names-and-zones": {
    ...noNat,
    availabilityZoneNames: ["us-west-2-lax-1a", "elsewhere"],
    subnetNameTagStrategy: "AvailabilityZone",
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Private", name: "app" }, { type: "Private" }],
  },
  "even-division": {
    ...small,
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Private" }, { type: "Public" }, { type: "Isolated" }],
  },
  "auto-default": { ...oneZone, subnetStrategy: "Auto", cidrBlock: "172.16.0.0/12" },
  "zone-mask": {
    ...small,
    numberOfAvailabilityZones: 2,
    availabilityZoneNames: undefined as never,
    subnetStrategy: "Auto",
    availabilityZoneCidrMask: 20,
  },
  "merge-changes-a-default": {
    ...small,
    subnetStrategy: "AutoMerge",
    subnetSpecs: [{ type: "public", tags: { tier: "edge" } }],
  },
  "merge-adds-named": {
    ...small,
    subnetStrategy: "AutoMerge",
    subnetSpecs: [
      { type: "Private", name: "data", cidrMask: 24 },
      { type: "Isolated", cidrMask: 24 },
    ],
  },
  "merge-without-specs": { ...small, subnetStrategy: "AutoMerge" },
  "exact-fill": {
    ...small,
    subnetStrategy: "Exact",
    subnetSpecs: [
      { type: "Public", cidrMask: 17 },
      { type: "Private", cidrMask: 18 },
      { type: "Unused", cidrMask: 18 },
    ],
  },
  "given-ranges": {
    ...noNat,
    numberOfAvailabilityZones: 2,
    subnetStrategy: "Exact",
    cidrBlock: "10.0.0.0/20",
    subnetSpecs: [
      { type: "Public", cidrBlocks: ["10.0.0.0/22", "10.0.8.0/22"], cidrMask: 22 },
      { type: "Private", cidrBlocks: ["10.0.4.0/22", "10.0.12.0/22"], size: 1024 },
    ],
  },
  "legacy-overlap": {
    ...small,
    subnetSpecs: [
      { type: "Private", cidrMask: 25 },
      { type: "Private", name: "more", cidrMask: 21 },
      { type: "Isolated", cidrMask: 26 },
    ],
  },
  "unaligned-range": {
    ...small,
    cidrBlock: "192.168.7.9/20",
    subnetSpecs: [{ type: "Isolated" }, { type: "Private" }],
  },
  "ipv6-for-all": {
    ...small,
    assignGeneratedIpv6CidrBlock: true,
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Public" }, { type: "Private", assignIpv6AddressOnCreation: false }],
  },
  "ipv6-given": {
    ...small,
    numberOfAvailabilityZones: 2,
    availabilityZoneNames: undefined as never,
    ipv6CidrBlock: "2600:1f00:1234:5600::/56",
    subnetStrategy: "Auto",
    subnetSpecs: [
      { type: "Public", assignIpv6AddressOnCreation: true },
      { type: "Isolated", assignIpv6AddressOnCreation: true },
    ],
  },
  "range-of-a-pool": { ...oneZone, ipv4IpamPoolId: "pool-4", ipv4NetmaskLength: 20, subnetStrategy: "Auto" },
  "pool-and-range": { ...small, ipv4IpamPoolId: "pool-4", cidrBlock: "10.0.0.0/20" },
  "endpoints-as-given": {
    ...small,
    tags: { team: "games" },
    vpcEndpointSpecs: [
      endpoint("one-s3", undefined),
      endpoint("one-logs", "Interface", {
        subnetIds: ["subnet-1"],
        autoAccept: true,
        policy: "{}",
        tags: { of: "logs" },
      }),
    ],
  },
  "endpoints-completed": {
    numberOfAvailabilityZones: 2,
    ...noNat,
    region: "us-west-2",
    tags: { team: "games" },
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Public" }, { type: "Isolated" }],
    vpcEndpointStrategy: "Auto",
    vpcEndpointSpecs: [
      endpoint("two-s3", "Gateway"),
      endpoint("two-logs", "Interface", { tags: { of: "logs" }, ipAddressType: "dualstack" }),
      endpoint("two-api", "interface", {
        region: "us-east-1",
        securityGroupIds: ["sg-1"],
        subnetConfigurations: [{ subnetId: "subnet-1" }],
      }),
    ],
  },
  "endpoints-without-private-names": {
    ...small,
    enableDnsHostnames: false,
    vpcEndpointStrategy: "Auto",
    vpcEndpointSpecs: [endpoint("three-logs", "Interface", { privateDnsEnabled: false })],
  },
  "refused-both-zone-arguments": { ...oneZone, numberOfAvailabilityZones: 1 },
  "refused-too-many-zones": { numberOfAvailabilityZones: 4 },
  "refused-same-names": { ...small, subnetSpecs: [{ type: "Public" }, { type: "public" }] },
  "refused-same-given-names": {
    ...small,
    subnetSpecs: [
      { type: "Public", name: "a" },
      { type: "Public", name: "a" },
    ],
  },
  "refused-size": { ...small, subnetSpecs: [{ type: "Public", size: 1000 }] },
  "refused-size-and-mask": { ...small, subnetSpecs: [{ type: "Public", size: 256, cidrMask: 25 }] },
  "refused-some-ranges": {
    ...small,
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Public", cidrBlocks: ["10.0.0.0/24"] }, { type: "Private" }],
  },
  "refused-range-per-zone": { ...small, subnetStrategy: "Auto", subnetSpecs: [{ type: "Public", cidrBlocks: [] }] },
  "refused-mask-of-range": {
    ...small,
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Public", cidrBlocks: ["10.0.0.0/24"], cidrMask: 25 }],
  },
  "refused-size-of-range": {
    ...small,
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Public", cidrBlocks: ["10.0.0.0/24"], size: 128 }],
  },
  "refused-merge-of-ranges": {
    ...small,
    subnetStrategy: "AutoMerge",
    subnetSpecs: [{ type: "Public", cidrBlocks: ["10.0.0.0/24"] }],
  },
  "refused-overlap": {
    ...small,
    subnetStrategy: "Auto",
    subnetSpecs: [
      { type: "Public", cidrBlocks: ["10.0.0.0/24"] },
      { type: "Private", cidrBlocks: ["10.0.0.128/25"] },
    ],
  },
  "refused-gap": { ...small, subnetStrategy: "Exact", subnetSpecs: [{ type: "Public", cidrMask: 18 }] },
  "refused-large": {
    ...small,
    numberOfAvailabilityZones: 2,
    availabilityZoneNames: undefined as never,
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Public", cidrMask: 16 }],
  },
  "refused-tiny": { ...small, subnetStrategy: "Auto", cidrBlock: "10.0.0.0/27" },
  "refused-empty": { ...small, subnetStrategy: "Auto", subnetSpecs: [] },
  "refused-nat-word": { ...oneZone, natGateways: { strategy: "Two" } },
  "refused-nat-without-public": { ...oneZone, subnetSpecs: [{ type: "Private" }] },
  "refused-addresses": { ...oneZone, natGateways: { strategy: "None", elasticIpAllocationIds: ["eipalloc-1"] } },
  "refused-address-count": { natGateways: { elasticIpAllocationIds: ["eipalloc-1"] } },
  "refused-pool-alone": { ...small, ipv4IpamPoolId: "pool-4" },
  "refused-pool-with-both": { ...small, ipv4IpamPoolId: "pool-4", cidrBlock: "10.0.0.0/20", ipv4NetmaskLength: 20 },
  "refused-pool-legacy": { ...small, ipv4IpamPoolId: "pool-4", ipv4NetmaskLength: 20 },
  "refused-same-zone-ends": {
    ...noNat,
    availabilityZoneNames: ["us-east-1a", "eu-west-1a"],
    subnetNameTagStrategy: "AvailabilityZone",
  },
  "refused-dns-off": {
    ...small,
    enableDnsSupport: false,
    vpcEndpointStrategy: "Auto",
    vpcEndpointSpecs: [endpoint("four-logs", "Interface")],
  },
};

export const vpcCases: readonly Case[] = Object.entries(configurations).map(([name, args]) => ({
  type: "awsx:ec2:Vpc",
  name: `vpc-${name}`,
  args: JSON.parse(JSON.stringify(args)),
}));
