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

  it("compares the workflow's subject as a whole", () => {
    const [statement] = workflowTrust("arn:provider", "studio/game", "environment:prod").Statement;
    assert.deepEqual(statement?.Condition, {
      StringEquals: {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:studio/game:environment:prod",
      },
    });
  });
});
