/** A resource as a rule sees it: the inputs that the program declares, secrets unwrapped. */
export interface RuleResource {
  readonly urn: string;
  readonly type: string;
  /** Logical name. */
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
  /** Pulumi's own guard against deletion. */
  readonly protect: boolean;
}

export type Severity = "low" | "medium" | "high" | "critical";

/** A small stack that shows a rule: the first resource is the one that the rule looks at. */
export type Example = readonly Partial<RuleResource>[];

/**
 * One rule: data and a small pure function. Rules whose `scope` is `stack` look at other resources too and run when the whole
 * graph is known.
 */
export interface Rule {
  /** Stable id: Checkov's where the rule is Checkov's, else cdk-nag's AwsSolutions id, else `GAP-` for this platform's own. */
  readonly id: string;
  /** Ids of the same check in other rule sets; an exception may use them too. */
  readonly alsoKnownAs?: readonly string[];
  readonly severity: Severity;
  /** What must hold, in a few words. */
  readonly title: string;
  /** Why it matters. */
  readonly rationale: string;
  /** What to change. */
  readonly remediation: string;
  /** Pulumi resource types that the rule looks at. */
  readonly types: readonly string[];
  readonly scope: "resource" | "stack";
  /** What is wrong with the resource, or undefined. */
  readonly check: (resource: RuleResource, stack: readonly RuleResource[]) => string | undefined;
  readonly passing: Example;
  readonly failing: Example;
}

/** The value at a path such as `metadataOptions.httpTokens`; undefined where a step is missing. */
export function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined | null)?.[key], value);
}

/** A list property; a missing or single value becomes a list. */
export function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A JSON text or the value itself; undefined for a text that is not JSON. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

interface PropertyRule extends Pick<Rule, "id" | "alsoKnownAs" | "severity" | "title" | "rationale" | "remediation"> {
  readonly type: string | readonly string[];
  /** Property path that is checked. */
  readonly path: string;
  /** The values that pass; the first is used in the passing example. */
  readonly allowed: readonly unknown[];
  /** A value that fails. @default the property is missing */
  readonly wrong?: unknown;
  /** Resources that the rule does not concern. */
  readonly unless?: (resource: RuleResource) => boolean;
}

/** A rule that one property has one of the allowed values. */
export function propertyRule({ type, path, allowed, wrong, unless, ...about }: PropertyRule): Rule {
  const types = typeof type === "string" ? [type] : type;
  return {
    ...about,
    types,
    scope: "resource",
    check: (resource) => {
      if (unless?.(resource)) return undefined;
      const value = at(resource.props, path);
      return allowed.includes(value)
        ? undefined
        : `${path} is ${JSON.stringify(value) ?? "not set"}, not ${allowed.map((one) => one ?? "unset").join(" or ")}`;
    },
    passing: [{ type: types[0]!, props: nested(path, allowed[0]) }],
    failing: [{ type: types[0]!, props: wrong === undefined ? {} : nested(path, wrong) }],
  };
}

function nested(path: string, value: unknown): Record<string, unknown> {
  return path
    .split(".")
    .reverse()
    .reduce<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}
