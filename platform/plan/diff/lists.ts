import type { PropertyValue } from "../../engine/types";
import { isObject } from "../../engine/values";
import type { Difference } from "../model";
import { canonical } from "../values";

type Entry = readonly [index: number, difference: Difference];
type Compare = (old: PropertyValue, next: PropertyValue, at: number) => Difference | undefined;
type Pair = readonly [old: number | undefined, next: number | undefined];

/** The difference of two lists, item by item; where order means nothing, items are paired by what they are. */
export function diffLists(
  old: readonly PropertyValue[],
  next: readonly PropertyValue[],
  isUnordered: boolean,
  compare: Compare,
): Difference | undefined {
  const pairs = isUnordered ? pairByContent(old, next, compare) : pairByIndex(old, next);
  const entries = pairs.flatMap(([from, to]): Entry[] => {
    if (from === undefined) return [[to!, { kind: "add", new: next[to!]! }]];
    if (to === undefined) return [[from, { kind: "delete", old: old[from]! }]];
    const difference = compare(old[from]!, next[to]!, to);
    return difference === undefined ? [] : [[to, difference]];
  });
  return entries.length === 0 ? undefined : { kind: "array", entries };
}

function pairByIndex(old: readonly PropertyValue[], next: readonly PropertyValue[]): Pair[] {
  return Array.from({ length: Math.max(old.length, next.length) }, (_, at) => [
    at < old.length ? at : undefined,
    at < next.length ? at : undefined,
  ]);
}

/** Equal items first, then items of the same name, then the rest in the order they stand. */
function pairByContent(old: readonly PropertyValue[], next: readonly PropertyValue[], compare: Compare): Pair[] {
  const pairs: Pair[] = [];
  let [left, right] = [[...old.keys()], [...next.keys()]];
  const take = (matches: (from: number, to: number) => boolean): void => {
    left = left.filter((from) => {
      const at = right.findIndex((to) => matches(from, to));
      if (at < 0) return true;
      pairs.push([from, right[at]]);
      right.splice(at, 1);
      return false;
    });
  };
  const [leftTexts, rightTexts] = [old.map(canonical), next.map(canonical)];
  take((from, to) => leftTexts[from] === rightTexts[to]);
  take((from, to) => compare(old[from]!, next[to]!, to) === undefined);
  take((from, to) => identity(old[from]!) !== undefined && identity(old[from]!) === identity(next[to]!));
  const rest = pairByIndex(left, right).map(
    ([from, to]): Pair => [from === undefined ? undefined : left[from], to === undefined ? undefined : right[to]],
  );
  return [...pairs, ...rest].sort(([a, b], [c, d]) => (b ?? a!) - (d ?? c!));
}

const identifyingKeys = ["name", "Sid", "key", "id", "containerName", "containerPort", "capacityProvider"];

/** What names an item among its like; two items of one list never share it. */
function identity(item: PropertyValue): string | undefined {
  if (!isObject(item)) return undefined;
  const key = identifyingKeys.find((name) => typeof item[name] === "string" || typeof item[name] === "number");
  return key === undefined ? undefined : `${key}=${item[key]}`;
}
