import { type Exception, patternCovers } from "./exceptions";
import type { Rule, RuleResource, Severity } from "./rule";

/** A rule that does not hold, or that could not be decided before the deployment. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly urn: string;
  readonly title: string;
  readonly message: string;
  readonly remediation: string;
  /** `violated` counts against the stack; `excepted` has a reason; `unknown` waits for values that only the cloud gives. */
  readonly status: "violated" | "excepted" | "unknown";
  /** Why it is excepted and until when. */
  readonly exception?: string;
  /** Set when an exception held here and has run out. */
  readonly expired?: boolean;
}

/** Thrown when a rule reads a value that is not known before the deployment; see `guardUnknown`. */
export class UnknownValue extends Error {}

export interface EvaluateRulesOptions {
  readonly rules: readonly Rule[];
  readonly exceptions: readonly Exception[];
  /** The stack's name, which exceptions are matched against. */
  readonly stack: string;
  /** The day that exceptions are judged by, ISO 8601. */
  readonly today: string;
}

/** Runs every rule over every resource that it concerns, in the order of the resources. */
export function evaluateRules(resources: readonly RuleResource[], options: EvaluateRulesOptions): Finding[] {
  const byType = new Map<string, Rule[]>();
  for (const rule of options.rules) {
    for (const type of rule.types) byType.set(type, [...(byType.get(type) ?? []), rule]);
  }
  return resources.flatMap((resource) =>
    (byType.get(resource.type) ?? []).flatMap((rule) => judge(rule, resource, resources, options) ?? []),
  );
}

function judge(
  rule: Rule,
  resource: RuleResource,
  all: readonly RuleResource[],
  { exceptions, stack, today }: EvaluateRulesOptions,
): Finding | undefined {
  const about = {
    rule: rule.id,
    severity: rule.severity,
    urn: resource.urn,
    title: rule.title,
    remediation: rule.remediation,
  };
  const message = decide(rule, resource, all);
  if (message === undefined) return undefined;
  if (message instanceof UnknownValue) return { ...about, message: message.message, status: "unknown" };
  const exception = exceptions.find((candidate) => concerns(candidate, rule, resource, stack));
  if (exception === undefined) return { ...about, message, status: "violated" };
  if (exception.expires < today) {
    const expired = `${message} (its exception expired on ${exception.expires})`;
    return { ...about, message: expired, status: "violated", expired: true };
  }
  return { ...about, message, status: "excepted", exception: `${exception.reason} Until ${exception.expires}.` };
}

function decide(rule: Rule, resource: RuleResource, all: readonly RuleResource[]): string | UnknownValue | undefined {
  try {
    return rule.check(resource, all);
  } catch (error) {
    if (error instanceof UnknownValue) return error;
    throw error;
  }
}

function concerns(exception: Exception, rule: Rule, resource: RuleResource, stack: string): boolean {
  return (
    [rule.id, ...(rule.alsoKnownAs ?? [])].includes(exception.rule) &&
    exception.stacks.some((pattern) => patternCovers(pattern, stack)) &&
    exception.resources.some((pattern) => patternCovers(pattern, resource.name))
  );
}

/**
 * Wraps a value so that reading an unknown inside it throws UnknownValue: a rule then is undecided instead of wrong.
 * @param isUnknown Tells the marker of an unknown value.
 */
export function guardUnknown<T>(value: T, isUnknown: (value: unknown) => boolean, path = ""): T {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value as object, {
    get(target, key) {
      const found = Reflect.get(target, key);
      const inner = path === "" ? String(key) : `${path}.${String(key)}`;
      if (isUnknown(found)) throw new UnknownValue(`${inner} is known after the deployment`);
      return guardUnknown(found, isUnknown, inner);
    },
  }) as T;
}
