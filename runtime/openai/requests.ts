import type { z } from "zod";
import { RequestError } from "./errors";

/** Levels of a body: tools and response formats are nested, but what is nested without end breaks whoever writes it out again. */
const deepest = 64;

function deeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => deeperThan(levels - 1, inner));
}

/**
 * Reads a JSON body by a schema. Keys that are null are left out, as if they had not been sent.
 * @throws RequestError with the parameter's name, as OpenAI words it
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestError(400, "We could not parse the JSON body of your request.");
  }
  if (deeperThan(deepest, value)) {
    throw new RequestError(400, `The body is nested deeper than ${deepest} levels.`, null, "invalid_value");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw badParameter(parsed.error.issues[0]!, value);
  return Object.fromEntries(
    Object.entries(parsed.data as object).filter(([, entry]) => entry !== null),
  ) as z.output<Schema>;
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], body);
}

function badParameter(issue: z.core.$ZodIssue, body: unknown): RequestError {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = [path, issue.keys[0]].filter((part) => part !== "").join(".");
    return new RequestError(400, `Unrecognized request argument supplied: ${key}`, key, "unknown_parameter");
  }
  return valueAt(body, issue.path) === undefined
    ? new RequestError(400, `Missing required parameter: '${path}'.`, path, "missing_required_parameter")
    : new RequestError(
        400,
        `Invalid value for ${path === "" ? "the body" : `'${path}'`}: ${issue.message}.`,
        path || null,
        "invalid_value",
      );
}
