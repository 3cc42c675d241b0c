import { isUnknown, type PropertyValue, type RecordedResource, type Urn, withoutSecrets } from "../engine";

/** What pricing reads of a resource: part of an evaluated one, and of one in a state file. */
export type BilledResource = Pick<
  RecordedResource,
  "urn" | "type" | "name" | "custom" | "external" | "parent" | "inputs" | "propertyDependencies"
>;

/** An evaluated graph with the look-ups that pricing needs. */
export interface Graph {
  readonly resources: readonly BilledResource[];
  /** Custom resources of a type. */
  ofType(type: string): readonly BilledResource[];
  /** The resources that a property's value was made from. */
  behind(resource: BilledResource, property: string): readonly BilledResource[];
  /** Logical name of the outermost component that the resource belongs to, or its own. */
  component(resource: BilledResource): string;
}

export function makeGraph(resources: readonly BilledResource[]): Graph {
  const byUrn = new Map<Urn, BilledResource>(resources.map((resource) => [resource.urn, resource]));
  const root = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.urn;
  const component = (resource: BilledResource): string => {
    const parent = resource.parent === undefined || resource.parent === root ? undefined : byUrn.get(resource.parent);
    return parent === undefined ? resource.name : component(parent);
  };
  const byType = new Map<string, BilledResource[]>();
  for (const resource of resources) {
    const known = byType.get(resource.type);
    if (known === undefined) byType.set(resource.type, [resource]);
    else known.push(resource);
  }
  return {
    resources,
    ofType: (type) => byType.get(type) ?? [],
    behind: (resource, property) =>
      (resource.propertyDependencies[property] ?? []).flatMap((urn) => byUrn.get(urn) ?? []),
    component,
  };
}

/** The value at a path of a resource's inputs, such as `defaults.0.size`; undefined where missing or not known yet. */
export function input(resource: BilledResource, path: string): PropertyValue | undefined {
  return at(resource.inputs, path);
}

/** The value at a path inside a value; undefined where missing or not known yet. */
export function at(value: PropertyValue, path: string): PropertyValue | undefined {
  const found = path
    .split(".")
    .reduce<PropertyValue | undefined>(
      (node, key) =>
        typeof node === "object" && node !== null ? (node as { [key: string]: PropertyValue })[key] : undefined,
      withoutSecrets(value),
    );
  return isUnknown(found) ? undefined : found;
}

export function numberAt(resource: BilledResource, path: string, otherwise: number): number {
  const value = input(resource, path);
  return value === undefined || value === null ? otherwise : Number(value);
}

export function textAt(resource: BilledResource, path: string): string | undefined {
  const value = input(resource, path);
  return value === undefined || value === null ? undefined : String(value);
}

/** A list property; a missing one is empty. Elements that are not known yet still count. */
export function listAt(resource: BilledResource, path: string): readonly PropertyValue[] {
  const value = input(resource, path);
  return Array.isArray(value) ? value : [];
}
