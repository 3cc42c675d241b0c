import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { additions, generatedTable, handWrittenRules, replacementRule } from "./replacement";

/** The declaration of a type's arguments in the SDK. */
function declaredArgs(type: string): string {
  const [packageName, module = "", name] = type.split(":");
  const folder = dirname(require.resolve(`@pulumi/${packageName}/package.json`));
  const text = readFileSync(join(folder, `${module.replace(/^index\//, "")}.d.ts`), "utf8");
  return text.slice(text.indexOf(`export interface ${name}Args {`));
}

describe("replacement table", () => {
  const manifest = JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };

  it("was generated for the version of the SDK that is pinned", () => {
    const { sdk, sdkVersion } = generatedTable();
    assert.equal(
      sdkVersion,
      manifest.dependencies[sdk],
      "another version is pinned: run catalog/replacement/generate/generate.ts with the provider's source (docs/preview.md)",
    );
  });

  it("says which version of the provider it was read from, and cites that in hand-written conditions", () => {
    const { sourceVersion } = generatedTable();
    const cited = Object.values(additions).flatMap(({ conditions = [], refusals = [] }) => [
      ...conditions,
      ...refusals,
    ]);
    const other = cited
      .map(({ source }) => source)
      .filter((source) => source.includes("terraform-provider-aws") && !source.includes(`/v${sourceVersion}/`));
    assert.deepEqual(other, []);
    assert.ok(cited.length > 20);
  });

  it("has conditions only for properties that the provider's code decides on, or that the SDK adds", () => {
    const groundless = Object.entries(additions).flatMap(([type, { conditions = [] }]) => {
      const { depends = [], unknown = [] } = generatedTable().types[type] ?? {};
      return conditions
        .filter(({ path }) => ![...depends, ...unknown].includes(path) && !depends.includes("*"))
        .map(({ path }) => `${type} ${path}`);
    });
    assert.deepEqual(groundless, []);
  });

  it("names only properties that the SDK has", () => {
    const unknown = Object.entries({ ...additions, ...handWrittenRules })
      .filter(([type]) => !type.startsWith("pulumi:"))
      .flatMap(([type, rule]) => {
        const args = declaredArgs(type);
        const paths = [
          ...("replaces" in rule ? rule.replaces : []),
          ...(rule.conditions ?? []).map(({ path }) => path),
          ...(rule.autoName === undefined ? [] : [rule.autoName]),
        ];
        return paths
          .map((path) => path.split(/[.[]/)[0]!)
          .filter((property) => !new RegExp(`^ {4}${property}\\??: `, "m").test(args))
          .map((property) => `${type} ${property}`);
      });
    assert.deepEqual(unknown, []);
  });

  it("cites a source for every type", () => {
    const rules = Object.keys({ ...generatedTable().types, ...handWrittenRules }).map((type) => replacementRule(type));
    assert.deepEqual(
      rules.filter((rule) => !rule?.source.startsWith("https://")),
      [],
    );
  });

  it("replaces every AWS resource whose region changes, and says nothing of a type it does not know", () => {
    assert.ok(replacementRule("aws:ec2/vpc:Vpc")?.replaces.includes("region"));
    assert.equal(replacementRule("random:index/randomId:RandomId")?.replaces.includes("region"), false);
    assert.equal(replacementRule("acme:index/thing:Thing"), undefined);
  });
});
