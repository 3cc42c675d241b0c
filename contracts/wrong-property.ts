import type { z } from "zod";
import { InputError } from "./input-error";

/**
 * The error of a file whose data is not as its schema says: the property, what stands there, what is allowed.
 * @param root Name of the whole, such as `manifest`.
 * @param where The file.
 */
export function wrongProperty(root: string, value: unknown, issue: z.core.$ZodIssue, where: string): InputError {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...unknown];
  const given = path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
  const allowed = unknown.length > 0 ? "no property of that name" : issue.message;
  return new InputError({ path: [root, ...path].filter((part) => part !== "").join("."), given, allowed, where });
}
