import assert from "node:assert/strict";
import type { Example, RuleResource } from "./rule";
import { rules } from "./rules";

const withDefaults = (example: Example): RuleResource[] =>
  example.map((part, index) => ({
    urn: `urn:pulumi:prod::p::${part.type}::r${index}`,
    type: "",
    name: `r${index}`,
    props: {},
    protect: false,
    ...part,
  }));

/** The Checkov ids and cdk-nag ids that the platform promises. */
const checkov = [
  16, 17, 23, 24, 79, 88, 91, 118, 129, 131, 133, 136, 150, 157, 161, 163, 226, 249, 260, 261, 293, 315, 328, 333, 334,
  335, 336, 338, 341, 353, 382,
].map((number) => `CKV_AWS_${number}`);
const nag = ["ECS2", "ECS4", "ECS7", "AS2", "AS3", "RDS3", "RDS10", "RDS13", "VPC7"].map((id) => `AwsSolutions-${id}`);

describe("policy rules", () => {
  it("cover the promised Checkov and cdk-nag ids, each once", () => {
    const ids = rules.flatMap(({ id, alsoKnownAs }) => [id, ...(alsoKnownAs ?? [])]);
    assert.deepEqual(ids.filter((id) => !id.startsWith("GAP-")).sort(), [...checkov, ...nag].sort());
    assert.equal(new Set(ids).size, ids.length);
  });

  for (const rule of rules) {
    describe(`${rule.id}: ${rule.title}`, () => {
      for (const [kind, example] of [
        ["passing", rule.passing],
        ["failing", rule.failing],
      ] as const) {
        it(`finds ${kind === "passing" ? "nothing" : "the problem"} in its ${kind} example`, () => {
          const stack = withDefaults(example);
          assert.ok(rule.types.includes(stack[0]!.type), "the example's first resource is of a type the rule looks at");
          const message = rule.check(stack[0]!, stack);
          if (kind === "passing") assert.equal(message, undefined);
          else assert.ok(message !== undefined && message.length > 0);
        });
      }

      it("says why it matters and what to change", () => {
        for (const text of [rule.title, rule.rationale, rule.remediation]) assert.ok(text.length > 10);
      });
    });
  }
});
