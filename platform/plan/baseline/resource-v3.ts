import type { PropertyMap, PropertyValue } from "../../engine/types";
import { parseUrn } from "../../engine/urn";
import { isObject, isSecret, mapValues } from "../../engine/values";
import type { ResourceState } from "../model";
import { decodeNumber } from "../numbers";
import { baselineError, isJsonObject, type Json, type JsonObject, strings, text } from "./json";

const known = new Set([
  "urn",
  "custom",
  "id",
  "type",
  "inputs",
  "outputs",
  "parent",
  "protect",
  "external",
  "dependencies",
  "provider",
  "propertyDependencies",
  "additionalSecretOutputs",
  "aliases",
  "customTimeouts",
  "importID",
  "retainOnDelete",
  "deletedWith",
  "replaceWith",
  "sourcePosition",
  "ignoreChanges",
  "hideDiff",
  "replaceOnChanges",
  "replacementTrigger",
]);

/** Reads one resource of a state file; keys that are not known here are carried along. */
export function stateOfResourceV3(value: Json, file: string): ResourceState {
  if (!isJsonObject(value)) throw baselineError(file, value);
  const urn = text(value.urn);
  const type = text(value.type);
  if (urn === undefined || type === undefined || !urn.startsWith("urn:pulumi:")) {
    throw baselineError(file, { urn: value.urn, type: value.type });
  }
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !known.has(key)));
  return {
    urn,
    type,
    name: parseUrn(urn).name,
    custom: value.custom === true,
    external: value.external === true,
    id: text(value.id),
    parent: text(value.parent) || undefined,
    provider: text(value.provider) || undefined,
    inputs: propertyMap(value.inputs),
    outputs: propertyMap(value.outputs),
    dependencies: strings(value.dependencies),
    propertyDependencies: dependencies(value.propertyDependencies),
    protect: value.protect === true,
    retainOnDelete: value.retainOnDelete === true,
    aliases: strings(value.aliases),
    importId: text(value.importID),
    deletedWith: text(value.deletedWith),
    sourcePosition: text(value.sourcePosition),
    replacementTrigger: value.replacementTrigger as PropertyValue | undefined,
    ...lists(value),
    ...(isJsonObject(value.customTimeouts) ? { customTimeouts: value.customTimeouts as Record<string, string> } : {}),
    ...(Object.keys(rest).length === 0 ? {} : { rest }),
  };
}

function lists(value: JsonObject): Partial<ResourceState> {
  const keys = ["additionalSecretOutputs", "replaceWith", "ignoreChanges", "hideDiff", "replaceOnChanges"] as const;
  return Object.fromEntries(keys.filter((key) => key in value).map((key) => [key, strings(value[key])]));
}

function dependencies(value: Json | undefined): Record<string, string[]> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, urns]) => [key, strings(urns)]));
}

const propertyMap = (value: Json | undefined): PropertyMap =>
  isJsonObject(value) ? (withPlaintext(value) as PropertyMap) : {};

/** State files keep a secret as a ciphertext, or with `--show-secrets` as the JSON text of its value; see `encodeNumbers` for numbers. */
function withPlaintext(value: PropertyValue): PropertyValue {
  if (isSecret(value)) {
    if (typeof value.plaintext !== "string") return value;
    const { plaintext, ...marker } = value;
    return { ...marker, value: parsed(plaintext) };
  }
  if (Array.isArray(value)) return value.map(withPlaintext);
  if (!isObject(value)) return value;
  return decodeNumber(value) ?? mapValues(value, withPlaintext);
}

function parsed(plaintext: string): PropertyValue {
  try {
    return JSON.parse(plaintext) as PropertyValue;
  } catch {
    return plaintext;
  }
}
