import type { z } from "zod";
import { InputError } from "./input-error";

/**
 * What is wrong inside a value that may take one of several forms: the problem of the form that it comes closest to, where one lies deeper
 * than the value itself.
 */
export function closestIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const inside = issue.errors.flatMap(([first]) => (first === undefined ? [] : [closestIssue(first)]));
  const unknown = (each: z.core.$ZodIssue) => each.code === "unrecognized_keys";
  const deepest = inside
    .filter((each) => each.path.length > 0 || unknown(each))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return deepest === undefined ? issue : { ...deepest, path: [...issue.path, ...deepest.path] };
}

/**
 * The error of a file whose data is not as its schema says: the property, what stands there, what is allowed.
 * @param root Name of the whole, such as `manifest`.
 * @param where The file.
 */
export function wrongProperty(root: string, value: unknown, found: z.core.$ZodIssue, where: string): InputError {
  const issue = closestIssue(found);
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...unknown];
  const given = path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
  const allowed = unknown.length > 0 ? "no property of that name" : issue.message;
  return new InputError({ path: [root, ...path].filter((part) => part !== "").join("."), given, allowed, where });
}
