import { readFileSync } from "node:fs";
import { join } from "node:path";
import { computeAdditions } from "./replacement/compute-conditions";
import { dataAdditions } from "./replacement/data-conditions";
import type { GeneratedTable, GeneratedType } from "./replacement/generated";
import { networkAdditions } from "./replacement/network-conditions";
import { otherPackages } from "./replacement/other-packages";
import type { ReplacementRule, RuleAdditions } from "./replacement/rule";

export type { Condition, Inputs, Refusal, ReplacementRule } from "./replacement/rule";

/** What is known of a type beside its schema: conditions, names, outputs that an update changes. */
export const additions: Readonly<Record<string, RuleAdditions>> = {
  ...computeAdditions,
  ...dataAdditions,
  ...networkAdditions,
};

let table: GeneratedTable | undefined;

/** The table that `catalog/replacement/generate` read from the provider's source. It is read when it is first asked for. */
export function generatedTable(): GeneratedTable {
  table ??= JSON.parse(readFileSync(join(__dirname, "replacement", "aws.generated.json"), "utf8")) as GeneratedTable;
  return table;
}

/** The types that this repository describes by hand: those of other providers, and Pulumi's own. */
export const handWrittenRules: Readonly<Record<string, ReplacementRule>> = otherPackages;

const rules = new Map<string, ReplacementRule>();

/** The rule of a resource type; undefined when nothing is known of it. Components are never replaced and have none. */
export function replacementRule(type: string): ReplacementRule | undefined {
  const known = rules.get(type) ?? handWrittenRules[type];
  if (known !== undefined || !type.startsWith("aws:")) return known;
  const generated = generatedTable().types[type];
  if (generated === undefined) return undefined;
  const rule = awsRule(generated, additions[type] ?? {});
  rules.set(type, rule);
  return rule;
}

/**
 * Since version 7 of the AWS provider every resource of a region takes a `region`, and none can move:
 * https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support
 */
function awsRule(generated: GeneratedType, { conditions = [], ...rest }: RuleAdditions): ReplacementRule {
  const { source, sourceVersion } = generatedTable();
  const decided = new Set(conditions.map(({ path }) => path));
  const undecided = [...(generated.depends ?? []), ...(generated.unknown ?? [])].filter((path) => !decided.has(path));
  const autoName = rest.autoName ?? generated.autoName;
  const keeps = (path: string): boolean => path !== autoName;
  return {
    replaces: [
      ...(generated.replaces ?? []),
      ...(generated.replacesWhenSet ?? []).filter((path) => !keeps(path)),
      "region",
    ],
    replacesWhenSet: (generated.replacesWhenSet ?? []).filter(keeps),
    conditions,
    // `*`: the provider decides in code that was not understood; conditions by hand say for which properties.
    notKnown: undecided.filter((path) => path !== "*" || conditions.length === 0),
    unordered: generated.unordered ?? [],
    source: `${source} v${sourceVersion}, internal/service/${generated.source}`,
    ...(autoName === undefined ? {} : { autoName }),
    ...rest,
  };
}
