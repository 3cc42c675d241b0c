import assert from "node:assert/strict";
import { InputError } from "../../contracts/input-error";
import { needsAttention } from "./attention";
import { readCliPlan } from "./cli-plan";
import { renderComment } from "./comment";
import { reviewPlan } from "./stack-review";

const today = "2026-12-01";
const urn = (type: string, name: string): string => `urn:pulumi:dev::shop::${type}::${name}`;
const stackUrn = urn("pulumi:pulumi:Stack", "shop-dev");

/** A resource as a state file has it, with keys that no version knows yet. */
const state = (type: string, name: string, inputs: object, more: object = {}) => ({
  urn: urn(type, name),
  type,
  custom: true,
  inputs,
  outputs: {},
  parent: stackUrn,
  fromALaterVersion: { deep: [1] },
  ...more,
});

const nat = state("aws:ec2/natGateway:NatGateway", "nat", { allocationId: "a" }, { id: "nat-1" });
const root = { urn: stackUrn, type: "pulumi:pulumi:Stack", custom: false };
const bucket = (name: string) => state("aws:s3/bucket:Bucket", "saves", { bucket: name }, { id: "saves-1" });

const replaceBucket = {
  op: "replace",
  urn: urn("aws:s3/bucket:Bucket", "saves"),
  oldState: bucket("a"),
  newState: bucket("b"),
  replaceReasons: ["bucket"],
  diffReasons: ["bucket"],
  detailedDiff: { bucket: { kind: "update-replace", inputDiff: true, laterKey: 1 } },
};
const sameNat = { op: "same", urn: nat.urn, oldState: nat, newState: nat, detailedDiff: null };
const sameRoot = { op: "same", urn: stackUrn, oldState: root, newState: root, detailedDiff: null };

const digest = (steps: readonly object[], more: object = {}): string =>
  JSON.stringify({
    steps,
    changeSummary: { replace: 1, same: 2 },
    config: { "aws:region": "us-east-1" },
    duration: 12,
    somethingNew: true,
    ...more,
  });

/** The same plan as a stream: states under other keys, both halves of the replacement beside its logical step. */
function events(...more: readonly object[]): string {
  type State = { readonly urn: string };
  const step = (op: string, old: State, next?: State, extra: object = {}) => ({
    resourcePreEvent: { metadata: { op, urn: old.urn, old, new: next, ...extra } },
  });
  const told = [
    { preludeEvent: { config: { "aws:region": "us-east-1" } } },
    step("same", root, root),
    step("same", nat, nat),
    step("create-replacement", bucket("a"), bucket("b")),
    step("replace", bucket("a"), bucket("b"), {
      keys: ["bucket"],
      diffs: ["bucket"],
      detailedDiff: { bucket: { diffKind: "update-replace", inputDiff: true } },
    }),
    step("delete-replaced", bucket("a")),
    ...more,
  ];
  return told.map((event, sequence) => JSON.stringify({ sequence, timestamp: 1, ...event })).join("\n");
}
const summary = { summaryEvent: { resourceChanges: { replace: 1, same: 2 }, durationSeconds: 1, PolicyPacks: {} } };

const commentOn = (content: string): string => {
  const { plan, incomplete } = readCliPlan(content, "preview.json");
  return renderComment("shop", plan.baseline!, [reviewPlan(plan, { today, incomplete })]);
};

describe("a plan that Pulumi's CLI printed", () => {
  it("makes the same comment from a digest and from events", () => {
    const fromDigest = commentOn(digest([sameRoot, sameNat, replaceBucket]));
    assert.equal(commentOn(events(summary)), fromDigest);
    assert.match(fromDigest, /`saves` .* is \*\*replaced\*\* because `bucket` changed; lost with it: the objects/);
  });

  it("counts a replacement as a destruction once, whatever halves are listed", () => {
    const halves = [
      { ...replaceBucket, op: "create-replacement", oldState: undefined },
      replaceBucket,
      { ...replaceBucket, op: "delete-replaced", newState: undefined },
    ];
    const { plan, incomplete } = readCliPlan(digest([sameRoot, sameNat, ...halves]), "preview.json");
    const review = reviewPlan(plan, { today, incomplete });
    assert.deepEqual(
      review.destructions.map(({ how, loses }) => [how, loses]),
      [["replaced", "the objects in the bucket"]],
    );
    assert.ok(needsAttention(review));
  });

  it("passes over keys of a later version, and says which operations it does not know", () => {
    const text = commentOn(digest([sameRoot, sameNat, replaceBucket, { op: "teleport", urn: nat.urn }]));
    assert.match(text, /- warning: the operation "teleport" on nat is not known to this version/);
  });

  it("says when unchanged resources were left out, and judges no more than one resource shows", () => {
    const vpc = state("aws:ec2/vpc:Vpc", "vpc", { cidrBlock: "10.0.0.0/16" });
    const created = { op: "create", urn: vpc.urn, newState: vpc, detailedDiff: null };
    const text = commentOn(digest([sameRoot, created]));
    assert.match(text, /The plan is not whole, .*: 1 unchanged resource is not in it; make it with --show-sames/);
    assert.match(text, /Cost of what the plan shows/);
    assert.doesNotMatch(text, /CKV2_AWS_11/, "the flow log may be among what is left out");
    assert.match(commentOn(digest([sameRoot, sameNat, created])), /CKV2_AWS_11/);
  });

  it("gives the reason when the preview failed, and shows what it found until then", () => {
    const diagnostics = [
      { severity: "error", message: "<{%fg 1%}>bucket name taken<{%reset%}>", urn: nat.urn },
      { severity: "warning", message: "old runtime" },
      { severity: "info", message: "chatter" },
    ];
    const text = commentOn(digest([sameRoot, sameNat, replaceBucket], { diagnostics }));
    assert.match(text, /> \*\*dev\*\*: error: bucket name taken\n/);
    assert.match(text, /- warning: old runtime/);
    assert.doesNotMatch(text, /chatter/);
    const streamed = events({ diagnosticEvent: diagnostics[0]! }, summary);
    assert.match(commentOn(streamed), /error: bucket name taken/);
  });

  it("shows what came before events break off, and says where they do", () => {
    assert.match(commentOn(events()), /not whole, .*: the events break off before their summary/);
    const cut = events(summary).slice(0, -20);
    assert.match(commentOn(cut), /not whole, .*: the events break off: line 7 of 7 is not whole/);
  });

  for (const [what, content, message] of [
    ["a digest that is cut off", digest([sameRoot]).slice(0, -10), /JSON that is cut off/],
    ["another text", "error: no credentials", /"error: no credentials" is not allowed/],
    ["another document", '{"version":3,"deployment":{}}', /"version".*"deployment"/],
    ["no step and an error", '{"steps":[],"diagnostics":[{"severity":"error","message":"no stack"}]}', /"no stack"/],
    ["an empty text", "", /is not allowed/],
  ] as const) {
    it(`refuses ${what} in one line`, () => {
      assert.throws(
        () => readCliPlan(content, "preview.json"),
        (error: unknown) =>
          InputError.isInstance(error) && message.test(error.message) && !error.message.includes("\n"),
      );
    });
  }
});
