import assert from "node:assert/strict";
import { grants, isNarrowed, reachesAll, type Statement, statementsOf } from "./document";

const one = (fields: object): Statement => statementsOf({ Statement: { Effect: "Allow", ...fields } })[0]!;
const arn = (rest: string): string => `arn:aws:${rest}`;

describe("IAM documents", () => {
  it("are read from text and value, with one statement or many, single values or lists", () => {
    const document = { Statement: [{ Effect: "Allow", Action: "s3:GetObject", Principal: "*" }, { Effect: "Deny" }] };
    for (const given of [document, JSON.stringify(document)]) {
      const [first, second] = statementsOf(given);
      assert.deepEqual([first!.actions, first!.principals, second!.allow], [["s3:GetObject"], { AWS: ["*"] }, false]);
    }
    assert.deepEqual(statementsOf("no document"), []);
  });

  it("grant what a pattern takes in, in any case, and all that NotAction leaves", () => {
    assert.ok(grants(one({ Action: "IAM:pass*" }), "iam:PassRole"));
    assert.ok(grants(one({ Action: "iam:PassRol?" }), "iam:PassRole"));
    assert.ok(!grants(one({ Action: "iam:Get*" }), "iam:PassRole"));
    assert.ok(grants(one({ NotAction: "s3:*" }), "iam:PassRole"));
    assert.ok(!grants(one({ NotAction: "iam:*" }), "iam:PassRole"));
    assert.ok(!grants(one({ Effect: "Deny", Action: "*" }), "iam:PassRole"));
  });

  it("reach everything by a star alone, after the account, or after a kind of resource", () => {
    for (const Resource of [
      "*",
      arn("s3:::*"),
      arn("iam::123456789012:role/*"),
      arn("secretsmanager:us-east-1:123456789012:secret:*"),
      arn("rds-db:us-east-1:123456789012:dbuser:*/*"),
      arn("rds-db:us-east-1:123456789012:dbuser:db-1/*"),
    ]) {
      assert.ok(reachesAll(one({ Resource: [arn("s3:::own"), Resource] })), Resource);
    }
    assert.ok(reachesAll(one({ NotResource: arn("s3:::own") })));
    for (const Resource of [
      arn("s3:::own/*"),
      arn("logs:us-east-1:123456789012:log-group:/own:*"),
      arn("iam::123456789012:role/game-*"),
      arn("ref:us-east-1:123456789012:ref-0123456789abcdef-arn/*"),
    ]) {
      assert.ok(!reachesAll(one({ Resource })), Resource);
    }
  });

  it("are narrowed by conditions that must hold and say who or what, and by no others", () => {
    const narrowed = (Condition: object): boolean => isNarrowed(one({ Condition }));
    assert.ok(narrowed({ StringEquals: { "aws:PrincipalOrgID": "o-1" } }));
    assert.ok(narrowed({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-1/*" } }));
    assert.ok(narrowed({ IpAddress: { "aws:SourceIp": "203.0.113.0/24" } }));
    for (const condition of [
      { Bool: { "aws:SecureTransport": "true" } },
      { StringLike: { "aws:PrincipalArn": "*" } },
      { IpAddress: { "aws:SourceIp": "0.0.0.0/0" } },
      { StringNotEquals: { "aws:SourceAccount": "123456789012" } },
      { StringEqualsIfExists: { "aws:SourceAccount": "123456789012" } },
      { "ForAllValues:StringEquals": { "aws:TagKeys": ["a"] } },
      { Null: { "aws:SourceAccount": "false" } },
    ]) {
      assert.ok(!narrowed(condition), JSON.stringify(condition));
    }
  });
});
