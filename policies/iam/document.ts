import { list, parsed } from "../rule";

/** One condition of a statement. */
export interface Condition {
  /** `StringEquals`, without its set prefix. */
  readonly operator: string;
  /** `ForAllValues` or `ForAnyValue`. */
  readonly set?: string;
  /** Lower case: AWS does not tell cases of keys apart. */
  readonly key: string;
  readonly values: readonly string[];
}

/** One statement of an IAM document, every list a list. */
export interface Statement {
  readonly sid: string;
  readonly allow: boolean;
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly resources: readonly string[];
  readonly notResources: readonly string[];
  /** By kind: `AWS`, `Service`, `Federated`, `CanonicalUser`; a bare star is `AWS: *`. */
  readonly principals: Readonly<Record<string, readonly string[]>>;
  readonly notPrincipals: Readonly<Record<string, readonly string[]>>;
  readonly conditions: readonly Condition[];
}

/** The statements of an IAM document: its JSON text or the value itself. What is no document has none. */
export function statementsOf(document: unknown): Statement[] {
  const { Statement: statements } = (parsed(document) ?? {}) as { readonly Statement?: unknown };
  return list(statements).map(statementOf);
}

function statementOf(value: unknown): Statement {
  const given = (value ?? {}) as Readonly<Record<string, unknown>>;
  return {
    sid: typeof given.Sid === "string" ? given.Sid : "",
    allow: given.Effect !== "Deny",
    actions: texts(given.Action),
    notActions: texts(given.NotAction),
    resources: texts(given.Resource),
    notResources: texts(given.NotResource),
    principals: principalsOf(given.Principal),
    notPrincipals: principalsOf(given.NotPrincipal),
    conditions: conditionsOf(given.Condition),
  };
}

const texts = (value: unknown): string[] => list(value).map(String);

function principalsOf(value: unknown): Record<string, string[]> {
  if (value === undefined || value === null) return {};
  if (typeof value === "string") return { AWS: [value] };
  return Object.fromEntries(Object.entries(value).map(([kind, who]) => [kind, texts(who)]));
}

function conditionsOf(value: unknown): Condition[] {
  return Object.entries((value ?? {}) as object).flatMap(([operator, keys]) => {
    const [, set, plain] = /^(?:(ForAllValues|ForAnyValue):)?(.*)$/.exec(operator)!;
    return Object.entries((keys ?? {}) as object).map(([key, values]) => ({
      operator: plain!,
      ...(set === undefined ? {} : { set }),
      key: key.toLowerCase(),
      values: texts(values),
    }));
  });
}

/** True when a pattern with stars and question marks takes in a text; actions are compared without regard to case. */
export function matches(pattern: string, text: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern.toLowerCase() === text.toLowerCase();
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "i").test(text);
}

/** True when a statement allows an action, whatever it allows it on. */
export function grants({ allow, actions, notActions }: Statement, action: string): boolean {
  if (!allow) return false;
  if (notActions.length > 0) return !notActions.some((pattern) => matches(pattern, action));
  return actions.some((pattern) => matches(pattern, action));
}

/** Kinds of resources whose star takes in all of the account: `role/*`, `secret:*`. */
const kinds =
  "alias|cluster|db|dbuser|domain|function|group|instance|instance-profile|key|log-group|parameter|policy|queue|repository|role|" +
  "rule|schedule|secret|service|snapshot|stateMachine|stream|table|task|task-definition|topic|user|volume";
const everything = new RegExp(
  `^(?:\\*+|arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:\\*+(?:/\\*+)?|(?:${kinds})[:/]\\*+(?:/\\*+)?|dbuser:[^/]*/\\*))$`,
);

/** True when a statement reaches all resources of an account, or all of a kind. */
export const reachesAll = ({ resources, notResources }: Statement): boolean =>
  notResources.length > 0 || resources.some((resource) => everything.test(resource));

/** Conditions on these say how a request comes, not who may make it or what it touches. */
const manner =
  /^aws:(securetransport|multifactorauth.*|currenttime|epochtime|tokenissuetime|useragent|referer|requestedregion|principaltype|viaawsservice)$/;
const narrowing = /^(String(Equals|Like|EqualsIgnoreCase)|Arn(Equals|Like)|IpAddress|Numeric\w+|Bool)$/;

/** True when a condition keeps a statement to some callers or resources: it must hold, and its values are not just a star. */
export function narrows({ operator, set, key, values }: Condition): boolean {
  return (
    narrowing.test(operator) &&
    set !== "ForAllValues" &&
    !manner.test(key) &&
    values.length > 0 &&
    !values.some((value) => /^(\*+|0\.0\.0\.0\/0|::\/0)$/.test(value))
  );
}

/** True when any condition narrows the statement. */
export const isNarrowed = ({ conditions }: Statement): boolean => conditions.some(narrows);

/** True when one of the conditions narrows by one of these keys. */
export const narrowedBy = ({ conditions }: Statement, keys: readonly string[]): boolean =>
  conditions.some((condition) => narrows(condition) && keys.includes(condition.key));

/** How a finding names a statement. */
export const named = ({ sid }: Statement, at: number): string =>
  sid === "" ? `statement ${at + 1}` : `statement ${sid}`;
