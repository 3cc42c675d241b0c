import { createHash } from "node:crypto";
import { type ReplacementRule, replacementRule } from "../../../catalog/replacement";
import type { DeclaredOutput } from "../../engine/declared-outputs";
import type { PropertyMap, PropertyValue } from "../../engine/types";
import { isArchive, isAsset, isObject, isSecret, unknownValue, unwrapSecret } from "../../engine/values";
import { contains, formatPath, type Path, parsePath } from "../../plan/paths";

/** Outputs that only a cloud would know, recognisable by their names; `name` is what tells the resource from others. */
export function placeholders(
  type: string,
  name: string,
  outputs: readonly DeclaredOutput[],
  inputs: PropertyMap,
): PropertyMap {
  const known = outputs.map((output): [string, PropertyValue | undefined] => [
    output.name,
    placeholder(output, type, name),
  ]);
  const made = Object.fromEntries(known.filter((entry): entry is [string, PropertyValue] => entry[1] !== undefined));
  if (type !== "random:index/randomId:RandomId") return made;
  const digits = createHash("sha256").update(name).digest("hex");
  return { ...made, hex: digits.slice(0, 2 * Number(inputs.byteLength ?? 4)) };
}

function placeholder({ name, type: declared }: DeclaredOutput, type: string, of: string): PropertyValue | undefined {
  if (declared === "string") {
    return name === "arn"
      ? `arn:aws:stand-in:us-east-1:123456789012:${type.split(":").at(-1)}/${of}`
      : `${name}-of-${of}`;
  }
  if (declared === "boolean") return false;
  if (declared === "number") return 1;
  return declared.endsWith("[]") ? [] : undefined;
}

/** Outputs that an update in place changes: unknown in a preview, another value after it. */
export function changedOutputs(type: string, olds: PropertyMap, preview: boolean): PropertyMap {
  const names = Object.keys(replacementRule(type)?.changedByUpdate ?? {});
  const next = (value: PropertyValue | undefined): PropertyValue =>
    typeof value === "number" ? value + 1 : `${String(value)}'`;
  return Object.fromEntries(names.map((name) => [name, preview ? unknownValue : next(olds[name])]));
}

export type StandInKind = "ADD" | "ADD_REPLACE" | "DELETE" | "DELETE_REPLACE" | "UPDATE" | "UPDATE_REPLACE";

export interface StandInDiff {
  readonly diffs: string[];
  readonly replaces: string[];
  readonly detailed: Record<string, StandInKind>;
  readonly deleteBeforeReplace: boolean;
}

/** What a provider says of two sets of inputs; which properties replace is what `catalog/replacement` says. */
export function standInDiff(type: string, old: PropertyMap, next: PropertyMap): StandInDiff {
  const rule: Partial<ReplacementRule> = type.startsWith("pulumi:providers:")
    ? { replaces: ["region"] }
    : (replacementRule(type) ?? {});
  const changes = changesOf(old, next, [], rule.unordered?.map(parsePath) ?? []).map((change) => ({
    ...change,
    replaces: forces(rule, old, next, change.path),
  }));
  const detailed = changes.map(({ path, kind, replaces }): [string, StandInKind] => [
    formatPath(path),
    replaces ? `${kind}_REPLACE` : kind,
  ]);
  const names = (list: readonly Change[]): string[] => [...new Set(list.map(({ path }) => String(path[0])))];
  const replaces = names(changes.filter((change) => change.replaces));
  const ownName = rule.autoName !== undefined && rule.autoName in next;
  return {
    diffs: names(changes),
    replaces,
    detailed: Object.fromEntries(detailed),
    deleteBeforeReplace: replaces.length > 0 && (rule.deleteBeforeReplace === true || ownName),
  };
}

interface Change {
  readonly path: Path;
  readonly kind: "ADD" | "DELETE" | "UPDATE";
}

function changesOf(
  old: PropertyValue | undefined,
  next: PropertyValue | undefined,
  path: Path,
  unordered: readonly Path[],
): Change[] {
  if (old !== undefined && next !== undefined && (isSecret(old) || isSecret(next))) {
    return changesOf(unwrapSecret(old), unwrapSecret(next), path, unordered);
  }
  if (JSON.stringify(old) === JSON.stringify(next)) return [];
  const lists = Array.isArray(old) && Array.isArray(next);
  const isSet = unordered.some((pattern) => pattern.length === path.length && contains(pattern, path));
  if (lists && isSet && asSet(old) === asSet(next)) return [];
  if (!lists && !(isPlain(old) && isPlain(next))) {
    return [{ path, kind: old === undefined ? "ADD" : next === undefined ? "DELETE" : "UPDATE" }];
  }
  const [from, to] = [old as PropertyMap, next as PropertyMap];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((key) => !key.startsWith("__"));
  return keys.flatMap((key) => changesOf(from[key], to[key], [...path, lists ? Number(key) : key], unordered));
}

const asSet = (items: readonly PropertyValue[]): string =>
  JSON.stringify(items.map((item) => JSON.stringify(item)).sort());

/** An object that is no marker of an asset or archive: those are one value to a provider. */
const isPlain = (value: PropertyValue | undefined): boolean => isObject(value) && !isAsset(value) && !isArchive(value);

function forces(rule: Partial<ReplacementRule>, old: PropertyMap, next: PropertyMap, path: Path): boolean {
  const conditional = (rule.conditions ?? []).filter(({ when }) => when(old, next) === true).map((entry) => entry.path);
  const ifSet = String(path[0]) in next ? (rule.replacesWhenSet ?? []) : [];
  return [...(rule.replaces ?? []), ...ifSet, ...conditional].some((entry) => contains(parsePath(entry), path));
}
