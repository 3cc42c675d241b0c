import assert from "node:assert/strict";
import type { PropertyMap } from "../engine/types";
import type { Step } from "./model";
import { makePlan } from "./plan";
import { stateOfEvaluation } from "./states";
import { evaluation, record } from "./testing";

/** The step of one resource whose inputs change. */
function change(
  type: string,
  before: PropertyMap,
  after: PropertyMap,
): { readonly step: Step; readonly errors: string[] } {
  const baseline = { state: stateOfEvaluation(evaluation([record(type, "it", before)])), name: "before" };
  const { steps, diagnostics } = makePlan(evaluation([record(type, "it", after)]), baseline);
  return { step: steps.find(({ name }) => name === "it")!, errors: diagnostics.map(({ message }) => message) };
}

const rds = "aws:rds/instance:Instance";
const instance = "aws:ec2/instance:Instance";
const cache = "aws:elasticache/replicationGroup:ReplicationGroup";
const balancer = "aws:lb/loadBalancer:LoadBalancer";
const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const egress = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";
const nlb = { loadBalancerType: "network" };

type Fact = readonly [what: string, type: string, before: PropertyMap, after: PropertyMap];

const replaced: readonly Fact[] = [
  ["a rule from a range to a group", ingress, { cidrIpv4: "10.0.0.0/8" }, { referencedSecurityGroupId: "sg-1" }],
  ["a rule from a group to a list of ranges", egress, { referencedSecurityGroupId: "sg-1" }, { prefixListId: "pl-1" }],
  ["a rule's group", ingress, { securityGroupId: "sg-1" }, { securityGroupId: "sg-2" }],
  ["a network's tenancy", "aws:ec2/vpc:Vpc", {}, { instanceTenancy: "dedicated" }],
  ["a node's placement group", instance, { placementGroup: "a" }, { placementGroup: "b" }],
  ["a node's host", instance, { hostId: "h-1" }, { hostId: "h-2" }],
  ["a node's further disk", instance, {}, { ebsBlockDevices: [{ deviceName: "/dev/sdf", volumeSize: 10 }] }],
  ["a node's private DNS", instance, {}, { privateDnsNameOptions: { hostnameType: "resource-name" } }],
  ["a node's classic groups", instance, { securityGroups: ["a"] }, { securityGroups: ["b"] }],
  ["a node's other processor", instance, { instanceType: "m6i.large" }, { instanceType: "m7g.large" }],
  [
    "an older cache engine",
    cache,
    { engine: "valkey", engineVersion: "8.0" },
    { engine: "valkey", engineVersion: "7.2" },
  ],
  ["Valkey to Redis", cache, { engine: "valkey" }, { engine: "redis" }],
  ["TLS of Redis 6", cache, { engineVersion: "6.2" }, { engineVersion: "6.2", transitEncryptionEnabled: true }],
  ["groups of a network load balancer, none to some", balancer, nlb, { ...nlb, securityGroups: ["sg-1"] }],
  ["groups of a network load balancer, some to none", balancer, { ...nlb, securityGroups: ["sg-1"] }, nlb],
  ["a subnet less of a network load balancer", balancer, { ...nlb, subnets: ["a", "b"] }, { ...nlb, subnets: ["a"] }],
  [
    "the IPv6 range of a subnet that assigns addresses",
    "aws:ec2/subnet:Subnet",
    { assignIpv6AddressOnCreation: true, ipv6CidrBlock: "2600:1::/64" },
    { assignIpv6AddressOnCreation: true, ipv6CidrBlock: "2600:2::/64" },
  ],
  [
    "further addresses of a private NAT gateway",
    "aws:ec2/natGateway:NatGateway",
    { connectivityType: "private", secondaryPrivateIpAddressCount: 1 },
    { connectivityType: "private", secondaryPrivateIpAddressCount: 2 },
  ],
  ["private DNS of a gateway endpoint", "aws:ec2/vpcEndpoint:VpcEndpoint", {}, { privateDnsEnabled: true }],
  ["a database's encryption", rds, { storageEncrypted: false }, { storageEncrypted: true }],
  ["a database's key", rds, { kmsKeyId: "a" }, { kmsKeyId: "b" }],
];

const inPlace: readonly Fact[] = [
  ["a database's identifier", rds, { identifier: "a" }, { identifier: "b" }],
  ["a database's prefix", rds, { identifierPrefix: "a" }, { identifierPrefix: "b" }],
  ["a database's key that the program no longer names", rds, { kmsKeyId: "a" }, {}],
  ["the engine of a cache user", "aws:elasticache/user:User", { engine: "redis" }, { engine: "valkey" }],
  [
    "a service's deployment controller",
    "aws:ecs/service:Service",
    { deploymentController: { type: "ECS" } },
    { deploymentController: { type: "CODE_DEPLOY" } },
  ],
  ["a subnet more of a network load balancer", balancer, { ...nlb, subnets: ["a"] }, { ...nlb, subnets: ["a", "b"] }],
  ["subnets of an application load balancer", balancer, { subnets: ["a", "b"] }, { subnets: ["a", "c"] }],
  [
    "groups of a network load balancer, some to others",
    balancer,
    { ...nlb, securityGroups: ["sg-1"] },
    { ...nlb, securityGroups: ["sg-2"] },
  ],
  ["a rule's range", ingress, { cidrIpv4: "10.0.0.0/8" }, { cidrIpv4: "10.1.0.0/16" }],
  ["a network that is no longer dedicated", "aws:ec2/vpc:Vpc", { instanceTenancy: "dedicated" }, {}],
  ["a node's count of IPv6 addresses", instance, { ipv6AddressCount: 1 }, { ipv6AddressCount: 2 }],
  ["a node's size", instance, { instanceType: "m6i.large" }, { instanceType: "m6i.xlarge" }],
  ["a newer cache engine", cache, { engineVersion: "7.2" }, { engineVersion: "8.0" }],
  ["Redis to Valkey", cache, { engine: "redis" }, { engine: "valkey" }],
  ["TLS of Redis 7.1", cache, { engineVersion: "7.1" }, { engineVersion: "7.1", transitEncryptionEnabled: true }],
  [
    "the IPv6 range of a subnet that assigns none",
    "aws:ec2/subnet:Subnet",
    { ipv6CidrBlock: "2600:1::/64" },
    { ipv6CidrBlock: "2600:2::/64" },
  ],
  [
    "private DNS of an interface endpoint",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    { vpcEndpointType: "Interface" },
    { vpcEndpointType: "Interface", privateDnsEnabled: true },
  ],
];

const notKnown: readonly Fact[] = [
  ["TLS of a Redis whose patch level is open", cache, { engineVersion: "7.0" }, { transitEncryptionEnabled: true }],
  ["a property that the source does not have", rds, {}, { warningEventCategories: ["storage"] }],
  ["a property that code of the provider decides on", "aws:mwaa/environment:Environment", {}, { airflowVersion: "3" }],
];

describe("what the provider replaces", () => {
  for (const [what, type, before, after] of replaced) {
    it(`replaces for ${what}`, () => assert.equal(change(type, before, after).step.op, "replace"));
  }

  for (const [what, type, before, after] of inPlace) {
    it(`updates in place for ${what}`, () => {
      const { step } = change(type, before, after);
      assert.deepEqual([step.op, step.notes.mayReplace], ["update", undefined]);
    });
  }

  for (const [what, type, before, after] of notKnown) {
    it(`says that a replacement is not known for ${what}`, () => {
      const { step } = change(type, before, after);
      assert.equal(step.op, "update");
      assert.ok(step.notes.mayReplace?.length, what);
    });
  }

  it("replaces for a property inside a block only when the block has it", () => {
    const block = (content: PropertyMap) => change("aws:eks/cluster:Cluster", {}, { outpostConfig: content }).step.op;
    assert.equal(block({ controlPlaneInstanceType: "m5.large" }), "replace");
    assert.equal(block({ outpostArns: ["arn"] }), "update");
  });
});

describe("changes that are refused", () => {
  const service = "aws:ecs/service:Service";
  const strategy = (capacityProvider: string) => [{ capacityProvider, weight: 1 }];

  it("refuses another capacity strategy without a forced deployment, and replaces for none", () => {
    const [before, after] = [strategy("FARGATE_SPOT"), strategy("FARGATE")];
    const { step, errors } = change(
      service,
      { capacityProviderStrategies: before },
      { capacityProviderStrategies: after },
    );
    assert.equal(step.op, "update");
    assert.match(
      errors.join(),
      /^update of "it" will be refused: capacityProviderStrategies changes and forceNewDeployment/,
    );
    const forced = change(
      service,
      { capacityProviderStrategies: before, forceNewDeployment: true },
      { capacityProviderStrategies: after, forceNewDeployment: true },
    );
    assert.deepEqual([forced.step.op, forced.errors], ["update", []]);
  });

  it("lets a service change what is not its capacity", () => {
    const same = { capacityProviderStrategies: strategy("FARGATE") };
    assert.deepEqual(change(service, { ...same, desiredCount: 1 }, { ...same, desiredCount: 2 }).errors, []);
  });

  for (const [from, to, engine, allowed, message] of [
    ["16.4", "17.2", "postgres", false, /rises from 16\.4 to 17\.2, a major version, and allowMajorVersionUpgrade/],
    ["16.4", "17.2", "postgres", true, /^$/],
    ["16.4", "16.9", "postgres", false, /^$/],
    ["16", "16.9", "postgres", false, /^$/],
    ["8.0.35", "8.4.3", "mysql", false, /a major version/],
    ["17.2", "16.4", "postgres", true, /falls from 17\.2 to 16\.4/],
  ] as const) {
    it(`${message.source === "^$" ? "allows" : "refuses"} ${engine} ${from} to ${to}${allowed ? " when allowed" : ""}`, () => {
      const of = (engineVersion: string) => ({ engine, engineVersion, allowMajorVersionUpgrade: allowed });
      assert.match(change(rds, of(from), of(to)).errors.join(), message);
    });
  }

  it("refuses to disable versioning of a bucket", () => {
    const of = (status: string) => ({ versioningConfiguration: { status } });
    const { errors } = change("aws:s3/bucketVersioning:BucketVersioning", of("Enabled"), of("Disabled"));
    assert.match(errors.join(), /S3 only suspends versioning/);
  });
});
