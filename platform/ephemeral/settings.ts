import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { InputError } from "../../contracts/input-error";
import { parseTtl } from "./lifetime";

/** The committed file of these settings, beside Pulumi.yaml. Without it every default holds. */
export const settingsFile = "ephemeral.yaml";

const ttl = (path: string) =>
  z.string().superRefine((text, context) => {
    try {
      parseTtl(text, { path, where: settingsFile });
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as InputError).problem.allowed });
    }
  });

const schema = z.strictObject({
  ttl: z
    .strictObject({
      /** Life of a stack without `--ttl`. */
      default: ttl("ttl.default").default("8h"),
      /** The longest that `--ttl` may be, counted from the command. */
      most: ttl("ttl.most").default("7d"),
      /** Whether `--ttl never` is allowed. */
      never: z.boolean().default(false),
    })
    .prefault({}),
  stacks: z
    .strictObject({
      /** Ephemeral stacks at once. */
      most: z.int().min(1).default(20),
      /** Ephemeral stacks at once of one owner. */
      perOwner: z.int().min(1).default(3),
    })
    .prefault({}),
  /** The one AWS account that ephemeral stacks may be in. @default whichever the credentials are of */
  account: z
    .string()
    .regex(/^\d{12}$/, "an AWS account id of 12 digits, in quotes")
    .optional(),
  /** Most that the whole life of a stack may cost as expected, US dollars. @default no limit */
  mostUsd: z.number().positive().optional(),
  /**
   * How a new stack's secrets are encrypted: `passphrase`, `awskms://alias/NAME?region=REGION`, or another provider of Pulumi's.
   * @default the backend's own: its service for Pulumi Cloud, a passphrase for files and buckets
   */
  secretsProvider: z.string().min(1).optional(),
});

export type EphemeralSettings = z.infer<typeof schema>;

/**
 * Reads the settings of ephemeral stacks.
 * @throws InputError for the first thing in the file that is wrong.
 */
export function readSettings(projectDir: string): EphemeralSettings {
  const file = join(projectDir, settingsFile);
  const given = existsSync(file) ? (parseYaml(readFileSync(file, "utf8")) ?? {}) : {};
  const result = schema.safeParse(given, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...issue.path, ...(unknown === undefined ? [] : [unknown])];
  throw new InputError({
    path: path.join(".") || "settings",
    given: path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], given),
    allowed: unknown === undefined ? issue.message : "a key that platform/ephemeral/settings.ts describes",
    where: settingsFile,
  });
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    throw new InputError({ path: "settings", given: line, allowed: "YAML", where: settingsFile });
  }
}
