import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { policySizeProblem } from "../catalog/iam";
import { deployRoles } from "../contracts/deploy-roles";
import { deployStatements, lookStatements, workflowTrust } from "./ci-policies";
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
    for (const { stacks, may } of Object.values(deployRoles)) {
      const statements = (may === "look" ? lookStatements : deployStatements)(stacks, scope);
      assert.equal(policySizeProblem("inlinePoliciesOfRole", JSON.stringify(policyDocument(statements))), undefined);
    }
  });

  it("lets a plan look at everything and change nothing", () => {
    const allowed = lookStatements(["prod"], scope).flatMap(({ actions }) => actions);
    const looking = /:(Describe|Get|List)/;
    assert.deepEqual(
      allowed.filter((action) => !looking.test(action)),
      [],
    );
    for (const secret of ["secretsmanager:GetSecretValue", "logs:GetLogEvents", "sqs:ReceiveMessage"]) {
      assert.ok(!allowed.some((action) => new RegExp(`^${action.replaceAll("*", ".*")}$`).test(secret)), secret);
    }
  });

  it("gives each job an environment of its own, so that none can take the role of another", () => {
    const names = Object.values(deployRoles).map(({ environment }) => environment);
    assert.equal(new Set(names).size, names.length);
    // GitHub sends a colon in a name as %3A and does not escape a percent sign, so two names could share a subject.
    for (const name of names) assert.match(name, /^[a-z]+$/);
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
