import { InputError } from "../../contracts/input-error";
import type { Evaluation, PropertyMap, PropertyValue, RecordedResource } from "../engine/types";
import { isObject, isUnknown, unwrapSecret } from "../engine/values";

/** A property value with secrets taken off; undefined for what is absent, null or unknown. */
export function known(value: PropertyValue | undefined): PropertyValue | undefined {
  const plain = value === undefined ? undefined : unwrapSecret(value);
  return plain === undefined || plain === null || isUnknown(plain) ? undefined : plain;
}

/** A number, which the provider spells as text in some places; undefined where it is not known. */
export function numberOf(value: PropertyValue | undefined): number | undefined {
  const plain = known(value);
  const number = typeof plain === "string" && plain.trim() !== "" ? Number(plain) : plain;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** A text; undefined where it is not known. */
export function textOf(value: PropertyValue | undefined): string | undefined {
  const plain = known(value);
  return typeof plain === "string" ? plain : undefined;
}

/** An object; undefined where it is not one. The provider allows a list of one in its place. */
export function objectOf(value: PropertyValue | undefined): PropertyMap | undefined {
  const plain = known(value);
  const one = Array.isArray(plain) ? known(plain[0]) : plain;
  return isObject(one) ? one : undefined;
}

/** A list of objects; empty where there is none. */
export function objectsOf(value: PropertyValue | undefined): PropertyMap[] {
  const plain = known(value);
  return (Array.isArray(plain) ? plain : []).map((item) => objectOf(item)).filter((item) => item !== undefined);
}

/** Finds the resources that a property of another one points to, by dependency where the value itself is not known yet. */
export class ResourceIndex {
  readonly #byUrn: ReadonlyMap<string, RecordedResource>;

  constructor(readonly evaluation: Evaluation) {
    this.#byUrn = new Map(evaluation.resources.map((resource) => [resource.urn, resource]));
  }

  ofType(type: string): RecordedResource[] {
    return this.evaluation.resources.filter((resource) => resource.type === type && !resource.external);
  }

  /** Resources of a type that a property depends on. */
  targets(resource: RecordedResource, property: string, type: string): RecordedResource[] {
    return (resource.propertyDependencies[property] ?? [])
      .map((urn) => this.#byUrn.get(urn))
      .filter((target): target is RecordedResource => target?.type === type);
  }

  /**
   * The one resource that a property points to.
   * @throws InputError where the property points nowhere in the stack.
   */
  target(resource: RecordedResource, property: string, type: string): RecordedResource {
    const [byDependency] = this.targets(resource, property, type);
    if (byDependency !== undefined) return byDependency;
    const name = textOf(resource.inputs[property]);
    const byName = this.ofType(type).find(({ inputs }) => name !== undefined && textOf(inputs.name) === name);
    if (byName !== undefined) return byName;
    throw new InputError({
      path: `${resource.name}.${property}`,
      given: name ?? "an unknown value",
      allowed: `the name of a ${type} of this stack`,
      where: resource.sourcePosition ?? resource.urn,
    });
  }
}
