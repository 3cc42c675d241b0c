import assert from "node:assert/strict";
import { expectedLogTrafficGb, usageAssumptions } from "../../catalog/usage";
import type { PropertyMap } from "../engine";
import { makeBill } from "./bill";
import type { BilledResource } from "./graph";
import { renderBill } from "./render";

function resource(
  type: string,
  name: string,
  inputs: PropertyMap,
  links: Record<string, BilledResource> = {},
): BilledResource {
  return {
    urn: `urn:pulumi:prod::p::${type}::${name}`,
    type,
    name,
    custom: true,
    external: false,
    inputs,
    propertyDependencies: Object.fromEntries(Object.entries(links).map(([key, { urn }]) => [key, [urn]])),
  };
}

const none = Object.fromEntries(Object.keys(usageAssumptions).map((key) => [key, 0]));

/** A bill of what is declared alone; each test gives the usage that it is about. */
function bill(resources: readonly BilledResource[], usage: object = {}) {
  const config = { "p:usage": JSON.stringify({ ...none, ...usage }) };
  return makeBill({ project: "p", stack: "prod", config, resources });
}

const cents = (usd: number): number => Math.round(usd * 100) / 100;

/** A group of one to ten nodes, one on demand and the rest spot. */
function gpuGroup(instanceType: string, template: PropertyMap = {}): BilledResource[] {
  const launch = resource("aws:ec2/launchTemplate:LaunchTemplate", "gold", { instanceType, ...template });
  const distribution = { onDemandBaseCapacity: 1, onDemandPercentageAboveBaseCapacity: 0 };
  const inputs = { minSize: 1, maxSize: 10, mixedInstancesPolicy: { instancesDistribution: distribution } };
  return [launch, resource("aws:autoscaling/group:Group", "gold", inputs, { mixedInstancesPolicy: launch })];
}

describe("charges that are easily missed", () => {
  it("bills spot nodes at the on-demand price where the market's is not known, and says so", () => {
    const [known, dearer] = [bill(gpuGroup("g5.xlarge")), bill(gpuGroup("g4dn.xlarge"))];
    assert.ok(dearer.total.maximum > known.total.maximum, "a dearer node never makes the maximum fall");
    assert.equal(cents(dearer.total.maximum), cents(10 * 730 * 0.526));
    assert.deepEqual(dearer.notes, [
      "The price table has no ec2.g4dn.xlarge.spot: EC2 g4dn.xlarge Linux on-demand stands for it, which is the most that it costs.",
    ]);
    assert.deepEqual(known.notes, []);
  });

  it("says that the month costs more than the total where a charge of a priced resource has no price", () => {
    const database = resource("aws:rds/instance:Instance", "db", {
      instanceClass: "db.x9.large",
      allocatedStorage: 10,
    });
    const text = renderBill(bill([database]), false);
    assert.match(text, /the month costs more than the total by:\n.* db: the price table has no rds\.db\.x9\.large/);
  });

  it("bills detailed monitoring, and IOPS and throughput beyond what gp3 has without a charge", () => {
    const ebs = { volumeSize: 100, iops: 4000, throughput: 225 };
    const [plain, rich] = [
      bill(gpuGroup("g5.xlarge", { blockDeviceMappings: [{ ebs: { ...ebs, iops: 3000, throughput: 125 } }] })),
      bill(gpuGroup("g5.xlarge", { blockDeviceMappings: [{ ebs }], monitoring: { enabled: true } })),
    ];
    const extra = 1000 * 0.005 + 100 * 0.04 + 7 * 0.3;
    assert.equal(cents(rich.total.minimum - plain.total.minimum), cents(extra));
    assert.equal(cents(rich.total.maximum - plain.total.maximum), cents(10 * extra));
  });

  it("bills the metrics of Container Insights at every level, and the records of each task", () => {
    const cluster = (value: string) =>
      resource("aws:ecs/cluster:Cluster", "c", { settings: [{ name: "containerInsights", value }] });
    const definition = resource("aws:ecs/taskDefinition:TaskDefinition", "d", { cpu: "256", memory: "512" });
    const of = (value: string) => {
      const made = cluster(value);
      const links = { cluster: made, taskDefinition: definition };
      const service = resource("aws:ecs/service:Service", "s", { desiredCount: 3 }, links);
      return bill([made, definition, service], { insightsMetrics: 20, insightsLogGb: 0.1 }).total;
    };
    const extra = (20 + 14) * 0.3 + 3 * 0.1 * 0.5;
    for (const level of ["minimum", "expected", "maximum"] as const) {
      assert.equal(cents(of("enabled")[level] - of("disabled")[level]), cents(extra), level);
    }
  });

  it("bills long-term samples by vCPU, the secret that RDS makes, and IOPS beyond the free ones", () => {
    const database = (inputs: PropertyMap) =>
      bill([
        resource("aws:rds/instance:Instance", "db", {
          instanceClass: "db.r6g.xlarge",
          allocatedStorage: 100,
          ...inputs,
        }),
      ]).total.minimum;
    const plain = database({ performanceInsightsRetentionPeriod: 7 });
    assert.equal(cents(database({ performanceInsightsRetentionPeriod: 93 }) - plain), cents(4 * 5.184));
    assert.equal(cents(database({ manageMasterUserPassword: true }) - plain), 0.4);
    assert.equal(cents(database({ iops: 4000 }) - plain), cents(1000 * 0.02));
  });

  for (const [what, one, usage, usd] of [
    [
      "snapshots of a cache that keeps some",
      resource("aws:elasticache/replicationGroup:ReplicationGroup", "c", {
        nodeType: "cache.t4g.micro",
        snapshotRetentionLimit: 7,
      }),
      { cacheBackupGb: 100 },
      8.5,
    ],
    ["requests to a bucket", resource("aws:s3/bucket:Bucket", "b", {}), { bucketWrites: 100, bucketReads: 1000 }, 0.9],
    ["requests to a key", resource("aws:kms/key:Key", "k", {}), { keyRequests: 100 }, 3],
    [
      "deliveries by e-mail beyond the first thousand",
      resource("aws:sns/topicSubscription:TopicSubscription", "t", { protocol: "email" }),
      { notifications: 101 },
      2,
    ],
    [
      "no deliveries to a queue",
      resource("aws:sns/topicSubscription:TopicSubscription", "t", { protocol: "sqs" }),
      { notifications: 101 },
      0,
    ],
  ] as const) {
    it(`bills ${what}`, () => {
      const amount = bill([one], usage).total.expected - bill([one]).total.expected;
      assert.equal(cents(amount), usd);
    });
  }

  it("bills traffic between the zones of a network on both sides, and none within one zone", () => {
    const vpc = resource("aws:ec2/vpc:Vpc", "v", {});
    const subnet = (availabilityZone: string) =>
      resource("aws:ec2/subnet:Subnet", availabilityZone, { availabilityZone });
    const of = (...zones: string[]) => bill([vpc, ...zones.map(subnet)], { interZoneGb: 100 }).total.expected;
    assert.deepEqual([cents(of("a", "b")), of("a")], [2, 0]);
  });
});

describe("the assumption about logs", () => {
  it("is one for what groups ingest and for what an endpoint carries", () => {
    const groups = ["a", "b"].map((name) => resource("aws:cloudwatch/logGroup:LogGroup", name, { retentionInDays: 1 }));
    const inputs = { vpcEndpointType: "Interface", serviceName: "com.amazonaws.us-east-1.logs", subnetIds: ["a"] };
    const endpoint = resource("aws:ec2/vpcEndpoint:VpcEndpoint", "logs", inputs);
    const of = (logGb: number) => bill([...groups, endpoint], { logGb, endpointGb: 999 });
    const charged = of(10).items.find(({ name }) => name === "logs")!.usd.expected - 7.3;
    assert.equal(cents(charged), cents(2 * 10 * 0.01));
  });

  it("decides whether an endpoint for them pays", () => {
    assert.equal(expectedLogTrafficGb(undefined, 24, 3), 4);
    assert.equal(expectedLogTrafficGb(75, 24, 3), 600);
    assert.equal(expectedLogTrafficGb({ expected: 75 }, 24, 3), 600);
    assert.equal(expectedLogTrafficGb({ maximum: 75 }, 24, 3), 4);
  });
});
