import assert from "node:assert/strict";
import { InputError } from "../../contracts/input-error";
import type { PropertyMap } from "../engine";
import { unknownValue } from "../engine";
import { makeBill } from "./bill";
import { onDemandNodes } from "./compute";
import type { BilledResource } from "./graph";
import { always } from "./line";
import { renderBill } from "./render";

const root = "urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod";

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
    parent: root,
    inputs,
    propertyDependencies: Object.fromEntries(Object.entries(links).map(([key, { urn }]) => [key, [urn]])),
  };
}

function bill(resources: readonly BilledResource[], usage: object = {}, gpuNodes?: Parameters<typeof makeBill>[1]) {
  const none = {
    natGb: 0,
    endpointGb: 0,
    lcu: 0,
    logGb: 0,
    egressGb: 0,
    insightsMetrics: 0,
    wafMillions: 0,
    secretReads: 0,
  };
  return makeBill(
    {
      project: "p",
      stack: "prod",
      config: { "p:usage": JSON.stringify({ ...none, ...usage }) },
      resources,
    },
    gpuNodes,
  );
}

const cents = (usd: number): number => Math.round(usd * 100) / 100;

describe("the bill", () => {
  it("prices a NAT gateway by hours and gigabytes", () => {
    const { total } = bill([resource("aws:ec2/natGateway:NatGateway", "nat", {})], { natGb: 100 });
    assert.equal(cents(total.expected), cents(730 * 0.045 + 100 * 0.045));
  });

  it("prices a service by its task definition, and by the bounds of its scaling", () => {
    const definition = resource("aws:ecs/taskDefinition:TaskDefinition", "web", { cpu: "256", memory: "512" });
    const service = resource(
      "aws:ecs/service:Service",
      "web",
      { desiredCount: 2, taskDefinition: unknownValue },
      { taskDefinition: definition },
    );
    const target = resource(
      "aws:appautoscaling/target:Target",
      "web",
      { minCapacity: 1, maxCapacity: 4 },
      { resourceId: service },
    );
    const task = 730 * (0.25 * 0.04048 + 0.5 * 0.004445);
    const { total } = bill([definition, service, target]);
    assert.deepEqual([total.minimum, total.expected, total.maximum].map(cents), [task, 2 * task, 4 * task].map(cents));
  });

  it("agrees with the known price of a quarter-vCPU service on demand: $9.01 a month", () => {
    const definition = resource("aws:ecs/taskDefinition:TaskDefinition", "web", { cpu: "256", memory: "512" });
    const service = resource("aws:ecs/service:Service", "web", { desiredCount: 1 }, { taskDefinition: definition });
    assert.equal(cents(bill([definition, service]).total.expected), 9.01);
  });

  it("splits a group into on-demand and spot nodes, rounding up in favour of on-demand", () => {
    assert.deepEqual(
      [10, 20, 30, 40].map((nodes) => onDemandNodes(nodes, 12, 50)),
      [10, 16, 21, 26],
    );
  });

  it("takes the nodes of a tier from the players where asked", () => {
    const template = resource("aws:ec2/launchTemplate:LaunchTemplate", "gold", {
      instanceType: "g5.xlarge",
      blockDeviceMappings: [{ ebs: { volumeSize: 100 } }],
    });
    const group = resource(
      "aws:autoscaling/group:Group",
      "gold",
      { minSize: 1, maxSize: 50, tags: [{ key: "Tier", value: "gold", propagateAtLaunch: true }] },
      { launchTemplate: template },
    );
    const node = 730 * 1.006 + 100 * 0.08;
    assert.deepEqual(Object.values(bill([template, group]).total).map(cents), [node, node, 50 * node].map(cents));
    const forPlayers = bill([template, group], {}, { gpuNodes: { gold: always(10) } });
    assert.equal(cents(forPlayers.total.expected), cents(10 * node));
  });

  it("lists what it cannot price, with the reason, and leaves it out of the total", () => {
    const { total, unpriced } = bill([
      resource("aws:athena/workgroup:Workgroup", "queries", {}),
      resource("aws:rds/instance:Instance", "big", { instanceClass: "db.x2g.16xlarge", allocatedStorage: 0 }),
    ]);
    assert.equal(total.maximum, 100 * 0.095, "only the backups are known");
    assert.deepEqual(
      unpriced.map(({ name, reason }) => [name, reason]),
      [
        ["queries", "no price is known for this type"],
        ["big", "the price table has no rds.db.x2g.16xlarge.single-az for 1 db.x2g.16xlarge single-az x 730 h"],
      ],
    );
  });

  it("charges nothing for what is free", () => {
    const { items, unpriced } = bill([
      resource("aws:ec2/subnet:Subnet", "a", {}),
      resource("aws:iam/role:Role", "r", {}),
    ]);
    assert.deepEqual([items, unpriced], [[], []]);
  });

  it("groups by the outermost component", () => {
    const component: BilledResource = { ...resource("game:Network", "network", {}), custom: false };
    const inner: BilledResource = {
      ...resource("awsx:ec2:Vpc", "network-vpc", {}),
      custom: false,
      parent: component.urn,
    };
    const nat: BilledResource = { ...resource("aws:ec2/natGateway:NatGateway", "nat", {}), parent: inner.urn };
    const { components } = bill([
      { ...resource("pulumi:pulumi:Stack", "p-prod", {}), urn: root },
      component,
      inner,
      nat,
    ]);
    assert.deepEqual(
      components.map((line) => line.component),
      ["network"],
    );
  });

  it("refuses a usage key or an amount that makes no sense, in one line", () => {
    assert.throws(() => bill([], { natGB: 1 }), InputError);
    assert.throws(
      () => bill([], { natGb: -1 }),
      /usage\.natGb\.minimum: -1 is not allowed; allowed: a number of at least 0/,
    );
  });

  it("shows the arithmetic when asked to explain", () => {
    const small = resource("aws:elasticache/replicationGroup:ReplicationGroup", "cache", {
      nodeType: "cache.t4g.micro",
    });
    const text = renderBill(bill([resource("aws:ec2/eip:Eip", "address", {}), small]), true);
    assert.match(text, /1 address x 730 h x \$0\.005 per hour = \$3\.65 {2}\(Public IPv4\)/);
    assert.match(text, /1 cache\.t4g\.micro nodes x 730 h .* node; price to be verified\)/);
  });
});
