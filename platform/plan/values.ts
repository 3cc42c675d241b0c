import type { PropertyMap, PropertyValue } from "../engine/types";
import { isObject } from "../engine/values";

/** Keys of Pulumi's own book-keeping inside property maps, such as `__defaults`. */
export const isInternalKey = (key: string): boolean => key.startsWith("__");

/** The list or object that a text holds as JSON; undefined for any other text. */
export function decodeJson(text: string): PropertyValue | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as PropertyValue) : undefined;
  } catch {
    return undefined;
  }
}

/** A text that is equal for equal values whatever the order of their keys. */
export function canonical(value: PropertyValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(",")}}`;
}

/** A copy without the properties that the provider filled in (`__defaults` lists them) and the program does not set. */
export function withoutDefaults(old: PropertyMap, next: PropertyMap): PropertyMap {
  const filled = Array.isArray(old.__defaults) ? old.__defaults : [];
  const kept = Object.entries(old).filter(
    ([key]) => !isInternalKey(key) && !(filled.includes(key) && (next[key] ?? null) === null),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNestedDefaults(value, next[key])]));
}

function withoutNestedDefaults(old: PropertyValue, next: PropertyValue | undefined): PropertyValue {
  if (Array.isArray(old)) {
    return old.map((item, at) => withoutNestedDefaults(item, Array.isArray(next) ? next[at] : undefined));
  }
  if (!isObject(old) || !("__defaults" in old)) return old;
  return withoutDefaults(old, isObject(next) ? next : {});
}
