import { z } from "zod";
import { InputError } from "../contracts/input-error";

/** A setting of a program: an option and an environment variable of one name. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** What it is when it is left out. */
  readonly fallback: unknown;
  /** What the help says of it. */
  readonly text: string;
}

/** What settings are once they have been read. */
export type SettingValues<Settings extends Readonly<Record<string, Setting>>> = {
  readonly [Name in keyof Settings]: z.output<Settings[Name]["schema"]>;
};

export function setting<Schema extends z.ZodType>(schema: Schema, fallback: unknown, text: string): Setting<Schema> {
  return { schema, fallback, text };
}

/** A whole number. @param least Included, as `most` is. */
export function count(least: number, most = Number.MAX_SAFE_INTEGER) {
  const range =
    most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least}` : `a whole number, ${least} to ${most}`;
  // An empty text would count as zero.
  const given = (value: unknown) => (typeof value === "string" && value.trim() === "" ? undefined : value);
  return z.preprocess(given, z.coerce.number(range).int(range).min(least, range).max(most, range));
}

/** `queueSeconds` as an option: `--queue-seconds`. */
export function optionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `queueSeconds` as a variable after a program's prefix: `INFERENCE_HOST_QUEUE_SECONDS`. */
export function variableName(prefix: string, name: string): string {
  return `${prefix}_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Reads settings from options, then variables, then defaults. An empty variable counts as left out.
 * @param aliases Other variables of a setting, asked after its own.
 * @throws InputError that names the option or the variable
 */
export function readSettings<Settings extends Readonly<Record<string, Setting>>>(
  settings: Settings,
  prefix: string,
  given: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  aliases: Readonly<Record<string, readonly string[]>> = {},
): SettingValues<Settings> {
  const values = Object.entries(settings).map(([name, { schema, fallback }]) => {
    const variables = [variableName(prefix, name), ...(aliases[name] ?? [])];
    const variable = variables.find((each) => environment[each]) ?? variables[0]!;
    const value = given[name] ?? (environment[variable] || fallback);
    const parsed = schema.safeParse(value);
    if (parsed.success) return [name, parsed.data] as const;
    const where = given[name] !== undefined ? optionName(name) : variable;
    throw new InputError({ path: name, given: value, allowed: parsed.error.issues[0]!.message, where });
  });
  return Object.fromEntries(values) as SettingValues<Settings>;
}
