import type { Inputs } from "./rule";

const provider = "https://github.com/hashicorp/terraform-provider-aws/blob/v6.58.0/internal/service/";

/** A file of the provider at the version that the generated table was read from. */
export const at = (file: string): string => provider + file;

/** Text of a plain value; empty for what is absent or an output. */
export const text = (inputs: Inputs, key: string): string => {
  const value = inputs[key];
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
};

export const isSet = (inputs: Inputs, key: string): boolean => (inputs[key] ?? null) !== null && inputs[key] !== "";

export const isTrue = (inputs: Inputs, key: string): boolean => text(inputs, key) === "true";

/** Items of a list; an output counts as one item. */
export function items(inputs: Inputs, key: string): readonly unknown[] {
  const value = inputs[key] ?? null;
  if (value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** True when every item of `part` is in `whole`, whatever their order. */
export function containsAll(whole: readonly unknown[], part: readonly unknown[]): boolean {
  const left = new Set(whole.map((item) => JSON.stringify(item)));
  return part.every((item) => left.has(JSON.stringify(item)));
}

/** Numbers of a version: `7.0.5` is 7, 0, 5; undefined when one is no number. */
export function versionNumbers(version: string): readonly number[] | undefined {
  const numbers = version.split(".").map(Number);
  return version === "" || numbers.some(Number.isNaN) ? undefined : numbers;
}

/** Negative when the first version is lower, as far as both say; 0 when they agree there, undefined when one is not a version. */
export function compareVersions(first: string, second: string): number | undefined {
  const [a, b] = [versionNumbers(first), versionNumbers(second)];
  if (a === undefined || b === undefined) return undefined;
  const shared = Math.min(a.length, b.length);
  const at = Array.from({ length: shared }, (_, index) => a[index]! - b[index]!);
  return at.find((difference) => difference !== 0) ?? 0;
}
