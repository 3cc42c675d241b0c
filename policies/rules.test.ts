import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Example, RuleResource } from "./rule";
import { rules } from "./rules";

const withDefaults = (example: Example): RuleResource[] =>
  example.map((part, index) => ({
    urn: `urn:pulumi:prod::p::${part.type}::r${index}`,
    type: "",
    name: `r${index}`,
    references: {},
    protect: false,
    ...part,
    props: { ...part.props },
  }));

describe("policy rules", () => {
  it("have ids of their own, each once, of a catalogue or of this platform", () => {
    const ids = rules.flatMap(({ id, alsoKnownAs }) => [id, ...(alsoKnownAs ?? [])]);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    );
    for (const id of ids)
      assert.match(id, /^(CKV2?_AWS_\d+|AwsSolutions-[A-Z]+\d+|[A-Z][A-Za-z0-9]+\.\d+|GAP-[A-Z-]+)$/);
  });

  it("look at types that the SDK has", () => {
    const sdk = join(dirname(require.resolve("@pulumi/aws/package.json")));
    const missing = new Set(
      rules
        .flatMap(({ types }) => types)
        .filter((type) => type.startsWith("aws:"))
        .filter((type) => !existsSync(join(sdk, `${type.split(":")[1]}.d.ts`))),
    );
    assert.deepEqual([...missing], []);
  });

  it("read properties that the types have", () => {
    const sdk = join(dirname(require.resolve("@pulumi/aws/package.json")));
    const unknown = rules.flatMap(({ id, passing, failing }) =>
      [...passing, ...failing].flatMap(({ type, props = {} }) => {
        const declared = readFileSync(join(sdk, `${type!.split(":")[1]}.d.ts`), "utf8");
        return Object.keys(props)
          .filter((name) => !new RegExp(`^ {4}${name}\\??:`, "m").test(declared))
          .map((name) => `${id}: ${type} has no ${name}`);
      }),
    );
    assert.deepEqual(unknown, []);
  });

  for (const rule of rules) {
    describe(`${rule.id}: ${rule.title}`, () => {
      for (const [kind, example] of [
        ["passing", rule.passing],
        ["failing", rule.failing],
      ] as const) {
        it(`finds ${kind === "passing" ? "nothing" : "the problem"} in its ${kind} example`, () => {
          // A type that must not be declared at all has no passing example.
          if (kind === "passing" && example.length === 0) return;
          const stack = withDefaults(example);
          assert.ok(rule.types.includes(stack[0]!.type), "the example's first resource is of a type the rule looks at");
          const message = rule.check(stack[0]!, stack);
          if (kind === "passing") assert.equal(message, undefined);
          else assert.ok(message !== undefined && message.length > 0);
        });
      }

      it("says why it matters and what to change", () => {
        for (const text of [rule.title, rule.rationale, rule.remediation]) assert.ok(text.length >= 10);
      });
    });
  }
});
