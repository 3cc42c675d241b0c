import type { PropertyMap, PropertyValue } from "../../engine/types";
import { isArchive, isAsset, isObject, isResourceReference, isSecret } from "../../engine/values";
import type { Difference } from "../model";
import type { Path } from "../paths";
import { canonical, decodeJson, isInternalKey } from "../values";
import { normalizeDocument } from "./documents";
import { diffLists } from "./lists";

/** What a comparison may know about the values it compares. */
export interface CompareRules {
  /** True when the order of the list at this path means nothing. */
  readonly isUnordered?: (path: Path) => boolean;
  /** Decides a pair before its structure is looked at: `same`, `different`, or undefined for "look inside". */
  readonly decide?: (path: Path, old: PropertyValue, next: PropertyValue) => "same" | "different" | undefined;
}

/** The differences of two property maps by key; Pulumi's own book-keeping keys are left out. */
export function diffMaps(
  old: PropertyMap,
  next: PropertyMap,
  rules: CompareRules = {},
  path: Path = [],
): Map<string, Difference> {
  const entries = new Map<string, Difference>();
  for (const key of [...new Set([...Object.keys(old), ...Object.keys(next)])].sort()) {
    if (isInternalKey(key)) continue;
    const difference = diffOptional(old[key], next[key], rules, [...path, key]);
    if (difference !== undefined) entries.set(key, difference);
  }
  return entries;
}

/** Absent and null are the same: the wire has no undefined. */
function diffOptional(
  old: PropertyValue | undefined,
  next: PropertyValue | undefined,
  rules: CompareRules,
  path: Path,
): Difference | undefined {
  const [before, after] = [old ?? null, next ?? null];
  if (before === null && after === null) return undefined;
  if (rules.decide?.(path, before, after) === "same") return undefined;
  if (before === null) return { kind: "add", new: after };
  if (after === null) return { kind: "delete", old: before };
  return diffValues(before, after, rules, path);
}

/** The difference of two values; undefined when they are the same. */
export function diffValues(
  old: PropertyValue,
  next: PropertyValue,
  rules: CompareRules = {},
  path: Path = [],
): Difference | undefined {
  const decision = rules.decide?.(path, old, next);
  if (decision === "same") return undefined;
  const update: Difference = { kind: "update", old, new: next };
  if (decision === "different") return update;
  if (isSecret(old) && isSecret(next)) {
    return diffValues(old.value ?? null, next.value ?? null, rules, path) && update;
  }
  if (isOpaque(old) || isOpaque(next)) return sameOpaque(old, next) ? undefined : update;
  if (Array.isArray(old) && Array.isArray(next)) {
    const compare = (from: PropertyValue, to: PropertyValue, at: number) => diffValues(from, to, rules, [...path, at]);
    return diffLists(old, next, rules.isUnordered?.(path) ?? false, compare);
  }
  if (isObject(old) && isObject(next)) {
    const entries = diffMaps(old, next, rules, path);
    return entries.size === 0 ? undefined : { kind: "object", entries };
  }
  if (Object.is(old, next) || old === next) return undefined;
  if (typeof old === "string" && typeof next === "string") return diffTexts(old, next, rules, path);
  return update;
}

const isOpaque = (value: PropertyValue): boolean =>
  isSecret(value) || isAsset(value) || isArchive(value) || isResourceReference(value);

function sameOpaque(old: PropertyValue, next: PropertyValue): boolean {
  if (isResourceReference(old) && isResourceReference(next)) return old.urn === next.urn;
  const comparable = (isAsset(old) && isAsset(next)) || (isArchive(old) && isArchive(next));
  if (comparable && typeof old.hash === "string" && typeof next.hash === "string") return old.hash === next.hash;
  return canonical(old) === canonical(next);
}

/** Texts that both hold JSON are compared by what they hold, documents that AWS rewrites by what they mean. */
function diffTexts(old: string, next: string, rules: CompareRules, path: Path): Difference | undefined {
  const update: Difference = { kind: "update", old, new: next };
  const [before, after] = [decodeJson(old), decodeJson(next)];
  if (before === undefined || after === undefined) return update;
  const inner = diffValues(normalizeDocument(path, before), normalizeDocument(path, after), rules, path);
  return inner === undefined ? undefined : { kind: "json", inner };
}
