import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { replacementRule, replacementRules } from "./replacement";

/** The declaration of a type's arguments in the SDK; undefined where the SDK has no such type. */
function declaredArgs(type: string): string | undefined {
  const [packageName, module = "", name] = type.split(":");
  const folder = dirname(require.resolve(`@pulumi/${packageName}/package.json`));
  const file = join(folder, `${module.replace(/^index\//, "")}.d.ts`);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  const start = text.indexOf(`export interface ${name}Args {`);
  return start < 0 ? undefined : text.slice(start);
}

describe("replacement table", () => {
  for (const [type, rule] of Object.entries(replacementRules)) {
    if (type.startsWith("pulumi:")) continue;
    it(`names only properties that ${type} has`, () => {
      const args = declaredArgs(type);
      assert.ok(args, `the SDK has no ${type}`);
      const paths = rule.replaces.map((entry) => (typeof entry === "string" ? entry : entry.path));
      const named = [...paths, ...(rule.unordered ?? []), ...(rule.autoName === undefined ? [] : [rule.autoName])];
      const unknown = named
        .map((path) => path.split(/[.[]/)[0]!)
        .filter((property) => !new RegExp(`^ {4}${property}\\??: `, "m").test(args));
      assert.deepEqual(unknown, []);
    });
  }

  it("takes as automatic only names that a program may leave out", () => {
    const required = Object.entries(replacementRules)
      .filter(([type, { autoName }]) => autoName !== undefined && !type.startsWith("pulumi:"))
      .filter(([type, { autoName }]) => !new RegExp(`^ {4}${autoName}\\?: `, "m").test(declaredArgs(type) ?? ""))
      .map(([type]) => type);
    assert.deepEqual(required, []);
  });

  it("cites a source for every type", () => {
    const without = Object.entries(replacementRules).filter(([, { source }]) => !source.startsWith("https://"));
    assert.deepEqual(without, []);
  });

  it("replaces every AWS resource whose region changes, and says nothing of a type it does not know", () => {
    assert.ok(replacementRule("aws:ec2/vpc:Vpc")?.replaces.includes("region"));
    assert.equal(replacementRule("random:index/randomId:RandomId")?.replaces.includes("region"), false);
    assert.equal(replacementRule("acme:index/thing:Thing"), undefined);
  });
});
