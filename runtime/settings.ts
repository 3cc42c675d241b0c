import { z } from "zod";
import { InputError } from "../contracts/input-error";
import { listenVariables, loopbackHost } from "./listen";

/** A setting of a program: an option and an environment variable of one name. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** What it is when it is left out. */
  readonly fallback: unknown;
  /** What the help says of it. */
  readonly text: string;
  /** A variable that all programs share, asked after the program's own. */
  readonly shared?: string;
}

/** What settings are once they have been read. */
export type SettingValues<Settings extends Readonly<Record<string, Setting>>> = {
  readonly [Name in keyof Settings]: z.output<Settings[Name]["schema"]>;
};

const address = z.string("an address of this machine").min(1, "an address of this machine");

export function setting<Schema extends z.ZodType>(schema: Schema, fallback: unknown, text: string): Setting<Schema> {
  return { schema, fallback, text };
}

/**
 * Where a program listens. Every program reads `HOST` and `PORT`; its own `<PROGRAM>_HOST` and `<PROGRAM>_PORT` come first, for
 * programs that share one environment, as on a GPU node.
 * @param port The default. @param what What is served there, for the help.
 */
export function listenSettings(port: number, what = "the API") {
  return {
    host: { ...setting(address, loopbackHost, `address that ${what} listens on`), shared: listenVariables.host },
    port: { ...setting(count(0, 65_535), port, `port of ${what}; 0 takes a free one`), shared: listenVariables.port },
  } as const;
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

/** The variables of a setting, in the order in which they are asked. */
export function variablesOf(prefix: string, name: string, { shared }: Setting): readonly string[] {
  return [variableName(prefix, name), ...(shared === undefined ? [] : [shared])];
}

/** Where a person sets something: `--port, AI_ROUTER_PORT or PORT`. */
export function whereSet(prefix: string, name: string, setting: Setting): string {
  const all = [optionName(name), ...variablesOf(prefix, name, setting)];
  return `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

/**
 * Reads settings from options, then variables, then defaults. An empty variable counts as left out.
 * @throws InputError that names the option or the variable
 */
export function readSettings<Settings extends Readonly<Record<string, Setting>>>(
  settings: Settings,
  prefix: string,
  given: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): SettingValues<Settings> {
  const values = Object.entries(settings).map(([name, setting]) => {
    const { schema, fallback } = setting;
    const variables = variablesOf(prefix, name, setting);
    const variable = variables.find((each) => environment[each]) ?? variables[0]!;
    const value = given[name] ?? (environment[variable] || fallback);
    const parsed = schema.safeParse(value);
    if (parsed.success) return [name, parsed.data] as const;
    const where = given[name] !== undefined ? optionName(name) : variable;
    throw new InputError({ path: name, given: value, allowed: parsed.error.issues[0]!.message, where });
  });
  return Object.fromEntries(values) as SettingValues<Settings>;
}
