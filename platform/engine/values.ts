import type { PropertyMap, PropertyValue, Urn } from "./types";

/**
 * The marker values of Pulumi's wire format and the functions that make and recognise them. The signatures are fixed by the
 * protocol: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts
 */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const signatureKey = "4dabf18193072939515e22adb298388d";
export const signatures = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  resource: "5cf8f73096256a8f31e491e813e4eb8e",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
} as const;

type Kind = keyof typeof signatures;
type PropertyObject = { [key: string]: PropertyValue };

/** True for a plain object, markers included; false for lists and scalars. */
export function isObject(value: PropertyValue | undefined): value is PropertyObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasSignature(value: PropertyValue | undefined, kind: Kind): value is PropertyObject {
  return isObject(value) && value[signatureKey] === signatures[kind];
}

export const isUnknown = (value: PropertyValue | undefined): boolean => value === unknownValue;
export const isSecret = (value: PropertyValue | undefined): value is PropertyObject => hasSignature(value, "secret");
export const isAsset = (value: PropertyValue | undefined): value is PropertyObject => hasSignature(value, "asset");
export const isArchive = (value: PropertyValue | undefined): value is PropertyObject => hasSignature(value, "archive");
export const isResourceReference = (value: PropertyValue | undefined): value is PropertyObject =>
  hasSignature(value, "resource");
export const isOutputValue = (value: PropertyValue | undefined): value is PropertyObject =>
  hasSignature(value, "output");

/** True for a secret whose value is not at hand: a ciphertext of a state file. */
export const isHiddenSecret = (value: PropertyValue | undefined): boolean =>
  isSecret(value) && (value.value === undefined || isUnknown(value.value) || value.value === "[secret]");

/** Marks a value as secret; a value that already is stays as it is. */
export function secret(value: PropertyValue): PropertyValue {
  return isSecret(value) ? value : { [signatureKey]: signatures.secret, value };
}

/** The value inside a secret, or the value itself. */
export function unwrapSecret(value: PropertyValue): PropertyValue {
  return isSecret(value) ? (value.value ?? null) : value;
}

/** A reference to a resource, as an output of a component carries it. An absent `id` means that it is not known yet. */
export function resourceReference(urn: Urn, id?: string): PropertyValue {
  return { [signatureKey]: signatures.resource, urn, id: id ?? "" };
}

/** A value that knows what it depends on. */
export function outputValue(value: PropertyValue, dependencies: readonly Urn[], isHidden = false): PropertyValue {
  const marked: PropertyObject = { [signatureKey]: signatures.output, dependencies: [...dependencies] };
  if (!isUnknown(value)) marked.value = value;
  if (isHidden) marked.secret = true;
  return marked;
}

/**
 * A copy in which each reference to a resource is the resource's id, or the URN of a component, as providers get it that do not
 * take references: those of AWS, and most others.
 */
export function referencesAsIds(value: PropertyValue): PropertyValue {
  if (isResourceReference(value)) {
    if (!("id" in value)) return value.urn ?? unknownValue;
    return value.id === "" || value.id === null ? unknownValue : value.id!;
  }
  if (Array.isArray(value)) return value.map(referencesAsIds);
  return isObject(value) ? mapValues(value, referencesAsIds) : value;
}

/** True when the value is unknown or holds an unknown anywhere inside. */
export function containsUnknown(value: PropertyValue): boolean {
  return some(value, isUnknown);
}

/** True when the value is secret or holds a secret anywhere inside. */
export function containsSecret(value: PropertyValue): boolean {
  return some(value, isSecret);
}

/** True when `test` holds for the value or for anything inside it. */
export function some(value: PropertyValue, test: (value: PropertyValue) => boolean): boolean {
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((item) => some(item, test));
  return isObject(value) && Object.values(value).some((item) => some(item, test));
}

/** A copy without any secret marker; the secrets' values stay in place. */
export function withoutSecrets(value: PropertyValue): PropertyValue {
  if (isSecret(value)) return withoutSecrets(unwrapSecret(value));
  if (Array.isArray(value)) return value.map(withoutSecrets);
  return isObject(value) ? mapValues(value, withoutSecrets) : value;
}

/** A copy in which every secret is the text `[secret]`, fit to be shown or stored. */
export function blindSecrets(value: PropertyValue): PropertyValue {
  if (isSecret(value)) return "[secret]";
  if (Array.isArray(value)) return value.map(blindSecrets);
  return isObject(value) ? mapValues(value, blindSecrets) : value;
}

/**
 * Output values (what a remote component and a method call receive) as plain, secret or unknown values, with the URNs they
 * depend on added to `dependencies`.
 */
export function flattenOutputValues(value: PropertyValue, dependencies: Set<Urn> = new Set()): PropertyValue {
  if (isOutputValue(value)) {
    if (Array.isArray(value.dependencies)) {
      for (const urn of value.dependencies) if (typeof urn === "string") dependencies.add(urn);
    }
    const inner = value.value === undefined ? unknownValue : flattenOutputValues(value.value, dependencies);
    return value.secret === true ? secret(inner) : inner;
  }
  if (Array.isArray(value)) return value.map((item) => flattenOutputValues(item, dependencies));
  return isObject(value) ? mapValues(value, (item) => flattenOutputValues(item, dependencies)) : value;
}

export function mapValues(map: PropertyMap, change: (value: PropertyValue) => PropertyValue): PropertyMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

/** Changes every text inside a value. */
export function mapTexts(value: PropertyValue, change: (text: string) => PropertyValue): PropertyValue {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  return isObject(value) ? mapValues(value, (item) => mapTexts(item, change)) : value;
}
