/** A resource as a rule sees it: the inputs that the program declares, secrets unwrapped. */
export interface RuleResource {
  readonly urn: string;
  readonly type: string;
  /** Logical name. */
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
  /** URNs of the resources that a property's value comes from, by property; it is known where the value is not. */
  readonly references: Readonly<Record<string, readonly string[]>>;
  /** Pulumi's own guard against deletion. */
  readonly protect: boolean;
}

export type Severity = "low" | "medium" | "high" | "critical";

/** A small stack that shows a rule: the first resource is the one that the rule looks at. */
export type Example = readonly (Omit<Partial<RuleResource>, "props"> & { readonly props?: object })[];

/**
 * One rule: data and a small pure function. Rules whose `scope` is `stack` look at other resources too and run when the whole
 * graph is known.
 */
export interface Rule {
  /** Stable id: Checkov's `CKV`, else cdk-nag's `AwsSolutions-`, else AWS Foundational Security Best Practices' (`EC2.19`), else `GAP-` for this platform's own. */
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

/** True when the property at a path is given, even if its value is known only after the deployment. */
export function isSet(value: unknown, path: string): boolean {
  const keys = path.split(".");
  const last = keys.pop()!;
  const parent = keys.length === 0 ? value : at(value, keys.join("."));
  return typeof parent === "object" && parent !== null && last in parent;
}

/** By URN, the resources with a property that comes from it. Each stack is indexed once: rules ask for every resource. */
const referrersOf = new WeakMap<readonly RuleResource[], ReadonlyMap<string, readonly RuleResource[]>>();

function indexed(stack: readonly RuleResource[]): ReadonlyMap<string, readonly RuleResource[]> {
  const found = new Map<string, RuleResource[]>();
  for (const one of stack) {
    for (const urn of new Set(Object.values(one.references).flat())) {
      const known = found.get(urn);
      if (known === undefined) found.set(urn, [one]);
      else known.push(one);
    }
  }
  referrersOf.set(stack, found);
  return found;
}

/** Resources with any property that comes from another resource. */
export const referrers = (stack: readonly RuleResource[], { urn }: RuleResource): readonly RuleResource[] =>
  (referrersOf.get(stack) ?? indexed(stack)).get(urn) ?? [];

/** Resources of a type whose property comes from another resource. */
export const referring = (
  stack: readonly RuleResource[],
  type: string,
  property: string,
  resource: RuleResource,
): readonly RuleResource[] =>
  referrers(stack, resource).filter(
    (one) => one.type === type && one.references[property]?.includes(resource.urn) === true,
  );

/** A value as a person reads it. */
export const shown = (value: unknown): string => JSON.stringify(value) ?? "not set";

interface PropertyRule extends Pick<Rule, "id" | "alsoKnownAs" | "severity" | "title" | "rationale"> {
  /** @default to set the property to the first allowed value */
  readonly remediation?: string;
  readonly type: string | readonly string[];
  /** Property path that is checked. */
  readonly path: string;
  /** The values that pass; the first is used in the passing example. Either this, `set` or `atLeast`. */
  readonly allowed?: readonly unknown[];
  /** Any value passes, one that is known only after the deployment too. */
  readonly set?: true;
  /** Numbers from here pass. */
  readonly atLeast?: number;
  /** A value that fails. @default the property is missing */
  readonly wrong?: unknown;
  /** Properties of both examples that make the rule concern them. */
  readonly where?: object;
  /** Resources that the rule does not concern. */
  readonly unless?: (resource: RuleResource) => boolean;
}

/** A rule about the value of one property. */
export function propertyRule(rule: PropertyRule): Rule {
  const { type, path, allowed, set, atLeast, wrong, where, unless, remediation, ...about } = rule;
  const types = typeof type === "string" ? [type] : type;
  const good = set ? "arn" : (atLeast ?? allowed?.[0]);
  const wanted = set
    ? "set"
    : atLeast === undefined
      ? allowed!.map((one) => (one === undefined ? "unset" : String(one))).join(" or ")
      : `at least ${atLeast}`;
  const passes = (resource: RuleResource): boolean => {
    if (set) return isSet(resource.props, path);
    const value = at(resource.props, path);
    return atLeast === undefined ? allowed!.includes(value) : Number(value ?? 0) >= atLeast;
  };
  return {
    ...about,
    remediation: remediation ?? (set ? `Set ${path}.` : `Set ${path} to ${atLeast ?? String(allowed![0])}.`),
    types,
    scope: "resource",
    check: (resource) =>
      unless?.(resource) || passes(resource)
        ? undefined
        : `${path} is ${set ? "not set" : `${shown(at(resource.props, path))}, not ${wanted}`}`,
    passing: [{ type: types[0]!, props: { ...where, ...nested(path, good) } }],
    failing: [{ type: types[0]!, props: { ...where, ...(wrong === undefined ? {} : nested(path, wrong)) } }],
  };
}

type Own = Pick<PropertyRule, "id" | "title" | "path">;
type Shared = Pick<PropertyRule, "severity" | "rationale"> & Partial<Omit<PropertyRule, keyof Own>>;

/** Rules of one topic: what they share, and a row for each with its own. One of both names the type. */
export const propertyRules = (shared: Shared, rows: readonly (Own & Partial<PropertyRule>)[]): Rule[] =>
  rows.map((row) => propertyRule({ type: [], ...shared, ...row }));

function nested(path: string, value: unknown): Record<string, unknown> {
  return path
    .split(".")
    .reverse()
    .reduce<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}
