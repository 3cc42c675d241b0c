import type { AliasSpec, Goal } from "./goal";
import type { Expansion, ExpansionScope } from "./plugin";
import type { PropertyMap, PropertyValue, RecordedResource, Urn } from "./types";
import { packageOf } from "./urn";
import {
  containsSecret,
  flattenOutputValues,
  isObject,
  isOutputValue,
  isResourceReference,
  isSecret,
  isUnknown,
  outputValue,
  resourceReference,
  some,
  unknownValue,
  unwrapSecret,
  withoutSecrets,
} from "./values";

/**
 * What the expanders of remote components are made of. A value that comes from a resource is an output value: it knows whether it
 * is known and secret, and what it depends on; `derive` computes with such values as `apply` does in a provider.
 */
export type Derivable = PropertyValue | undefined;

/** One output of a resource; `id` included. */
export function outputOf(resource: RecordedResource, name: string): PropertyValue {
  const value = name === "id" ? resource.id : resource.outputs[name];
  return outputValue(value ?? unknownValue, [resource.urn]);
}

/** A resource as an output of a component. */
export const referenceTo = ({ urn, id }: RecordedResource): PropertyValue => resourceReference(urn, id);

/** What `compute` makes of the values; unknown when a value is, secret when a value is, absent when it makes nothing. */
export function derive(
  values: readonly Derivable[],
  compute: (...known: never[]) => Derivable | readonly Derivable[],
): Derivable {
  const dependencies = new Set<Urn>();
  const flat = values.map((value) => (value === undefined ? undefined : flattenOutputValues(value, dependencies)));
  const isHidden = flat.some((value) => value !== undefined && containsSecret(value));
  if (flat.some((value) => value !== undefined && isOpen(value))) {
    // The SDK sends an unknown without saying that it will be secret.
    return outputValue(unknownValue, [...dependencies]);
  }
  const made = compute(...(flat.map((value) => (value === undefined ? value : withoutSecrets(value))) as never[]));
  if (made === undefined) return undefined;
  const inner = flattenOutputValues(made as PropertyValue, dependencies);
  return outputValue(withoutSecrets(inner), [...dependencies], isHidden || containsSecret(inner));
}

/** Whether anything in the value is unknown; a resource is known even while its id is not. */
function isOpen(value: PropertyValue): boolean {
  if (isResourceReference(value)) return false;
  if (Array.isArray(value)) return value.some(isOpen);
  return isObject(value) ? Object.values(value).some(isOpen) : isUnknown(value);
}

export interface ChildOptions {
  /** @default the component */
  readonly parent?: RecordedResource;
  readonly dependsOn?: readonly RecordedResource[];
  readonly aliases?: readonly AliasSpec[];
}

export type MakeChild = (
  type: string,
  name: string,
  inputs: Readonly<Record<string, Derivable>>,
  options?: ChildOptions,
) => Promise<RecordedResource>;

/** Registers children with the provider version that the component's package was built with. */
export function childMaker(scope: ExpansionScope): MakeChild {
  return (type, name, inputs, { parent, dependsOn = [], aliases = [] } = {}) =>
    scope.register({
      type,
      name,
      inputs: defined(inputs),
      options: {
        version: scope.dependencyVersion(`@pulumi/${packageOf(type)}`),
        dependsOn: dependsOn.map(({ urn }) => urn),
        aliases,
      },
      ...(parent === undefined ? {} : { parent: parent.urn }),
    });
}

/** The end of an expansion: the component's outputs, each with what it depends on and with `shared` besides. */
export function expansionOf(outputs: Readonly<Record<string, Derivable>>, shared: readonly Urn[] = []): Expansion {
  const dependencies: Record<string, Urn[]> = {};
  const values: PropertyMap = {};
  for (const [key, value] of Object.entries(defined(outputs))) {
    const found = new Set(shared);
    values[key] = flattenOutputValues(value, found);
    some(values[key], (item) => {
      if (isResourceReference(item)) found.add(String(item.urn));
      return false;
    });
    dependencies[key] = [...found];
  }
  return { outputs: values, dependencies };
}

/**
 * The arguments as the provider's class gets them: a property that is secret, or depends on resources without saying where
 * inside, is one output value.
 */
export function constructArguments({ inputs, propertyDependencies }: Goal): PropertyMap {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => {
      const dependencies = propertyDependencies[key] ?? [];
      const isPlain = dependencies.length === 0 || some(value, isOutputValue) || isResourceReference(value);
      if (!isSecret(value) && isPlain) return [key, value];
      return [key, outputValue(unwrapSecret(value), dependencies, isSecret(value))];
    }),
  );
}

/** A copy without the entries that are absent. */
export function defined(map: Readonly<Record<string, Derivable>>): PropertyMap {
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, PropertyValue] => entry[1] !== undefined),
  );
}

export function pick(map: PropertyMap, keys: readonly string[]): PropertyMap {
  return Object.fromEntries(keys.filter((key) => map[key] !== undefined).map((key) => [key, map[key]!]));
}

export function omit(map: PropertyMap, keys: readonly string[]): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

/** The resources that a value refers to, in order; those that nobody registered are left out. */
export function resourcesIn(scope: ExpansionScope, value: Derivable): RecordedResource[] {
  const found: RecordedResource[] = [];
  if (value === undefined) return found;
  some(flattenOutputValues(value), (item) => {
    const resource = isResourceReference(item) ? scope.resource(String(item.urn)) : undefined;
    if (resource !== undefined) found.push(resource);
    return false;
  });
  return found;
}

/** One output of an invoke whose arguments come from `value`; unknown while that is. */
export async function lookUp(
  scope: ExpansionScope,
  token: string,
  value: PropertyValue,
  args: (known: PropertyValue) => PropertyMap,
  output: string,
): Promise<PropertyValue> {
  const dependencies = new Set<Urn>();
  const flat = flattenOutputValues(value, dependencies);
  const isHidden = containsSecret(flat);
  const known = withoutSecrets(flat);
  const result = isOpen(known) ? {} : await scope.invoke(token, args(known));
  return outputValue(result[output] ?? unknownValue, [...dependencies], isHidden);
}
