import assert from "node:assert/strict";
import type { RecordedResource } from "../../engine/types";
import { secret, unknownValue } from "../../engine/values";
import { digestOf } from "../digest";
import { stepFilter } from "../filter";
import type { Plan } from "../model";
import { makePlan } from "../plan";
import { hasChanges, type ShowOptions, shownSteps } from "../show";
import { stateOfEvaluation } from "../states";
import { evaluation, record, rootUrn, urnOf } from "../testing";
import { painter, printDetail, printTree } from ".";

const style = { paint: painter(false), truncate: true };
const web = record("app:index:Web", "web", {}, { custom: false });
const definitions = (image: string) => JSON.stringify([{ name: "main", image, environment: [] }]);
const group = (description: string) =>
  record(
    "aws:ec2/securityGroup:SecurityGroup",
    "web-access",
    { description, vpcId: unknownValue },
    { parent: web.urn },
  );
const task = (image: string) =>
  record(
    "aws:ecs/taskDefinition:TaskDefinition",
    "web-task",
    { containerDefinitions: definitions(image), cpu: "256" },
    { parent: web.urn },
  );
const role = (tags: Record<string, string>, text: string) =>
  record(
    "aws:iam/role:Role",
    "web-role",
    { tags, description: text, token: secret(`hush ${text}`) },
    { parent: web.urn, options: { protect: true } },
  );

const before = [
  web,
  group("old"),
  task("node:22"),
  role({ a: "1", b: "2" }, "one\ntwo\nthree"),
  record("aws:sqs/queue:Queue", "jobs"),
];
const after = [web, group("new"), task("node:24"), role({ a: "9", c: "3" }, "one\n2\nthree")];

function plan(from: readonly RecordedResource[] | undefined, to: readonly RecordedResource[]): Plan {
  const baseline = from && {
    state: stateOfEvaluation(evaluation(from, { url: "a", gone: 1 })),
    name: "git:main (1a2b3c4)",
  };
  return makePlan(evaluation(to, { url: "b", kept: true, key: secret("hush") }), baseline);
}

const tree = (of: Plan, show: ShowOptions = {}) => printTree(of, shownSteps(of, show), style);

describe("tree", () => {
  it("is the CLI's table for a new stack", () => {
    assert.equal(
      tree(plan(undefined, after)),
      `Previewing update (prod):
     Type                          Name        Plan    Info
 +   pulumi:pulumi:Stack           shop-prod   create
 +   └─ app:index:Web              web         create
 +      ├─ aws:ec2:SecurityGroup   web-access  create
 +      ├─ aws:ecs:TaskDefinition  web-task    create
 +      └─ aws:iam:Role            web-role    create  🔒

Outputs:
  + kept: true
  + key : [secret]
  + url : "b"

Resources:
    + 5 to create
`,
    );
  });

  it("shows what changes, what is replaced and what is deleted, with unchanged ancestors", () => {
    assert.equal(
      tree(plan(before, after)),
      `Previewing update (prod) against git:main (1a2b3c4):
     Type                          Name        Plan     Info
     pulumi:pulumi:Stack           shop-prod
     ├─ app:index:Web              web
 +-  │  ├─ aws:ec2:SecurityGroup   web-access  replace  [diff: ~description]
 +-  │  ├─ aws:ecs:TaskDefinition  web-task    replace  [diff: ~containerDefinitions]
 ~   │  └─ aws:iam:Role            web-role    update   [diff: ~description,tags,token]; 🔒
 -   └─ aws:sqs:Queue              jobs        delete

Outputs:
  - gone: 1
  + kept: true
  + key : [secret]
  ~ url : "a" => "b"

Resources:
    - 1 to delete
    ~ 1 to update
    +-2 to replace
    4 changes. 2 unchanged
`,
    );
  });

  it("gathers what the program said by resource", () => {
    const of = plan(undefined, [web]);
    const text = tree({
      ...of,
      diagnostics: [
        { severity: "warning", urn: web.urn, message: "careful" },
        { severity: "info", message: "hello" },
        { severity: "debug", message: "noise" },
      ],
    });
    assert.match(text, / {4}web {8}create {2}1 warning\n/);
    assert.match(
      text,
      /Diagnostics:\n {2}app:index:Web \(web\):\n {4}warning: careful\n\n {2}pulumi:pulumi:Stack \(shop-prod\):\n {4}hello\n/,
    );
    assert.doesNotMatch(text, /noise/);
  });
});

describe("property detail", () => {
  it("follows the CLI's conventions", () => {
    const of = plan(before, after);
    assert.equal(
      printDetail(of, shownSteps(of), style),
      `  pulumi:pulumi:Stack: (same)
    [urn=${rootUrn}]
    +-aws:ec2/securityGroup:SecurityGroup: (replace)
        [urn=${urnOf("aws:ec2/securityGroup:SecurityGroup", "web-access", web.urn)}]
      ~ description: "old" => "new" # forces replacement
    +-aws:ecs/taskDefinition:TaskDefinition: (replace)
        [urn=${urnOf("aws:ecs/taskDefinition:TaskDefinition", "web-task", web.urn)}]
      ~ containerDefinitions: (json) [
          ~ [0]: {
                  ~ image: "node:22" => "node:24"
                }
        ] # forces replacement
    ~ aws:iam/role:Role: (update) 🔒
        [urn=${urnOf("aws:iam/role:Role", "web-role", web.urn)}]
      ~ description: 
            one
          - two
          + 2
            three
      ~ tags       : {
          ~ a: "1" => "9"
          - b: "2"
          + c: "3"
        }
      ~ token      : [secret] => [secret]
    - aws:sqs/queue:Queue: (delete)
        [urn=${urnOf("aws:sqs/queue:Queue", "jobs")}]
    --outputs:--
  - gone: 1
  + kept: true
  + key : [secret]
  ~ url : "a" => "b"
Resources:
    - 1 to delete
    ~ 1 to update
    +-2 to replace
    4 changes. 2 unchanged
`,
    );
  });

  it("prints all properties of something new and cuts long texts", () => {
    const of = plan(undefined, [
      record("aws:s3/bucket:Bucket", "logs", {
        tags: {},
        list: [1, { a: null }],
        text: "x".repeat(200),
        policy: '{"a":[]}',
        vpcId: unknownValue,
      }),
    ]);
    const text = printDetail(of, shownSteps(of), style);
    assert.match(text, / {8}list {2}: \[\n {12}\[0\]: 1\n {12}\[1\]: \{\n {16}a: <null>\n {12}\}\n {8}\]\n/);
    assert.match(text, / {8}policy: \(json\) \{\n {12}a: \[\]\n {8}\}\n\n/);
    assert.match(text, / {8}tags {2}: \{\}\n/);
    assert.match(text, / {8}text {2}: "x{150}\.\.\."\n/);
    assert.match(text, / {8}vpcId : \[unknown\]\n/);
    assert.match(printDetail(of, shownSteps(of), { ...style, truncate: false }), /x{200}/);
  });

  it("colours by operation", () => {
    const of = plan(before, after);
    const text = printDetail(of, shownSteps(of), { paint: painter(true), truncate: true });
    assert.ok(text.includes("\u001b[31m    - aws:sqs/queue:Queue: (delete)\u001b[39m"));
  });
});

describe("digest", () => {
  it("has the CLI's keys and one more", () => {
    const of = plan(before, after);
    const digest = JSON.parse(JSON.stringify(digestOf(of, shownSteps(of))));
    assert.deepEqual(Object.keys(digest), ["config", "steps", "duration", "changeSummary", "platform"]);
    assert.deepEqual(digest.changeSummary, { same: 2, replace: 2, update: 1, delete: 1 });
    const step = digest.steps.find(({ op }: { op: string }) => op === "update");
    assert.deepEqual(Object.keys(step), ["op", "urn", "oldState", "newState", "diffReasons", "detailedDiff"]);
    assert.deepEqual(step.detailedDiff, {
      description: { kind: "update", inputDiff: true },
      "tags.a": { kind: "update", inputDiff: true },
      "tags.b": { kind: "delete", inputDiff: true },
      "tags.c": { kind: "add", inputDiff: true },
      token: { kind: "update", inputDiff: true },
    });
    assert.equal(step.newState.inputs.token, "[secret]");
    assert.deepEqual(
      digest.platform.unchanged.map(({ urn }: { urn: string }) => urn),
      [web.urn],
    );
  });

  it("never holds a secret, in steps, outputs or what is unchanged", () => {
    const of = plan(before, before);
    assert.doesNotMatch(JSON.stringify([digestOf(of, shownSteps(of)), digestOf(plan(before, after), [])]), /hush/);
  });
});

describe("filters", () => {
  const names = (show: ShowOptions) => shownSteps(plan(before, after), show).map(({ name }) => name);

  it("show only some operations, hide some, or target by name and type", () => {
    assert.deepEqual(names({ filter: stepFilter({ only: ["delete"] }) }), ["shop-prod", "jobs"]);
    assert.deepEqual(names({ filter: stepFilter({ hide: ["replace", "aws:iam:*"] }) }), ["shop-prod", "jobs"]);
    assert.deepEqual(names({ filter: stepFilter({ target: ["web-t*", "aws:sqs/*"] }) }), [
      "shop-prod",
      "web-task",
      "jobs",
    ]);
    assert.deepEqual(names({ sames: true }).length, 6);
  });

  it("refuse an operation that does not exist", () => {
    assert.throws(() => stepFilter({ only: ["destroy"] }), /only: "destroy" is not allowed; allowed: same, create/);
  });

  it("decide whether there are changes; the stack itself is none", () => {
    const of = plan(before, before);
    assert.equal(hasChanges(shownSteps(of)), false);
    assert.equal(hasChanges(shownSteps(plan(before, after))), true);
    assert.equal(hasChanges(shownSteps(plan(undefined, []))), false);
  });
});
