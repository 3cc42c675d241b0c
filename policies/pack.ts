import {
  PolicyPack,
  type PolicyResource,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import { evaluateRules } from "./evaluate";
import { exceptions } from "./exceptions";
import type { Rule, RuleResource } from "./rule";
import { rules } from "./rules";

/** Serious rules stop a deployment; the others are said. */
const enforcement = (rule: Rule) =>
  rule.severity === "critical" || rule.severity === "high" ? ("mandatory" as const) : ("advisory" as const);

const about = (rule: Rule) => ({
  name: rule.id,
  displayName: rule.title,
  description: `${rule.title}. ${rule.rationale}`,
  severity: rule.severity,
  enforcementLevel: enforcement(rule),
  remediationSteps: rule.remediation,
});

function violation(rule: Rule, resource: RuleResource, all: readonly RuleResource[]): string | undefined {
  const stack = resource.urn.split("::")[0]!.split(":")[2]!;
  const today = new Date().toISOString().slice(0, 10);
  const [finding] = evaluateRules([resource], {
    rules: [{ ...rule, check: (one) => rule.check(one, all) }],
    exceptions,
    stack,
    today,
  });
  return finding?.status === "violated" ? `${finding.message}. ${finding.remediation}` : undefined;
}

function resourcePolicy(rule: Rule): ResourceValidationPolicy {
  return {
    ...about(rule),
    validateResource: ({ urn, type, name, props, opts }, report) => {
      if (!rule.types.includes(type)) return;
      const message = violation(rule, { urn, type, name, props, references: {}, protect: opts.protect }, []);
      if (message !== undefined) report(message);
    },
  };
}

function stackPolicy(rule: Rule): StackValidationPolicy {
  const plain = ({ urn, type, name, props, propertyDependencies, opts }: PolicyResource): RuleResource => ({
    urn,
    type,
    name,
    props,
    references: Object.fromEntries(
      Object.entries(propertyDependencies).map(([property, all]) => [property, all.map((one) => one.urn)]),
    ),
    protect: opts.protect,
  });
  return {
    ...about(rule),
    validateStack: (args, report) => {
      const all = args.resources.map(plain);
      for (const resource of all.filter(({ type }) => rule.types.includes(type))) {
        const message = violation(rule, resource, all);
        if (message !== undefined) report(message, resource.urn);
      }
    },
  };
}

new PolicyPack("game-ai-platform", {
  policies: rules.map((rule) => (rule.scope === "stack" ? stackPolicy(rule) : resourcePolicy(rule))),
});
