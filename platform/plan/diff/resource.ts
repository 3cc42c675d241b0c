import { type ReplacementRule, replacementRule } from "../../../catalog/replacement";
import type { PropertyMap, PropertyValue, Urn } from "../../engine/types";
import {
  containsUnknown,
  isHiddenSecret,
  isObject,
  isSecret,
  isUnknown,
  unknownValue,
  withoutSecrets,
} from "../../engine/values";
import type { Difference, DiffKind, PropertyDiff, ResourceState } from "../model";
import { contains, formatPath, type Path, parsePath, touches } from "../paths";
import { type Reading, readNew, readOld, referencedHashes } from "../references";
import { canonical, withoutDefaults } from "../values";
import { matchesAroundUnknown } from "./around-unknown";
import { decideUnknowns, type Surroundings } from "./unknowns";
import { diffMaps } from "./values";

/** How one resource's inputs differ, and what that does to it. */
export interface ResourceDifference {
  readonly differences: ReadonlyMap<string, Difference>;
  readonly diffReasons: readonly string[];
  /** Top-level properties, or `provider`, that force a replacement. */
  readonly replaceReasons: readonly string[];
  readonly detailedDiff: Readonly<Record<string, PropertyDiff>>;
  /** Changed properties of which it is not known whether they replace; every one for a type that nothing is known of. */
  readonly mayReplace: readonly string[];
  /** Why the provider or the cloud will refuse the change. */
  readonly refusals: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly ignored: readonly string[];
  readonly notCompared: readonly string[];
  readonly knownAfterApply: readonly string[];
}

/** Inputs that a provider adds to what the program says: they are in state files and never in a program. */
const addedByProvider = ["tagsAll", "region"];

/** Compares what the program declares with what the baseline holds; both sides are the same resource. */
export function diffResource(
  old: ResourceState,
  next: ResourceState,
  around: Surroundings,
  reading: Reading,
): ResourceDifference {
  const rule = replacementRule(next.type);
  const notCompared = new Set<string>();
  const decide = decideUnknowns(old, next, around);
  const unordered = (rule?.unordered ?? []).map(parsePath);
  const oldInputs = readOld(old.inputs, reading);
  const kept = keepIgnored(oldInputs, readNew(next.inputs, reading), next.ignoreChanges ?? []);
  const before = withoutAdded(withoutDefaults(oldInputs, kept.inputs), kept.inputs);
  const differences = diffMaps(before, kept.inputs, {
    isUnordered: (path) => unordered.some((pattern) => pattern.length === path.length && contains(pattern, path)),
    decide: (path, was, is) => {
      if (isHidden(was) || isHidden(is)) {
        if (was === null || is === null) return undefined;
        if (isHidden(was) !== isHidden(is) && !isSecret(was) && !isSecret(is)) return undefined;
        notCompared.add(formatPath(path));
        return "same";
      }
      if (typeof was === "string" && typeof is === "string" && matchesAroundUnknown(was, is, reading)) {
        notCompared.add(formatPath(path));
        return "same";
      }
      if (isUnknown(was) && !isUnknown(is) && referencedHashes(is).size > 0) {
        const decided = decide(path, was, unknownValue);
        if (decided !== "different") notCompared.add(formatPath(path));
        return decided ?? "same";
      }
      return decide(path, was, is);
    },
  });
  const paths = [...differences].flatMap(([key, difference]) => leaves(difference, [key]));
  const change = { old: oldInputs, next: kept.inputs };
  const forces = forcing(rule, next, paths, change);
  const keys = [...differences.keys()];
  return {
    differences,
    diffReasons: keys,
    replaceReasons: [...new Set(forces.map((path) => String(path[0])))].sort(),
    detailedDiff: detail(paths, forces),
    mayReplace: next.custom ? notKnown(rule, paths, change) : [],
    refusals:
      keys.length === 0 ? [] : (rule?.refusals ?? []).flatMap(({ reason }) => reason(change.old, change.next) ?? []),
    deleteBeforeReplace: deletesFirst(rule, next),
    ignored: kept.ignored,
    notCompared: [...notCompared],
    knownAfterApply: keys.filter((key) => isKnownAfterApply(kept.inputs[key] ?? null, reading)),
  };
}

/** True for a value with an unknown in it, or an output of something that is yet to be made. */
function isKnownAfterApply(value: PropertyValue, reading: Reading): boolean {
  return containsUnknown(value) || [...referencedHashes(value)].some(reading.isNew);
}

/** A secret whose value is not at hand: a ciphertext of a state file, or one that a digest has blinded. */
function isHidden(value: PropertyValue): boolean {
  return value === "[secret]" || isHiddenSecret(value);
}

/** The resource's own wish wins, then the type's rule, then a name that the old and the new one cannot share. */
function deletesFirst(rule: ReplacementRule | undefined, next: ResourceState): boolean {
  if (next.deleteBeforeReplace !== undefined) return next.deleteBeforeReplace;
  if (rule?.deleteBeforeReplace === true) return true;
  return rule?.autoName !== undefined && (next.inputs[rule.autoName] ?? null) !== null;
}

function withoutAdded(old: PropertyMap, next: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(old).filter(([key]) => !(addedByProvider.includes(key) && (next[key] ?? null) === null)),
  );
}

/** Puts the old value back wherever the program asks to ignore changes, as the engine does before it diffs. */
function keepIgnored(
  old: PropertyMap,
  next: PropertyMap,
  ignoreChanges: readonly string[],
): { readonly inputs: PropertyMap; readonly ignored: readonly string[] } {
  let inputs: PropertyValue = next;
  const ignored: string[] = [];
  for (const text of ignoreChanges) {
    const path = text === "*" ? [] : parsePath(text);
    const changed: PropertyValue = path.length === 0 ? old : withValueAt(inputs, path, old);
    if (canonical(withoutSecrets(changed)) !== canonical(withoutSecrets(inputs))) ignored.push(text);
    inputs = changed;
  }
  return { inputs: isObject(inputs) ? inputs : next, ignored };
}

/** `target` with the value that `source` has at the path; absent there means absent here. */
function withValueAt(target: PropertyValue, path: Path, source: PropertyValue | undefined): PropertyValue {
  const [head, ...rest] = path;
  if (head === undefined) return source ?? null;
  if (head === "*") return withEvery(target, rest, source);
  if (Array.isArray(target) && typeof head === "number") {
    const from = Array.isArray(source) ? source[head] : undefined;
    return target.map((item, at) => (at === head ? withValueAt(item, rest, from) : item));
  }
  if (!isObject(target)) return target;
  const from = isObject(source) ? source[String(head)] : undefined;
  const { [String(head)]: own, ...others } = target;
  if (rest.length === 0) return from === undefined ? others : { ...others, [String(head)]: from };
  return own === undefined ? target : { ...target, [String(head)]: withValueAt(own, rest, from) };
}

function withEvery(target: PropertyValue, rest: Path, source: PropertyValue | undefined): PropertyValue {
  if (Array.isArray(target)) {
    return target.map((item, at) => withValueAt(item, rest, Array.isArray(source) ? source[at] : undefined));
  }
  if (!isObject(target)) return target;
  return Object.fromEntries(
    Object.entries(target).map(([key, item]) => [
      key,
      withValueAt(item, rest, isObject(source) ? source[key] : undefined),
    ]),
  );
}

interface Leaf {
  readonly path: Path;
  readonly kind: "add" | "delete" | "update";
}

/** Every changed place; what is inside a JSON text counts as a change of the text. */
function leaves(difference: Difference, path: Path): Leaf[] {
  switch (difference.kind) {
    case "object":
      return [...difference.entries].flatMap(([key, entry]) => leaves(entry, [...path, key]));
    case "array":
      return difference.entries.flatMap(([index, entry]) => leaves(entry, [...path, index]));
    case "json":
      return [{ path, kind: "update" }];
    default:
      return [{ path, kind: difference.kind }];
  }
}

/** The inputs on both sides, outputs in them as references. */
interface Change {
  readonly old: PropertyMap;
  readonly next: PropertyMap;
}

/** The changed places that force a replacement, by the type's rule and by the program's `replaceOnChanges`. */
function forcing(
  rule: ReplacementRule | undefined,
  next: ResourceState,
  changed: readonly Leaf[],
  change: Change,
): Path[] {
  const conditions = (rule?.conditions ?? []).filter(({ when }) => when(change.old, change.next) === true);
  const always = [...(rule?.replaces ?? []), ...conditions.map(({ path }) => path), ...(next.replaceOnChanges ?? [])];
  const whenSet = (rule?.replacesWhenSet ?? []).map(parsePath);
  const patterns = always.map((text) => (text === "*" ? [] : parsePath(text)));
  return changed
    .filter(
      ({ path, kind }) =>
        patterns.some((pattern) => reaches(pattern, path, change)) ||
        (kind !== "delete" && whenSet.some((pattern) => reaches(pattern, path, change))),
    )
    .map(({ path }) => path);
}

/** Top-level properties that changed and may replace: that nothing is known of, or whose condition the inputs do not decide. */
function notKnown(rule: ReplacementRule | undefined, changed: readonly Leaf[], change: Change): string[] {
  const conditions = (rule?.conditions ?? []).filter(({ when }) => when(change.old, change.next) === "not known");
  const texts = rule === undefined ? ["*"] : [...(rule.notKnown ?? []), ...conditions.map(({ path }) => path)];
  const patterns = texts.map((text) => (text === "*" ? [] : parsePath(text)));
  const found = changed.filter(({ path }) => patterns.some((pattern) => reaches(pattern, path, change)));
  return [...new Set(found.map(({ path }) => String(path[0])))];
}

/** True when a pattern names a changed place, something above it, or something inside it that one of the sides has. */
function reaches(pattern: Path, path: Path, { old, next }: Change): boolean {
  if (!touches(pattern, path)) return false;
  if (pattern.length <= path.length) return true;
  const full = [...path, ...pattern.slice(path.length)];
  return hasValueAt(old, full) || hasValueAt(next, full);
}

function hasValueAt(value: PropertyValue | undefined, [head, ...rest]: Path): boolean {
  const plain = value === undefined ? null : withoutSecrets(value);
  if (plain === null) return false;
  if (head === undefined || isUnknown(plain)) return true;
  if (Array.isArray(plain)) {
    return head === "*" ? plain.some((item) => hasValueAt(item, rest)) : hasValueAt(plain[Number(head)], rest);
  }
  if (!isObject(plain)) return true;
  return head === "*"
    ? Object.values(plain).some((item) => hasValueAt(item, rest))
    : hasValueAt(plain[String(head)], rest);
}

function detail(changed: readonly Leaf[], forces: readonly Path[]): Record<string, PropertyDiff> {
  const forcing = new Set(forces);
  return Object.fromEntries(
    changed.map(({ path, kind }): [string, PropertyDiff] => {
      const full: DiffKind = forcing.has(path) ? `${kind}-replace` : kind;
      return [formatPath(path), { kind: full, inputDiff: true }];
    }),
  );
}

/** The URN in a provider reference `<urn>::<id>`. */
export const providerUrn = (reference: string): Urn => reference.slice(0, reference.lastIndexOf("::"));
