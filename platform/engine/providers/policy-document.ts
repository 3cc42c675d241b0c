import type { PropertyMap, PropertyValue } from "../types";
import { isObject, isUnknown } from "../values";

type Json = PropertyMap;

/**
 * The document that `aws.iam.getPolicyDocument` renders: sources first, then its own statements, then overrides; a statement
 * whose `sid` is already there replaces it.
 * https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
 */
export function policyDocument(args: PropertyMap): Json {
  const own = list(args.statements).filter(isObject).map(renderStatement);
  const sources = texts(args.sourceJson, args.sourcePolicyDocuments).map(parse);
  const overrides = texts(args.overrideJson, args.overridePolicyDocuments).map(parse);
  const statements = new Map<string, PropertyValue>();
  for (const [index, statement] of [
    ...sources.flatMap(statementsOf),
    ...own,
    ...overrides.flatMap(statementsOf),
  ].entries()) {
    const sid =
      isObject(statement) && typeof statement.Sid === "string" && statement.Sid !== "" ? statement.Sid : `#${index}`;
    statements.set(sid, statement);
  }
  const last = [...sources, ...overrides].findLast(({ Id }) => Id !== undefined);
  const id = args.policyId ?? last?.Id;
  return {
    Version: args.version ?? "2012-10-17",
    ...(id === undefined ? {} : { Id: id }),
    ...(statements.size === 0 ? {} : { Statement: [...statements.values()] }),
  };
}

function renderStatement(statement: PropertyMap): Json {
  const rendered: Json = {};
  if (typeof statement.sid === "string" && statement.sid !== "") rendered.Sid = statement.sid;
  rendered.Effect = statement.effect ?? "Allow";
  for (const [key, name] of [
    ["actions", "Action"],
    ["notActions", "NotAction"],
    ["resources", "Resource"],
    ["notResources", "NotResource"],
  ] as const) {
    const values = list(statement[key]).map(withVariables);
    if (values.length > 0) rendered[name] = oneOrSorted(values);
  }
  for (const [key, name] of [
    ["principals", "Principal"],
    ["notPrincipals", "NotPrincipal"],
  ] as const) {
    const principals = list(statement[key]).filter(isObject);
    if (principals.length > 0) rendered[name] = renderPrincipals(principals);
  }
  const conditions = list(statement.conditions).filter(isObject);
  if (conditions.length > 0) rendered.Condition = renderConditions(conditions);
  return rendered;
}

function renderPrincipals(principals: readonly PropertyMap[]): PropertyValue {
  const byType: Record<string, PropertyValue[]> = {};
  for (const { type, identifiers } of principals) {
    if (type === "*" && list(identifiers).includes("*")) return "*";
    byType[String(type)] = [...(byType[String(type)] ?? []), ...list(identifiers).map(withVariables)];
  }
  return Object.fromEntries(Object.entries(byType).map(([type, identifiers]) => [type, oneOrSorted(identifiers)]));
}

function renderConditions(conditions: readonly PropertyMap[]): PropertyValue {
  const rendered: Record<string, Record<string, PropertyValue[]>> = {};
  for (const { test, variable, values } of conditions) {
    const ofTest = rendered[String(test)] ?? {};
    ofTest[String(variable)] = [...(ofTest[String(variable)] ?? []), ...list(values).map(withVariables)];
    rendered[String(test)] = ofTest;
  }
  return Object.fromEntries(
    Object.entries(rendered).map(([test, variables]) => [
      test,
      Object.fromEntries(
        Object.entries(variables).map(([name, values]) => [name, values.length === 1 ? values[0]! : values]),
      ),
    ]),
  );
}

/** Policy variables are written `&{name}`, so that the tool that the provider was made for leaves them alone. */
function withVariables(value: PropertyValue): PropertyValue {
  return typeof value === "string" ? value.replaceAll("&{", "${") : value;
}

/** The provider sorts lists of more than one, from the last to the first. */
function oneOrSorted(values: readonly PropertyValue[]): PropertyValue {
  return values.length === 1 ? values[0]! : [...values].sort().reverse();
}

function statementsOf(document: Json): PropertyValue[] {
  const statement = document.Statement ?? [];
  return Array.isArray(statement) ? statement : [statement];
}

function texts(single: PropertyValue | undefined, several: PropertyValue | undefined): string[] {
  return [...(single === undefined ? [] : [single]), ...list(several)].filter(
    (text) => typeof text === "string" && text !== "",
  ) as string[];
}

function parse(text: string): Json {
  if (isUnknown(text)) return {};
  const value: unknown = JSON.parse(text);
  return isObject(value as PropertyValue) ? (value as Json) : {};
}

function list(value: PropertyValue | undefined): PropertyValue[] {
  return Array.isArray(value) ? value : [];
}
