import assert from "node:assert/strict";
import { InputError } from "../../../contracts/input-error";
import type { RecordedResource } from "../../engine/types";
import { secret } from "../../engine/values";
import { digestOf, printDigest } from "../digest";
import type { Plan } from "../model";
import { makePlan } from "../plan";
import { shownSteps } from "../show";
import { stateOfEvaluation } from "../states";
import { evaluation, record, rootUrn, urnOf } from "../testing";
import { readBaselineText } from "./text";

const vpcUrn = urnOf("aws:ec2/vpc:Vpc", "vpc");
const vpc = (cidrBlock: string): RecordedResource =>
  record("aws:ec2/vpc:Vpc", "vpc", { cidrBlock, tags: { token: secret("hush") } });
const role = record("aws:iam/role:Role", "role", { path: "/" });

const against = (text: string, program: readonly RecordedResource[]): Plan =>
  makePlan(evaluation(program), { state: readBaselineText(text, "file"), name: "file" });

/** A state file as `pulumi stack export` writes it: checked inputs, defaults filled in, ciphertexts, keys of later versions. */
function exported(version: number): string {
  const ciphertext = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" };
  const resources = [
    { urn: rootUrn, custom: false, type: "pulumi:pulumi:Stack", outputs: { url: "https://a" } },
    {
      urn: vpcUrn,
      custom: true,
      id: "vpc-1",
      type: "aws:ec2/vpc:Vpc",
      inputs: {
        __defaults: ["enableDnsSupport"],
        cidrBlock: "10.0.0.0/16",
        enableDnsSupport: true,
        region: "us-east-1",
        tags: { __defaults: [], token: ciphertext },
        tagsAll: { a: "b" },
      },
      outputs: { arn: "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1" },
      created: "2026-01-01T00:00:00Z",
      somethingNew: { deep: [1] },
    },
  ];
  const manifest = { time: "2026-01-01T00:00:00Z", magic: "", version: "v3.248.0" };
  return JSON.stringify({ version, deployment: { manifest, resources, metadata: {}, unknownKey: 1 } }, null, 4);
}

const events = (metadata: readonly object[]): string =>
  [
    { sequence: 0, timestamp: 1, preludeEvent: { config: { "aws:region": "us-east-1" } } },
    ...metadata.map((item, at) => ({ sequence: at + 1, timestamp: 1, resourcePreEvent: { metadata: item } })),
    { sequence: 99, timestamp: 1, summaryEvent: { resourceChanges: { same: 2 }, durationSeconds: 1 } },
  ]
    .map((event) => JSON.stringify(event))
    .join("\n");

const state = (urn: string, type: string, inputs: object) => ({ urn, type, custom: true, inputs, outputs: {} });

function problemOf(text: string): string {
  try {
    readBaselineText(text, "base.json");
  } catch (error) {
    if (InputError.isInstance(error)) return error.message;
    throw error;
  }
  return "accepted";
}

describe("baseline files", () => {
  for (const version of [1, 3, 4, 5]) {
    it(`reads a stack export of version ${version} and finds nothing to do where nothing changed`, () => {
      const planned = against(exported(version), [vpc("10.0.0.0/16")]);
      assert.deepEqual(planned.changeSummary, { same: 2 });
      assert.deepEqual(planned.steps[1]?.notes.notCompared, ["tags.token"]);
    });
  }

  it("finds a change against an export and passes keys through that it does not know", () => {
    const [, step] = against(exported(3), [vpc("10.1.0.0/16")]).steps;
    assert.deepEqual([step?.op, step?.old?.id], ["replace", "vpc-1"]);
    assert.deepEqual(step?.old?.rest, { created: "2026-01-01T00:00:00Z", somethingNew: { deep: [1] } });
  });

  it("reads an earlier digest of its own, whatever that showed", () => {
    const first = makePlan(evaluation([vpc("10.0.0.0/16"), role], { url: "https://a" }));
    const second = makePlan(evaluation([vpc("10.1.0.0/16"), role]), {
      state: stateOfEvaluation(evaluation([vpc("10.0.0.0/16"), role])),
      name: "first",
    });
    for (const [plan, cidr] of [
      [first, "10.0.0.0/16"],
      [second, "10.1.0.0/16"],
    ] as const) {
      const text = printDigest(digestOf(plan, shownSteps(plan)));
      assert.deepEqual(against(text, [vpc(cidr), role]).changeSummary, { same: 3 });
      assert.equal(against(text, [vpc("10.9.0.0/16"), role]).changeSummary.replace, 1);
    }
  });

  it("reads the CLI's digest and refuses one that leaves out what it found unchanged", () => {
    const step = (op: string, newState: object) => ({ op, urn: vpcUrn, newState, detailedDiff: null });
    const same = step("same", state(vpcUrn, "aws:ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16" }));
    const digest = (steps: object[]) => JSON.stringify({ steps, duration: 1, changeSummary: { same: 1 } });
    const program = [record("aws:ec2/vpc:Vpc", "vpc", { cidrBlock: "10.0.0.0/16" })];
    assert.equal(against(digest([same]), program).changeSummary.same, 1);
    assert.match(problemOf(digest([])), /a digest without 1 unchanged resource.*--show-sames.*base\.json/);
  });

  it("reads the CLI's event stream, replacements and deletions included", () => {
    const old = state(vpcUrn, "aws:ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16" });
    const next = state(vpcUrn, "aws:ec2/vpc:Vpc", { cidrBlock: "10.1.0.0/16" });
    const stream = events([
      { op: "create-replacement", urn: vpcUrn, type: next.type, old, new: next },
      { op: "replace", urn: vpcUrn, type: next.type, old, new: next },
      { op: "same", urn: role.urn, type: role.type, new: state(role.urn, role.type, { path: "/" }) },
      { op: "delete", urn: role.urn, type: role.type, old: state(role.urn, role.type, {}) },
      { op: "delete-replaced", urn: vpcUrn, type: next.type, old },
    ]);
    const program = [record("aws:ec2/vpc:Vpc", "vpc", { cidrBlock: "10.1.0.0/16" }), role];
    assert.deepEqual(against(stream, program).changeSummary, { create: 2, same: 1 });
  });

  for (const [what, text, message] of [
    ["a truncated export", exported(3).slice(0, 200), /breaks off or is damaged in line 1/],
    ["a truncated event stream", events([]).split("\n").slice(0, 1).join("\n"), /breaks off before its summary/],
    ["foreign JSON", JSON.stringify({ resources: [] }), /\["resources"\] is not allowed.*base\.json/],
    ["JSON that is no object", "3", /baseline: 3 is not allowed/],
    ["text", "hello", /breaks off or is damaged in line 1 of 1/],
    ["an export without resources", JSON.stringify({ version: 3, deployment: {} }), /root stack resource/],
    [
      "an export with a damaged resource",
      JSON.stringify({ version: 3, deployment: { resources: [{ urn: 1 }] } }),
      /"urn":1/,
    ],
  ] as const) {
    it(`refuses ${what} in one line`, () => {
      const problem = problemOf(text);
      assert.match(problem, message);
      assert.doesNotMatch(problem, /\n/);
    });
  }
});
