import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Evaluation, PropertyMap, RecordedResource } from "../engine/types";
import { makePlan } from "../plan/plan";
import { stateOfEvaluation } from "../plan/states";
import { evaluation, record } from "../plan/testing";
import { needsAttention } from "./attention";
import { longestComment, renderComment } from "./comment";
import { type Review, type ReviewOptions, reviewPlan } from "./stack-review";

const today = "2026-12-01";

const database = (name: string, inputs: PropertyMap = {}, protect = false): RecordedResource =>
  record(
    "aws:rds/instance:Instance",
    name,
    {
      allocatedStorage: 100,
      autoMinorVersionUpgrade: true,
      backupRetentionPeriod: 7,
      dbName: "game",
      deletionProtection: true,
      enabledCloudwatchLogsExports: ["postgresql"],
      iamDatabaseAuthenticationEnabled: true,
      instanceClass: "db.r6g.xlarge",
      monitoringInterval: 60,
      multiAz: true,
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: "key",
      copyTagsToSnapshot: true,
      storageEncrypted: true,
      ...inputs,
    },
    { id: `${name}-1`, options: { protect } },
  );
const bucket = (name: string, protect = false): RecordedResource =>
  record("aws:s3/bucket:Bucket", name, { forceDestroy: false }, { id: name, options: { protect } });
const gateway = (name: string): RecordedResource => record("aws:ec2/natGateway:NatGateway", name, {}, { id: name });
const builder = (httpTokens: string): RecordedResource =>
  record("aws:ec2/instance:Instance", "builder", {
    disableApiTermination: true,
    ebsOptimized: true,
    iamInstanceProfile: "builder",
    instanceType: "c5.4xlarge",
    metadataOptions: { httpTokens },
    monitoring: true,
    rootBlockDevice: { encrypted: true },
  });

interface Extra {
  readonly stack?: string;
  readonly config?: Record<string, string>;
  readonly baseConfig?: Record<string, string>;
  readonly options?: Partial<ReviewOptions>;
}

function review(before: readonly RecordedResource[], after: readonly RecordedResource[], extra: Extra = {}): Review {
  const { stack = "prod", config = {}, baseConfig = config, options } = extra;
  const made = (resources: readonly RecordedResource[]): Evaluation => ({ ...evaluation(resources), stack, config });
  const plan = makePlan(made(after), { state: stateOfEvaluation(made(before)), name: "git:main (1a2b3c4)" });
  return reviewPlan(plan, { today, baseConfig, ...options });
}

/** `UPDATE_GOLDEN=1` writes the texts anew, to be read before they are kept. */
function assertGolden(name: string, reviews: readonly Review[]): string {
  const actual = renderComment("shop", "origin/main", reviews);
  const golden = join(__dirname, "golden", `${name}.md`);
  if (process.env.UPDATE_GOLDEN) writeFileSync(golden, actual);
  assert.equal(actual, readFileSync(golden, "utf8"));
  return actual;
}

describe("the comment", () => {
  it("leads with the replacement of what holds data", () => {
    const one = review([database("db")], [database("db", { dbName: "game2" }), gateway("nat")]);
    const text = assertGolden("replacement", [one]);
    assert.ok(text.indexOf("[!CAUTION]") < text.indexOf("| Stack |"));
    assert.ok(needsAttention(one));
  });

  it("tells what is deleted, and what of it cannot be made again", () => {
    const text = assertGolden("deletion", [review([bucket("saves", false), gateway("nat")], [])]);
    assert.match(text, /`saves` \(`aws:s3\/bucket:Bucket`\) is \*\*deleted\*\*; lost with it: the objects/);
  });

  it("says that a protected resource stops the update", () => {
    const text = assertGolden("protected", [review([bucket("saves", true)], [])]);
    assert.equal(text.match(/protected/g)?.length, 1, "said once");
  });

  it("shows the cost before and after, by component", () => {
    assertGolden("cost", [review([gateway("a")], [gateway("a"), gateway("b"), builder("required")])]);
  });

  it("prices the base by the base's own assumptions", () => {
    const usage = (natGb: number) => ({ "shop:usage": JSON.stringify({ natGb }) });
    const one = review([gateway("a")], [gateway("a")], { config: usage(1_000), baseConfig: usage(0) });
    assert.match(renderComment("shop", "origin/main", [one]), /\| \$32\.85 \| \$77\.85 \(\+\$45\.00\) \|/);
  });

  it("shows a change of the most nodes alone, which alters neither the least nor what is expected", () => {
    const group = (maxSize: number) => {
      const template = record("aws:ec2/launchTemplate:LaunchTemplate", "t", {
        instanceType: "g5.xlarge",
        metadataOptions: { httpTokens: "required" },
      });
      const inputs = { minSize: 1, maxSize, launchTemplate: { id: template.urn } };
      return [
        template,
        record("aws:autoscaling/group:Group", "g", inputs, { from: { launchTemplate: [template.urn] } }),
      ];
    };
    const text = renderComment("shop", "origin/main", [review(group(10), group(20))]);
    assert.match(text, /\| \$734, \$734 to \$7,344 \| \$734, \$734 to \$14,688 \|/);
    assert.match(text, /\| maximum \| \$7,344 \| \$14,688 \(\+\$7,344\) \|/);
  });

  it("says that a month costs more than what has a price", () => {
    const one = review([], [record("aws:athena/workgroup:Workgroup", "queries")]);
    const text = renderComment("shop", "origin/main", [one]);
    assert.match(text, /\| at least \$0\.00, /);
    assert.match(text, /Not priced, so the month costs more than that by:\n\n- `queries`/);
  });

  it("tells a rule that is newly broken from those that were broken before", () => {
    const old = record("aws:ec2/launchTemplate:LaunchTemplate", "old", { metadataOptions: { httpTokens: "optional" } });
    const one = review([old, builder("required")], [old, builder("optional")]);
    assertGolden("newly-broken-rule", [one]);
    assert.ok(needsAttention(one));
  });

  it("shows an exception that has run out although the change has no part in it", () => {
    const log = record("aws:cloudwatch/logGroup:LogGroup", "web", { kmsKeyId: "key", retentionInDays: 14 });
    const options = { today: "2028-01-01" };
    assertGolden("expired-exception", [review([log], [log, gateway("nat")], { stack: "dev", options })]);
  });

  it("makes a finding of a budget that is exceeded", () => {
    const config = { "shop:budget": '{"monthlyUsd":50}' };
    const one = review([gateway("a")], [gateway("a"), gateway("b")], { config });
    const text = assertGolden("budget", [one]);
    assert.match(text, /\| BUDGET \| high \| .*expected, the budget is \$50\.00/);
  });

  it("refuses a budget that is none in one line", () => {
    const config = { "shop:budget": "much" };
    assert.throws(() => review([], [], { config }), /budget: "much" is not allowed; allowed: monthlyUsd/);
  });

  it("shows the new state when the base does not evaluate", () => {
    const baseProblem = "git:main does not evaluate: index.ts:3:7: cannot find module ./gone";
    const one = reviewPlan(makePlan(evaluation([gateway("a")])), { today, baseProblem });
    assertGolden("base-fails", [one]);
    assert.ok(needsAttention(one));
  });

  it("gives the reason when a stack fails, and shows the others", () => {
    const failure = 'stacks/index.ts:12:3: network.cidr: "10.0" is not allowed\n```\n@everyone <b>';
    const text = assertGolden("stack-fails", [
      { stack: "dev", failure },
      review([gateway("a")], [gateway("a"), gateway("b")]),
    ]);
    assert.doesNotMatch(text.split("### dev")[0]!, /@everyone|<b>/);
  });

  it("says in one line that there is nothing to say", () => {
    const same = [gateway("a"), record("aws:ec2/vpc:Vpc", "found", {}, { external: true, id: "vpc-1" })];
    const text = assertGolden("nothing", [review(same, same)]);
    assert.equal(text.trim().split("\n").length, 4, "marker, title, blank, one line");
  });

  it("folds image digests", () => {
    const task = (digest: string) =>
      record("aws:ecs/taskDefinition:TaskDefinition", "web", {
        family: "web",
        containerDefinitions: JSON.stringify([{ name: "web", image: `node@sha256:${digest.repeat(8)}` }]),
      });
    const text = renderComment("shop", "main", [review([task("a1b2c3d4")], [task("e5f6a7b8")])]);
    assert.match(text, /sha256:a1b2c3d4\.\.\./);
    assert.doesNotMatch(text, /[0-9a-f]{20}/);
  });
});

describe("the comment of a plan that is too large", () => {
  const many = Array.from({ length: 900 }, (_, index) => bucket(`bucket-with-a-rather-long-name-${index}`));
  const broken = Array.from({ length: 400 }, (_, index) =>
    record("aws:ec2/launchTemplate:LaunchTemplate", `t${index}`, { metadataOptions: { httpTokens: "optional" } }),
  );
  const failure = { stack: "pr-7", failure: `${"x".repeat(90_000)}\n\`\`\`\`` };
  const small = review([gateway("a")], [gateway("a"), gateway("b")], { stack: "dev" });

  for (const [what, reviews] of [
    ["one stack", [review(many, broken)]],
    ["three stacks", [small, review(many, broken), review(broken, many)]],
    ["a failure as long", [failure, review(many, broken)]],
  ] as const) {
    it(`stays under the limit, says what it left out and closes what it opens: ${what}`, () => {
      const text = renderComment("shop", "origin/main", reviews);
      assert.ok(text.length <= longestComment, String(text.length));
      assert.match(text, /left out|more characters/);
      assert.equal(text.match(/<details>/g)?.length, text.match(/<\/details>/g)?.length);
      assert.equal(openFences(text), 0);
      assert.match(text, /and \d+ more, below/);
    });
  }

  it("leaves a small stack whole beside a large one", () => {
    const alone = renderComment("shop", "origin/main", [small]);
    const section = alone.slice(alone.indexOf("### dev"));
    assert.ok(renderComment("shop", "origin/main", [small, review(many, broken)]).includes(section.trimEnd()));
  });
});

/** Fences that are open at the end: one is closed by as many ticks as opened it, or more. */
function openFences(text: string): number {
  let open = 0;
  for (const line of text.split("\n")) {
    const ticks = /^(`{3,})/.exec(line)?.[1]?.length ?? 0;
    if (ticks === 0) continue;
    if (open === 0) open = ticks;
    else if (ticks >= open && /^`+$/.test(line)) open = 0;
  }
  return open;
}
