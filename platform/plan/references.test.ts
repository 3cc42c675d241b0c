import assert from "node:assert/strict";
import { standIn } from "../engine/references";
import type { PropertyMap, RecordedResource, Urn } from "../engine/types";
import { unknownValue } from "../engine/values";
import type { Plan, Step } from "./model";
import { makePlan } from "./plan";
import { stateOfEvaluation } from "./states";
import { evaluation, record, urnOf } from "./testing";

const roleUrn = urnOf("aws:iam/role:Role", "role");
const role = (path: string, arn?: string): RecordedResource =>
  record("aws:iam/role:Role", "role", { path }, { outputs: { path, arn: arn ?? standIn(roleUrn, "arn") } });

function task(image: string, arn: string, from: Urn = roleUrn): RecordedResource {
  const inputs: PropertyMap = {
    containerDefinitions: JSON.stringify([{ name: "main", image, environment: [{ name: "ROLE", value: arn }] }]),
    taskRoleArn: arn,
  };
  return record("aws:ecs/taskDefinition:TaskDefinition", "task", inputs, {
    from: { containerDefinitions: [from], taskRoleArn: [from] },
  });
}

function plan(before: readonly RecordedResource[], after: readonly RecordedResource[]): Plan {
  return makePlan(evaluation(after), { state: stateOfEvaluation(evaluation(before)), name: "before" });
}

function stepOf(planned: Plan, name: string): Step {
  const step = planned.steps.find((candidate) => candidate.name === name);
  assert.ok(step, `no step for ${name}`);
  return step;
}

const arn = standIn(roleUrn, "arn");

describe("texts that hold outputs", () => {
  it("are compared to the word between two programs", () => {
    assert.equal(stepOf(plan([role("/"), task("a", arn)], [role("/"), task("a", arn)]), "task").op, "same");
    const step = stepOf(plan([role("/"), task("a", arn)], [role("/"), task("b", arn)]), "task");
    assert.deepEqual([step.op, step.diffReasons], ["replace", ["containerDefinitions"]]);
  });

  it("take the value that a state file has", () => {
    const real = "arn:aws:iam::123456789012:role/role-1";
    const before = [role("/", real), task("a", real)];
    assert.deepEqual(plan(before, [role("/"), task("a", arn)]).changeSummary, { same: 3 });
    assert.equal(stepOf(plan(before, [role("/"), task("b", arn)]), "task").op, "replace");
  });

  it("change with the replacement of what they refer to", () => {
    const step = stepOf(plan([role("/"), task("a", arn)], [role("/other/"), task("a", arn)]), "task");
    assert.equal(step.op, "replace");
    assert.deepEqual(step.notes.knownAfterApply, ["containerDefinitions", "taskRoleArn"]);
    assert.deepEqual(step.differences.get("taskRoleArn"), {
      kind: "update",
      old: `\${role.arn}`,
      new: unknownValue,
    });
  });

  it("follow a rename", () => {
    const oldUrn = urnOf("aws:iam/role:Role", "old");
    const old = record("aws:iam/role:Role", "old", { path: "/" }, { outputs: { arn: standIn(oldUrn, "arn") } });
    const renamed = { ...role("/"), options: { aliases: [oldUrn] } };
    const before = task("a", standIn(oldUrn, "arn"), oldUrn);
    assert.equal(stepOf(plan([old, before], [renamed, task("a", arn)]), "task").op, "same");
  });

  it("never show a stand-in", () => {
    const planned = plan([role("/"), task("a", arn)], [role("/other/"), task("b", arn)]);
    const text = JSON.stringify(planned.steps.map((step) => ({ ...step, differences: [...step.differences] })));
    assert.doesNotMatch(text, /ref-[0-9a-f]{16}|arn:aws:ref/);
    assert.equal(stepOf(planned, "task").new?.inputs.containerDefinitions, unknownValue);
  });

  it("are named as not compared where the baseline has only an unknown", () => {
    const before = { ...task("a", arn), inputs: { containerDefinitions: unknownValue, taskRoleArn: unknownValue } };
    const step = stepOf(plan([role("/"), before], [role("/"), task("b", arn)]), "task");
    assert.equal(step.op, "same");
    assert.ok(step.notes.notCompared?.includes("containerDefinitions"));
  });

  it("are compared around what nobody knows before `up`", () => {
    const looked = standIn("parameter /image", "value");
    const real = task("images/web@sha256:1", "arn:aws:iam::123456789012:role/role-1");
    const before = [role("/", "arn:aws:iam::123456789012:role/role-1"), real];
    const unchanged = stepOf(plan(before, [role("/"), task(`images/${looked}`, arn)]), "task");
    assert.deepEqual([unchanged.op, unchanged.notes.notCompared], ["same", ["containerDefinitions"]]);
    assert.equal(stepOf(plan(before, [role("/"), task(`other/${looked}`, arn)]), "task").op, "replace");
  });
});
