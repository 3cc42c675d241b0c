import type { Urn } from "./types";

export const rootStackType = "pulumi:pulumi:Stack";

export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  /** The types of all ancestors and the resource itself, joined with `$`. */
  readonly qualifiedType: string;
  readonly type: string;
  readonly name: string;
}

/** Takes `urn:pulumi:<stack>::<project>::<parentType$type>::<name>` apart; the name may hold `::` itself. */
export function parseUrn(urn: Urn): UrnParts {
  const [head = "", project = "", qualifiedType = "", ...name] = urn.split("::");
  const type = qualifiedType.slice(qualifiedType.lastIndexOf("$") + 1);
  return { stack: head.replace(/^urn:pulumi:/, ""), project, qualifiedType, type, name: name.join("::") };
}

/** The URN of a resource; a parent that is the root stack leaves no trace in it. */
export function makeUrn(stack: string, project: string, parent: Urn | undefined, type: string, name: string): Urn {
  const parentType = parent === undefined ? "" : parseUrn(parent).qualifiedType;
  const prefix = parentType === "" || parentType === rootStackType ? "" : `${parentType}$`;
  return `urn:pulumi:${stack}::${project}::${prefix}${type}::${name}`;
}

/** The package of a type or function token: `aws` of `aws:ec2/vpc:Vpc`; for a provider, the package it serves. */
export function packageOf(token: string): string {
  const [first = "", second = "", third = ""] = token.split(":");
  return first === "pulumi" && second === "providers" ? third : first;
}

export function isProviderType(type: string): boolean {
  return type.startsWith("pulumi:providers:");
}
