import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { policySizeProblem } from "../catalog/iam";
import { deployStatements, workflowTrust } from "./ci-policies";
import { deployRoles } from "./ci-roles";
import { policyDocument } from "./policy";

const scope = { accountId: "123456789012", region: "us-east-1", stateBucket: "state" };
const text = (stacks: readonly string[]) =>
  `${JSON.stringify(policyDocument(deployStatements(stacks, scope)), null, 1)}\n`;

describe("components/ci-policies", () => {
  it("lets a role deploy its own stack and touch no other", () => {
    assert.equal(text(["dev"]), readFileSync(join(__dirname, "golden", "deploy-dev.json"), "utf8"));
    assert.ok(!text(["dev"]).includes("gaming-prod"));
  });

  it("stays within the size of a role's inline policies", () => {
    for (const { stacks } of Object.values(deployRoles)) {
      assert.equal(policySizeProblem("inlinePoliciesOfRole", text(stacks)), undefined);
    }
  });

  const subjectOf = (ids?: { owner: number; repository: number; orNames?: boolean }) => {
    const [statement] = workflowTrust("arn:provider", { repository: "studio/game", ids }, "environment:prod").Statement;
    const { StringEquals, ...others } = statement!.Condition;
    assert.deepEqual(others, {}, "nothing but a comparison of the whole");
    assert.equal(StringEquals["token.actions.githubusercontent.com:aud"], "sts.amazonaws.com");
    return StringEquals["token.actions.githubusercontent.com:sub"];
  };

  it("compares the workflow's subject as a whole, by names, by numbers, or by both while a repository moves", () => {
    const names = "repo:studio/game:environment:prod";
    const immutable = "repo:studio@12/game@345:environment:prod";
    assert.equal(subjectOf(), names);
    assert.equal(subjectOf({ owner: 12, repository: 345 }), immutable);
    assert.deepEqual(subjectOf({ owner: 12, repository: 345, orNames: true }), [immutable, names]);
  });
});
