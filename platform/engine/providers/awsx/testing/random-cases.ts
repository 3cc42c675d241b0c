import fc from "fast-check";
import type { PropertyMap } from "../../../types";
import type { Case } from "./graph";

const optional = <T>(value: fc.Arbitrary<T>, weight = 3) => fc.option(value, { nil: undefined, freq: weight });
const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 });

const subnetType = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("Public", "Private", "Isolated") },
  { weight: 2, arbitrary: fc.constantFrom("public", "private", "isolated") },
  { weight: 1, arbitrary: fc.constantFrom("Unused", "unused") },
);

const tags = fc.constantFrom({ team: "games" }, { Name: "mine", SubnetType: "mine" }, {});

const subnetSpec = fc.record({
  type: subnetType,
  name: optional(fc.constantFrom("app", "data", "edge"), 1),
  cidrMask: optional(fc.integer({ min: 18, max: 28 }), 1),
  size: sometimes(fc.constantFrom(64, 256, 1024, 4096, 1000)),
  assignIpv6AddressOnCreation: sometimes(fc.boolean()),
  tags: sometimes(tags),
});

const endpointSpec = fc.record({
  serviceName: fc.constantFrom("s3", "dynamodb", "ecr.api", "logs"),
  vpcEndpointType: optional(fc.constantFrom("Gateway", "Interface", "interface", "GatewayLoadBalancer"), 2),
  privateDnsEnabled: sometimes(fc.boolean()),
  ipAddressType: sometimes(fc.constantFrom("ipv4", "ipv6", "dualstack")),
  subnetIds: sometimes(fc.constant(["subnet-1"])),
  subnetConfigurations: sometimes(fc.constant([{ subnetId: "subnet-1", ipv4: "10.0.0.9" }])),
  securityGroupIds: sometimes(fc.constant(["sg-1"])),
  routeTableIds: sometimes(fc.constant(["rtb-1"])),
  policy: sometimes(fc.constant("{}")),
  region: sometimes(fc.constant("us-east-1")),
  autoAccept: sometimes(fc.boolean()),
  dnsOptions: sometimes(fc.constant({ dnsRecordIpType: "ipv4" })),
  tags: sometimes(tags),
});

const zones = fc.oneof(
  { weight: 3, arbitrary: fc.record({ numberOfAvailabilityZones: fc.constantFrom(1, 1, 2, 2, 3, 3, 4) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      numberOfAvailabilityZones: sometimes(fc.constant(1)),
      availabilityZoneNames: fc.constantFrom(
        ["eu-west-1a"],
        ["eu-west-1a", "eu-west-1c"],
        ["us-west-2-lax-1a", "us-west-2a"],
        ["first", "eu-west-1a", "us-gov-west-1b"],
        ["us-east-1a", "eu-west-1a"],
        ["eu-west-1b", "eu-west-1b"],
        undefined,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({}) },
);

const natGateways = fc.record({
  strategy: optional(
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom("None", "None", "Single", "OnePerAz", "single", "none") },
      { weight: 1, arbitrary: fc.constant("Two") },
    ),
    9,
  ),
  elasticIpAllocationIds: fc.option(fc.constantFrom([], ["eipalloc-1"], ["eipalloc-1", "eipalloc-2"]), {
    nil: undefined,
    freq: 1,
  }),
});

const addresses = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      cidrBlock: optional(
        fc.constantFrom("10.0.0.0/16", "10.1.0.0/18", "172.16.0.0/12", "10.0.0.0/24", "192.168.7.9/20", "10.0.0.0/27"),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      cidrBlock: sometimes(fc.constant("10.0.0.0/20")),
      ipv4IpamPoolId: fc.constant("pool-1"),
      ipv4NetmaskLength: optional(fc.constant(20)),
    }),
  },
);

/** Specs that bring their ranges, right ones or not. */
const explicitSpecs = fc
  .record({
    zones: fc.constantFrom(1, 1, 2, 2, 3),
    types: fc.array(subnetType, { minLength: 1, maxLength: 3 }),
    mask: sometimes(fc.constantFrom(20, 21)),
    size: sometimes(fc.constantFrom(4096, 2048)),
    missing: fc.option(fc.nat({ max: 2 }), { nil: undefined, freq: 1 }),
    isFull: fc.boolean(),
  })
  .map(({ zones: count, types, mask, size, missing, isFull }) =>
    types.map((type, index) => ({
      type,
      name: types.indexOf(type) === index ? undefined : `${type}-${index}`,
      cidrMask: mask,
      size: index === 0 ? size : undefined,
      ...(missing === index
        ? {}
        : {
            cidrBlocks: Array.from(
              { length: count },
              (_, zone) => `10.0.${(zone * (isFull ? types.length : 4) + index) * 16}.0/20`,
            ),
          }),
    })),
  );

const strategy = fc.constantFrom(undefined, "Legacy", "Auto", "AutoMerge", "Exact", "auto");

const oftenTrue = fc.integer({ min: 0, max: 9 }).map((number) => number > 0);

/** Specs of one type with names of their own, so that few configurations are refused for that alone. */
function distinct<T extends { readonly type: string; readonly name?: string }>([specs, isDistinct]: [
  T[],
  boolean,
]): T[] {
  if (!isDistinct) return specs;
  return specs.map((spec, index) =>
    specs.some((other, earlier) => earlier < index && other.type.toLowerCase() === spec.type.toLowerCase())
      ? { ...spec, name: `${spec.name ?? "more"}${index}` }
      : spec,
  );
}

const vpcArgs: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.record({
      subnetStrategy: strategy,
      subnetSpecs: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        {
          weight: 8,
          arbitrary: fc.tuple(fc.array(subnetSpec, { minLength: 1, maxLength: 4 }), oftenTrue).map(distinct),
        },
        { weight: 2, arbitrary: explicitSpecs },
        { weight: 1, arbitrary: fc.constant([]) },
      ),
      subnetNameTagStrategy: sometimes(fc.constantFrom("Legacy", "AvailabilityZone")),
      availabilityZoneCidrMask: sometimes(fc.integer({ min: 17, max: 22 })),
      natGateways: optional(natGateways),
      region: sometimes(fc.constantFrom("us-west-2", "eu-central-1")),
      tags: optional(tags, 1),
      assignGeneratedIpv6CidrBlock: sometimes(fc.boolean()),
      ipv6CidrBlock: sometimes(fc.constantFrom("2600:1f00:1234:5600::/56", "2600:1f00::/56")),
      instanceTenancy: sometimes(fc.constant("dedicated")),
      enableDnsHostnames: sometimes(fc.boolean()),
      enableDnsSupport: sometimes(fc.boolean()),
      enableNetworkAddressUsageMetrics: sometimes(fc.boolean()),
      vpcEndpointStrategy: optional(fc.constantFrom("Legacy", "Auto"), 1),
      vpcEndpointSpecs: optional(
        fc.uniqueArray(endpointSpec, { maxLength: 2, selector: ({ serviceName }) => serviceName }),
        1,
      ),
    }),
    zones,
    addresses,
  )
  .map((parts) => Object.assign({}, ...parts))
  .chain((args) => {
    // Ranges for as many zones as there are, mostly: the rest is refused.
    const ranges = (args.subnetSpecs as { cidrBlocks?: string[] }[] | undefined)?.find((spec) => spec.cidrBlocks);
    const fits = { ...args, availabilityZoneNames: undefined, numberOfAvailabilityZones: ranges?.cidrBlocks?.length };
    return ranges === undefined ? fc.constant(args) : oftenTrue.map((isFitting) => (isFitting ? fits : args));
  });

/** `count` configurations of `awsx.ec2.Vpc`, the same for the same seed; about half of them are refused. */
export function randomVpcCases(count: number, seed: number): Case[] {
  return fc
    .sample(vpcArgs, { numRuns: count, seed })
    .map((args, index) => named({ type: "awsx:ec2:Vpc", name: `vpc${index}`, args: args as PropertyMap }));
}

/** Without what is undefined; the URN of an endpoint does not tell its VPC, so its name does. */
function named({ type, name, args }: Case): Case {
  const plain = JSON.parse(JSON.stringify(args)) as PropertyMap;
  for (const spec of (plain.vpcEndpointSpecs as PropertyMap[] | undefined) ?? []) {
    spec.serviceName = `com.amazonaws.eu-west-1.${name}.${String(spec.serviceName)}`;
  }
  return { type, name, args: plain };
}
