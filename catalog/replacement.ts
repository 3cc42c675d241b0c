import { compute } from "./replacement/compute";
import { data } from "./replacement/data";
import { network } from "./replacement/network";
import { operations } from "./replacement/operations";
import { otherPackages } from "./replacement/other-packages";
import type { ReplacementRule } from "./replacement/rule";

export type { ConditionalReplacement, ReplacementRule } from "./replacement/rule";

/** What replaces a resource, by type. Components have no provider and are never replaced, so they have no entry. */
export const replacementRules: Readonly<Record<string, ReplacementRule>> = {
  ...compute,
  ...data,
  ...network,
  ...operations,
  ...otherPackages,
};

/**
 * The rule of a resource type; undefined when nothing is known of it. Since version 7 of the AWS provider every resource of a
 * region takes a `region`, and none can move:
 * https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support
 */
export function replacementRule(type: string): ReplacementRule | undefined {
  const rule = replacementRules[type];
  return rule === undefined || !type.startsWith("aws:") ? rule : { ...rule, replaces: [...rule.replaces, "region"] };
}
