import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { InputError } from "../contracts/input-error";
import { closestIssue } from "../contracts/wrong-property";
import { type PlatformConfig, platformSchema, type SharedConfig, sharedSchema } from "./config-schema";
import { ephemeralDefaults } from "./ephemeral";
import { type StackKind, stackKind } from "./kind";

/** What the program is told: which stack it is, and that stack's validated settings. */
export type StackConfig = { readonly stack: string; readonly production: boolean; readonly region: string } & (
  | { readonly kind: "shared"; readonly settings: SharedConfig }
  | { readonly kind: Exclude<StackKind, "shared">; readonly settings: PlatformConfig }
);

/**
 * Reads and validates the whole config of the current stack.
 * @throws InputError naming the property path, the value, what is allowed and the file.
 */
export function loadConfig(): StackConfig {
  const stack = pulumi.getStack();
  const kind = stackKind(stack);
  const region = new pulumi.Config("aws").require("region");
  const given = ownConfig(pulumi.getProject(), pulumi.runtime.allConfig());
  const base = { stack, region, production: stack === "prod" };
  if (kind === "shared") return { ...base, kind, settings: parseConfig(sharedSchema, given, stack) };
  const settings = kind === "ephemeral" ? { ...ephemeralDefaults, ...given } : given;
  return { ...base, kind, settings: parseConfig(platformSchema, settings, stack) };
}

/** The keys of this project's namespace, their JSON texts parsed. */
function ownConfig(project: string, all: Record<string, string>): Record<string, unknown> {
  const prefix = `${project}:`;
  const own = Object.entries(all).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, text]) => [key.slice(prefix.length), parseText(text)]));
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Validates config against a schema; the first problem becomes one InputError line. */
export function parseConfig<T>(schema: z.ZodType<T>, given: unknown, stack: string): T {
  const result = schema.safeParse(given, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new InputError(describeIssue(closestIssue(issue!), schema, given, stack));
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType, given: unknown, stack: string) {
  const unknownKey = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...issue.path, ...(unknownKey === undefined ? [] : [unknownKey])];
  return {
    path: path.join("."),
    given: valueAt(given, path),
    allowed:
      unknownKey === undefined ? allowedText(issue) : `one of the keys ${knownKeys(schema, issue.path).join(", ")}`,
    where: `Pulumi.${stack}.yaml, key game-ai-platform:${String(path[0])}`,
  };
}

function allowedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return issue.values.map(String).join(", ");
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
    case "invalid_type":
      return issue.expected === "object" ? "a map" : `a value of type ${issue.expected}`;
    default:
      return issue.message.replace(/^Invalid /, "a valid ");
  }
}

/** The keys that the schema knows at a path; a record's names are the person's own. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const at = path.reduce<unknown>((node, key) => {
    const { shape, valueType } = unwrapped(node);
    return shape?.[key] ?? valueType;
  }, schema);
  return Object.keys(unwrapped(at).shape ?? {});
}

interface SchemaNode {
  readonly shape?: Record<PropertyKey, unknown>;
  readonly valueType?: unknown;
  readonly options?: readonly unknown[];
  unwrap?(): unknown;
}

/** The schema inside optional, default and nullable wrappers; of several forms the one that has keys. */
function unwrapped(node: unknown): SchemaNode {
  const schemaNode = (node ?? {}) as SchemaNode;
  if (schemaNode.unwrap !== undefined) return unwrapped(schemaNode.unwrap());
  const withKeys = schemaNode.options?.map(unwrapped).find(({ shape }) => shape !== undefined);
  return withKeys ?? schemaNode;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
