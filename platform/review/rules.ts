import { evaluateRules, type Finding, guardUnknown } from "../../policies/evaluate";
import { exceptions } from "../../policies/exceptions";
import type { RuleResource } from "../../policies/rule";
import { rules } from "../../policies/rules";
import { isUnknown, type PropertyValue, withoutSecrets } from "../engine";
import { replaceReferences } from "../engine/references";
import type { ResourceState, StackState } from "../plan/model";

/**
 * Runs the policy pack's rules over a stack, as Pulumi's analyzer would. A value that is an output as a whole is unknown, be it as
 * a stand-in; a text that holds some is judged by the rest of it.
 * @param whole False when resources of the stack are missing: only rules that look at one resource are run then.
 */
export function policyFindings(
  { stack, resources }: Pick<StackState, "stack" | "resources">,
  today: string,
  whole = true,
): Finding[] {
  const visible = resources.filter(({ custom, external }) => custom && !external).map(asRuleResource);
  const applicable = rules.filter(({ scope }) => whole || scope === "resource");
  return evaluateRules(visible, { rules: applicable, exceptions, stack, today });
}

function asRuleResource({ urn, type, name, inputs, propertyDependencies, protect }: ResourceState): RuleResource {
  const props = withoutSecrets(inputs) as Record<string, unknown>;
  return { urn, type, name, protect, references: propertyDependencies, props: guardUnknown(props, isOutput) };
}

const isOutput = (value: unknown): boolean =>
  isUnknown(value as PropertyValue) ||
  (typeof value === "string" && value !== "" && replaceReferences(value, () => "") === "");
