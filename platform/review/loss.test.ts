import assert from "node:assert/strict";
import { resolve } from "node:path";
import { evaluate } from "../engine";
import type { Evaluation, PropertyMap, RecordedResource } from "../engine/types";
import { makePlan } from "../plan/plan";
import { stateOfEvaluation } from "../plan/states";
import { evaluation, record, urnOf } from "../plan/testing";
import { needsAttention, reasonsToLook } from "./attention";
import { renderComment } from "./comment";
import { reviewPlan, type StackReview } from "./stack-review";

const today = "2026-12-01";

function review(before: readonly RecordedResource[], after: readonly RecordedResource[]): StackReview {
  const baseline = { state: stateOfEvaluation(evaluation(before)), name: "git:main (1a2b3c4)" };
  return reviewPlan(makePlan(evaluation(after), baseline), { today });
}

const comment = (one: StackReview): string => renderComment("shop", "origin/main", [one]);
const types = {
  vpc: "aws:ec2/vpc:Vpc",
  subnet: "aws:ec2/subnet:Subnet",
  group: "aws:rds/subnetGroup:SubnetGroup",
  db: "aws:rds/instance:Instance",
  address: "aws:ec2/eip:Eip",
  node: "aws:ec2/instance:Instance",
  task: "aws:ecs/taskDefinition:TaskDefinition",
  cluster: "aws:ecs/cluster:Cluster",
};

/** A network, two subnets and a database that stands on them. */
function network(cidrBlock: string, name = "net"): RecordedResource[] {
  const subnet = (zone: string) =>
    record(types.subnet, `${name}-${zone}`, { availabilityZone: zone }, { from: { vpcId: [urnOf(types.vpc, name)] } });
  const subnets = ["a", "b"].map((zone) => urnOf(types.subnet, `${name}-${zone}`));
  return [
    record(types.vpc, name, { cidrBlock }),
    subnet("a"),
    subnet("b"),
    record(types.group, "subnets", {}, { from: { subnetIds: subnets } }),
    record(
      types.db,
      "db",
      { storageEncrypted: true },
      { from: { dbSubnetGroupName: [urnOf(types.group, "subnets")] } },
    ),
  ];
}

/** Everything above the summary table. */
const firstLines = (text: string): string => text.slice(0, text.indexOf("| Stack |"));

describe("what is lost", () => {
  it("names the database that stands on a network that is replaced", () => {
    const one = review(network("10.0.0.0/16"), network("10.1.0.0/16"));
    const text = firstLines(comment(one));
    assert.match(text, /`net` .* is \*\*replaced\*\* because `cidrBlock` changed; lost with it: what stands on it: db/);
    assert.ok(needsAttention(one));
  });

  it("names it for a network that is renamed", () => {
    const one = review(network("10.0.0.0/16"), network("10.0.0.0/16", "other"));
    assert.match(firstLines(comment(one)), /`net` .* is \*\*deleted\*\*; lost with it: what stands on it: db/);
  });

  it("does not for one subnet of two", () => {
    const fewer = network("10.0.0.0/16").map((one) =>
      one.name === "net-a" ? { ...one, inputs: { ...one.inputs, availabilityZone: "c" } } : one,
    );
    const one = review(network("10.0.0.0/16"), fewer);
    assert.equal(one.destructions.length, 1);
    assert.deepEqual(reasonsToLook(one), []);
  });

  for (const [what, type, lost] of [
    ["a public address", types.address, /the public address/],
    ["a node", types.node, /root disk/],
  ] as const) {
    it(`is said of ${what}`, () => {
      const one = review([record(type, "it")], []);
      assert.match(firstLines(comment(one)), lost);
      assert.ok(needsAttention(one));
    });
  }

  it("is nothing for a new revision of a task definition, which is one line however many there are", () => {
    const tasks = (image: string) =>
      Array.from({ length: 22 }, (_, index) =>
        record(types.task, `task-${index}`, { family: `t${index}`, containerDefinitions: `[{"image":"${image}"}]` }),
      );
    const one = review(tasks("a"), tasks("b"));
    const text = comment(one);
    assert.match(
      text,
      /22 task definitions get a new revision; nothing is lost: `task-0`, `task-1`, `task-10`, 19 more/,
    );
    assert.doesNotMatch(text, /Deleted or replaced/);
    assert.match(text, /\| prod \| 0 \| 0 \| 0 and 22 revisions \| 0 \|/);
    assert.equal(needsAttention(one), false);
  });
});

describe("the reason of an exit code of 1", () => {
  const cluster = (protect: boolean, name: string) => record(types.cluster, "it", { name }, { options: { protect } });
  const db = (inputs: PropertyMap) => record(types.db, "db", { engine: "postgres", storageEncrypted: true, ...inputs });

  for (const [what, one, reason] of [
    [
      "a protected resource that holds nothing",
      review([cluster(true, "a")], [cluster(true, "b")]),
      /`it` .* is \*\*replaced\*\* because `name` changed\. It is protected, so the update will stop there/,
    ],
    [
      "a database that rises to a major version without leave",
      review([db({ engineVersion: "16.4" })], [db({ engineVersion: "17.2" })]),
      /error: update of "db" will be refused: engineVersion rises from 16\.4 to 17\.2, a major version/,
    ],
    [
      "a database of which it is not known whether it is replaced",
      review([db({})], [db({ warningEventCategories: ["storage"] })]),
      /`db` .* \*\*may be replaced\*\*: not known for `warningEventCategories`; lost with it then: the database/,
    ],
    [
      "a rule that is newly broken",
      review(
        [],
        [record("aws:ec2/launchTemplate:LaunchTemplate", "t", { metadataOptions: { httpTokens: "optional" } })],
      ),
      /a serious rule is newly broken: CKV_AWS_79/,
    ],
  ] as const) {
    it(`stands in the first lines: ${what}`, () => {
      assert.ok(needsAttention(one));
      assert.match(firstLines(comment(one)), reason);
    });
  }

  it("is none for a change that takes nothing away", () => {
    const one = review([cluster(false, "a")], [cluster(false, "a"), record(types.cluster, "b")]);
    assert.deepEqual(reasonsToLook(one), []);
    assert.doesNotMatch(comment(one), /CAUTION/);
  });
});

describe("the order of the comment", () => {
  it("is the same to the byte in whatever order a program registers its resources", async () => {
    const projectDir = resolve(__dirname, "..", "..");
    const before = await evaluate({ projectDir, stack: "prod", timeoutMs: 200_000, outputs: "stand-in" });
    const changed = before.resources
      .filter(({ type }) => type !== "aws:ec2/eip:Eip")
      .map((one) =>
        one.type === "aws:cloudwatch/metricAlarm:MetricAlarm"
          ? { ...one, inputs: { ...one.inputs, alarmActions: [], period: 61 } }
          : one.type === "aws:ecs/taskDefinition:TaskDefinition"
            ? { ...one, inputs: { ...one.inputs, memory: "999" } }
            : one,
      );
    const text = (order: (all: readonly RecordedResource[]) => readonly RecordedResource[]): string => {
      const side = (resources: readonly RecordedResource[]): Evaluation => ({ ...before, resources: order(resources) });
      const [old, next] = [side(before.resources), side(changed)];
      const baseline = { state: stateOfEvaluation(old), name: "git:main (1a2b3c4)" };
      const evaluated = { before: stateOfEvaluation(old), after: stateOfEvaluation(next) };
      return renderComment("shop", "origin/main", [reviewPlan(makePlan(next, baseline), { today, evaluated })]);
    };
    const first = text((all) => all);
    assert.match(first, /Deleted or replaced/);
    for (const order of [
      (all: readonly RecordedResource[]) => [...all].reverse(),
      (all: readonly RecordedResource[]) => shuffled(all, 7),
      (all: readonly RecordedResource[]) => shuffled(all, 11),
    ]) {
      assert.equal(text(order), first);
    }
  });
});

/** In another order, the same on each run. */
function shuffled<T>(all: readonly T[], seed: number): T[] {
  const keyed = all.map((item, index) => [((index + 1) * seed * 7919) % 1009, item] as const);
  return keyed.sort(([a], [b]) => a - b).map(([, item]) => item);
}
