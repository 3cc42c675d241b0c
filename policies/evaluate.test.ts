import assert from "node:assert/strict";
import { evaluateRules, guardUnknown } from "./evaluate";
import type { Exception } from "./exceptions";
import { propertyRule, type RuleResource } from "./rule";

const type = "aws:rds/instance:Instance";
const rule = propertyRule({
  id: "CKV_AWS_157",
  alsoKnownAs: ["AwsSolutions-RDS3"],
  severity: "medium",
  title: "RDS has a standby in another zone",
  rationale: "Because.",
  remediation: "Set database.multiAz.",
  type,
  path: "multiAz",
  allowed: [true],
});
const exception: Exception = {
  rule: "AwsSolutions-RDS3",
  stacks: ["dev", "pr-*"],
  resources: ["database*"],
  reason: "Cheap.",
  expires: "2027-01-31",
};

function statusOf(stack: string, name: string, multiAz: unknown, today = "2026-12-01"): string | undefined {
  const resource: RuleResource = {
    urn: `urn:pulumi:${stack}::p::${type}::${name}`,
    type,
    name,
    props: guardUnknown({ multiAz }, (value) => value === "UNKNOWN"),
    references: {},
    protect: false,
  };
  const [finding] = evaluateRules([resource], { rules: [rule], exceptions: [exception], stack, today });
  return finding?.status;
}

describe("evaluating rules", () => {
  it("says nothing where the rule holds", () => assert.equal(statusOf("prod", "database-postgres", true), undefined));
  it("reports a violation", () => assert.equal(statusOf("prod", "database-postgres", false), "violated"));
  it("takes an exception by any of the rule's ids", () =>
    assert.equal(statusOf("dev", "database-postgres", false), "excepted"));
  it("matches stacks by prefix", () => assert.equal(statusOf("pr-12", "database-postgres", false), "excepted"));
  it("does not stretch an exception to other resources", () =>
    assert.equal(statusOf("dev", "archive", false), "violated"));
  it("holds on the exception's last day and not after it", () => {
    assert.equal(statusOf("dev", "database", false, "2027-01-31"), "excepted");
    assert.equal(statusOf("dev", "database", false, "2027-02-01"), "violated");
  });
  it("is undecided about a value that only the cloud knows", () =>
    assert.equal(statusOf("prod", "database", "UNKNOWN"), "unknown"));
});
