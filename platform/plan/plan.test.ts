import assert from "node:assert/strict";
import type { RecordedResource } from "../engine/types";
import { secret, unknownValue } from "../engine/values";
import type { Plan, Step } from "./model";
import { makePlan } from "./plan";
import { stateOfEvaluation } from "./states";
import { evaluation, record, rootUrn, urnOf } from "./testing";

function plan(before: readonly RecordedResource[], after: readonly RecordedResource[]): Plan {
  return makePlan(evaluation(after), { state: stateOfEvaluation(evaluation(before)), name: "before" });
}

function stepOf(planned: Plan, name: string): Step {
  const step = planned.steps.find((candidate) => candidate.name === name);
  assert.ok(step, `no step for ${name}`);
  return step;
}

const vpc = (cidrBlock: string) => record("aws:ec2/vpc:Vpc", "vpc", { cidrBlock });
const subnet = (extra: Record<string, string> = {}) =>
  record(
    "aws:ec2/subnet:Subnet",
    "subnet",
    { vpcId: unknownValue, cidrBlock: "10.0.0.0/24", ...extra },
    { from: { vpcId: [urnOf("aws:ec2/vpc:Vpc", "vpc")] } },
  );
const role = (assumeRolePolicy: string, extra = {}) => record("aws:iam/role:Role", "role", { assumeRolePolicy }, extra);

describe("plan without a baseline", () => {
  it("creates everything, reads what is only read and counts each once", () => {
    const planned = makePlan(
      evaluation([
        vpc("10.0.0.0/16"),
        record("aws:ec2/subnet:Subnet", "given", {}, { external: true, id: "subnet-1" }),
      ]),
    );
    assert.deepEqual(planned.changeSummary, { create: 2, read: 1 });
    assert.deepEqual(
      planned.steps.map(({ op, name }) => [op, name]),
      [
        ["create", "shop-prod"],
        ["create", "vpc"],
        ["read", "given"],
      ],
    );
  });

  it("imports what the program adopts", () => {
    const adopted = record("aws:s3/bucket:Bucket", "logs", {}, { id: "logs-1", options: { importId: "logs-1" } });
    assert.equal(stepOf(makePlan(evaluation([adopted])), "logs").op, "import");
  });

  it("leaves the engine's own default providers out", () => {
    const provider = record("pulumi:providers:aws", "default_7_48_0", { region: "us-east-1" });
    assert.deepEqual(makePlan(evaluation([provider])).changeSummary, { create: 1 });
  });
});

describe("plan against a baseline", () => {
  it("finds nothing to do where nothing changed", () => {
    const both = [vpc("10.0.0.0/16"), subnet(), role("{}")];
    assert.deepEqual(plan(both, both).changeSummary, { same: 4 });
  });

  it("updates in place and names the property", () => {
    const step = stepOf(plan([subnet()], [subnet({ mapPublicIpOnLaunch: "true" })]), "subnet");
    assert.equal(step.op, "update");
    assert.deepEqual(step.diffReasons, ["mapPublicIpOnLaunch"]);
    assert.deepEqual(step.detailedDiff, { mapPublicIpOnLaunch: { kind: "add", inputDiff: true } });
  });

  it("replaces where the provider cannot update, and drags along what takes values from it", () => {
    const planned = plan([vpc("10.0.0.0/16"), subnet()], [vpc("10.1.0.0/16"), subnet()]);
    const [parent, child] = [stepOf(planned, "vpc"), stepOf(planned, "subnet")];
    assert.deepEqual([parent.op, parent.replaceReasons], ["replace", ["cidrBlock"]]);
    assert.deepEqual(parent.detailedDiff, { cidrBlock: { kind: "update-replace", inputDiff: true } });
    assert.deepEqual([child.op, child.replaceReasons], ["replace", ["vpcId"]]);
    assert.deepEqual(child.notes.replacedBecauseOf, [urnOf("aws:ec2/vpc:Vpc", "vpc")]);
    assert.deepEqual(child.notes.knownAfterApply, ["vpcId"]);
    assert.deepEqual(planned.changeSummary, { same: 1, replace: 2 });
  });

  it("updates, not replaces, a dependant whose property can change in place", () => {
    const group = (description: string) => record("aws:ec2/securityGroup:SecurityGroup", "access", { description });
    const balancer = record(
      "aws:lb/loadBalancer:LoadBalancer",
      "balancer",
      { securityGroups: [unknownValue] },
      { from: { securityGroups: [urnOf("aws:ec2/securityGroup:SecurityGroup", "access")] } },
    );
    const planned = plan([group("a"), balancer], [group("b"), balancer]);
    assert.equal(stepOf(planned, "access").op, "replace");
    assert.equal(stepOf(planned, "balancer").op, "update");
  });

  it("says that a replacement is not known for a type that the table lacks", () => {
    const thing = (size: number) => record("acme:index/thing:Thing", "thing", { size });
    const step = stepOf(plan([thing(1)], [thing(2)]), "thing");
    assert.equal(step.op, "update");
    assert.deepEqual(step.notes.mayReplace, ["size"]);
  });

  it("deletes first what has a name of its own, and what depends on it", () => {
    const group = (name: string | undefined, port: number) =>
      record("aws:lb/targetGroup:TargetGroup", "web", { port, ...(name === undefined ? {} : { name }) });
    assert.equal(stepOf(plan([group("web", 80)], [group("web", 81)]), "web").notes.deleteBeforeReplace, true);
    assert.equal(
      stepOf(plan([group(undefined, 80)], [group(undefined, 81)]), "web").notes.deleteBeforeReplace,
      undefined,
    );
  });

  it("obeys deleteBeforeReplace whatever the table says", () => {
    const group = (port: number) =>
      record(
        "aws:lb/targetGroup:TargetGroup",
        "web",
        { port, name: "web" },
        { options: { deleteBeforeReplace: false } },
      );
    assert.equal(stepOf(plan([group(80)], [group(81)]), "web").notes.deleteBeforeReplace, undefined);
  });

  it("replaces what replaceOnChanges, a replacement trigger or replaceWith asks for", () => {
    const bucket = (tag: string, options = {}) =>
      record("aws:s3/bucket:Bucket", "logs", { tags: { a: tag } }, { options });
    const onChanges = { replaceOnChanges: ["tags.a"] };
    assert.equal(stepOf(plan([bucket("1", onChanges)], [bucket("2", onChanges)]), "logs").op, "replace");
    const triggered = plan([bucket("1", { replacementTrigger: "a" })], [bucket("1", { replacementTrigger: "b" })]);
    assert.deepEqual(stepOf(triggered, "logs").replaceReasons, ["replacementTrigger"]);
    const follower = record(
      "aws:s3/bucket:Bucket",
      "copy",
      {},
      {
        options: { replaceWith: [urnOf("aws:ec2/vpc:Vpc", "vpc")] },
      },
    );
    assert.equal(stepOf(plan([follower, vpc("10.0.0.0/16")], [follower, vpc("10.1.0.0/16")]), "copy").op, "replace");
  });

  it("deletes what is gone, children before parents", () => {
    const parent = record("app:index:Web", "web", {}, { custom: false });
    const child = record("aws:iam/role:Role", "web-role", {}, { parent: parent.urn });
    const planned = plan([parent, child], []);
    assert.deepEqual(
      planned.steps.slice(1).map(({ op, name }) => [op, name]),
      [
        ["delete", "web-role"],
        ["delete", "web"],
      ],
    );
  });

  it("refuses to delete or replace what is protected, as the CLI does", () => {
    const planned = plan([role("{}", { options: { protect: true } })], []);
    assert.deepEqual(
      planned.diagnostics.map(({ severity, urn }) => [severity, urn]),
      [["error", urnOf("aws:iam/role:Role", "role")]],
    );
  });

  it("follows a rename by alias and says so", () => {
    const old = record("aws:iam/role:Role", "old", { path: "/" });
    const renamed = record("aws:iam/role:Role", "new", { path: "/" }, { options: { aliases: [old.urn] } });
    const step = stepOf(plan([old], [renamed]), "new");
    assert.equal(step.op, "same");
    assert.equal(step.notes.renamedFrom, old.urn);
  });

  it("follows references to a renamed resource", () => {
    const old = record("aws:ec2/vpc:Vpc", "old", { cidrBlock: "10.0.0.0/16" });
    const renamed = record("aws:ec2/vpc:Vpc", "vpc", { cidrBlock: "10.0.0.0/16" }, { options: { aliases: [old.urn] } });
    const before = { ...subnet(), propertyDependencies: { vpcId: [old.urn] } };
    assert.equal(stepOf(plan([old, before], [renamed, subnet()]), "subnet").op, "same");
  });

  it("shows a move to another parent", () => {
    const web = record("app:index:Web", "web", {}, { custom: false });
    const before = role("{}");
    const after = role("{}", { parent: web.urn, options: { aliases: [before.urn] } });
    assert.equal(stepOf(plan([web, before], [web, after]), "role").notes.oldParent, rootUrn);
  });

  it("replaces under another explicit provider, not under another version of the default one", () => {
    const reference = (name: string) => `${urnOf("pulumi:providers:aws", name)}::${unknownValue}`;
    const under = (name: string) => role("{}", { provider: reference(name) });
    assert.equal(stepOf(plan([under("default_7_1_0")], [under("default_7_2_0")]), "role").op, "same");
    assert.deepEqual(stepOf(plan([under("default_7_1_0")], [under("tokyo")]), "role").replaceReasons, ["provider"]);
  });

  it("replaces everything under a default provider whose region changes", () => {
    const provider = (region: string) => record("pulumi:providers:aws", "default_7_48_0", { region });
    const under = role("{}", { provider: `${provider("").urn}::${unknownValue}` });
    const planned = plan([provider("us-east-1"), under], [provider("eu-west-1"), under]);
    assert.deepEqual(stepOf(planned, "role").replaceReasons, ["provider"]);
  });

  it("keeps what ignoreChanges names and lists it", () => {
    const service = (desiredCount: number, cpu: string) =>
      record(
        "aws:ecs/service:Service",
        "api",
        { desiredCount, tags: { cpu } },
        { options: { ignoreChanges: ["desiredCount"] } },
      );
    const ignored = stepOf(plan([service(1, "a")], [service(9, "a")]), "api");
    assert.deepEqual([ignored.op, ignored.notes.ignored], ["same", ["desiredCount"]]);
    assert.deepEqual(stepOf(plan([service(1, "a")], [service(9, "b")]), "api").diffReasons, ["tags"]);
  });

  it("ignores a path inside a list or map", () => {
    const group = (a: string, b: string) =>
      record(
        "aws:autoscaling/group:Group",
        "nodes",
        {
          tags: [
            { key: "a", value: a },
            { key: "b", value: b },
          ],
        },
        {
          options: { ignoreChanges: ["tags[0].value"] },
        },
      );
    assert.equal(stepOf(plan([group("1", "1")], [group("2", "1")]), "nodes").op, "same");
    assert.equal(stepOf(plan([group("1", "1")], [group("1", "2")]), "nodes").op, "update");
  });

  it("discards what was only read", () => {
    const read = record("aws:ec2/subnet:Subnet", "given", {}, { external: true, id: "subnet-1" });
    assert.equal(stepOf(plan([read], []), "given").op, "discard");
  });
});

describe("unknown values in a plan", () => {
  it("are no change while they come from the same resources", () => {
    assert.equal(stepOf(plan([vpc("10.0.0.0/16"), subnet()], [vpc("10.0.0.0/16"), subnet()]), "subnet").op, "same");
  });

  it("are a change when they come from another resource", () => {
    const other = record("aws:ec2/vpc:Vpc", "other", { cidrBlock: "10.9.0.0/16" });
    const moved = { ...subnet(), propertyDependencies: { vpcId: [other.urn] } };
    const both = [vpc("10.0.0.0/16"), other];
    const step = stepOf(plan([...both, subnet()], [...both, moved]), "subnet");
    assert.deepEqual([step.op, step.replaceReasons], ["replace", ["vpcId"]]);
  });

  it("take the value that the baseline knows while their source stays", () => {
    const known = { ...subnet(), inputs: { ...subnet().inputs, vpcId: "vpc-1" } };
    assert.equal(stepOf(plan([vpc("10.0.0.0/16"), known], [vpc("10.0.0.0/16"), subnet()]), "subnet").op, "same");
    assert.equal(stepOf(plan([vpc("10.0.0.0/16"), known], [vpc("10.1.0.0/16"), subnet()]), "subnet").op, "replace");
  });

  it("change with the update of a launch template's version", () => {
    const template = (imageId: string) => record("aws:ec2/launchTemplate:LaunchTemplate", "template", { imageId });
    const group = record(
      "aws:autoscaling/group:Group",
      "nodes",
      { launchTemplate: { id: unknownValue, version: unknownValue } },
      { from: { launchTemplate: [template("").urn] } },
    );
    const step = stepOf(plan([template("ami-1"), group], [template("ami-2"), group]), "nodes");
    assert.equal(step.op, "update");
    assert.deepEqual(Object.keys(step.detailedDiff ?? {}), ["launchTemplate.version"]);
  });
});

describe("secrets in a plan", () => {
  const password = (value: string) => record("aws:ssm/parameter:Parameter", "password", { value: secret(value) });

  it("are compared by value and shown as one change of the whole", () => {
    assert.equal(stepOf(plan([password("a")], [password("a")]), "password").op, "same");
    const step = stepOf(plan([password("a")], [password("b")]), "password");
    assert.deepEqual(step.detailedDiff, { value: { kind: "update", inputDiff: true } });
  });

  it("whose value is not at hand are named as not compared", () => {
    const hidden = record("aws:ssm/parameter:Parameter", "password", {
      value: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" },
    });
    const step = stepOf(plan([hidden], [password("b")]), "password");
    assert.deepEqual([step.op, step.notes.notCompared], ["same", ["value"]]);
  });
});
