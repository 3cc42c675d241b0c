import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EvaluationError } from "./errors";
import { isMap, type Project } from "./project";
import { parseYaml } from "./yaml-file";
import { goJson } from "./yaml-scalars";

/** What stands in for a value that is encrypted in the stack's file. */
export const secretPlaceholder = "[secret]";

export interface StackConfig {
  /** `namespace:key` to its text, as the program receives it. */
  readonly values: Readonly<Record<string, string>>;
  /** Keys whose value is secret. */
  readonly secretKeys: readonly string[];
}

interface ConfigValue {
  readonly text: string;
  readonly secret: boolean;
}

/**
 * The effective config of a stack: project-level values and defaults, then the stack's file, then overrides. Encrypted values
 * are never decrypted: a placeholder takes their place, so no passphrase is asked for.
 * @throws EvaluationError naming file, key and what is wrong.
 */
export function readStackConfig(
  project: Project,
  stack: string,
  overrides: Readonly<Record<string, string>> = {},
): StackConfig {
  const values = new Map<string, ConfigValue>();
  const declared = projectDeclarations(project);
  for (const { key, fallback } of declared) if (fallback !== undefined) values.set(key, fallback);
  const file = `Pulumi.${stack}.yaml`;
  const path = join(project.stackConfigDir, file);
  if (existsSync(path)) {
    for (const [key, value] of stackValues(path, file, project.name)) values.set(key, value);
  }
  for (const [key, text] of Object.entries(overrides)) {
    const name = key.includes(":") ? key : `${project.name}:${key}`;
    values.set(name, { text, secret: values.get(name)?.secret ?? false });
  }
  for (const declaration of declared) check(declaration, values.get(declaration.key), file);
  return {
    values: Object.fromEntries([...values].map(([key, { text }]) => [key, text])),
    secretKeys: [...values].filter(([, { secret }]) => secret).map(([key]) => key),
  };
}

function* stackValues(path: string, file: string, project: string): Generator<[string, ConfigValue]> {
  const { config } = parseYaml(readFileSync(path, "utf8"), file);
  if (config === undefined || config === null) return;
  if (!isMap(config)) throw new EvaluationError("project", `${file}: config: a map of keys to values is needed`);
  for (const [key, value] of Object.entries(config)) {
    const full = key.includes(":") ? key.replace(/^([^:]+):config:/, "$1:") : `${project}:${key}`;
    yield [full, toConfigValue(value, `${file}: config.${key}`)];
  }
}

interface Declaration {
  readonly key: string;
  readonly type?: string;
  readonly fallback?: ConfigValue;
}

/** Both forms of project-level config: `key: value` and `key: {type, default, value, secret}`. */
function projectDeclarations(project: Project): Declaration[] {
  return Object.entries(project.config).map(([name, given]) => {
    const key = name.includes(":") ? name : `${project.name}:${name}`;
    if (!isMap(given) || "secure" in given)
      return { key, fallback: toConfigValue(given, `Pulumi.yaml: config.${name}`) };
    const type = typeof given.type === "string" ? given.type : undefined;
    const value = given.value ?? given.default;
    if (value === undefined || value === null) return { key, type };
    const { text, secret } = toConfigValue(value, `Pulumi.yaml: config.${name}`);
    return { key, type, fallback: { text, secret: secret || given.secret === true } };
  });
}

function check({ key, type }: Declaration, value: ConfigValue | undefined, file: string): void {
  if (value === undefined) {
    throw new EvaluationError("project", `${file}: config.${key}: a value is needed (declared in Pulumi.yaml)`);
  }
  if (type === undefined || value.secret || hasType(value.text, type)) return;
  throw new EvaluationError(
    "project",
    `${file}: config.${key}: ${JSON.stringify(value.text)} is not allowed; allowed: a value of type ${type} (declared in Pulumi.yaml)`,
  );
}

function hasType(text: string, type: string): boolean {
  switch (type) {
    case "integer":
      return /^-?\d+$/.test(text);
    case "boolean":
      return text === "true" || text === "false";
    case "array":
      return text.trimStart().startsWith("[");
    case "object":
      return text.trimStart().startsWith("{");
    default:
      return true;
  }
}

/** A structured value travels as JSON text, with a placeholder for what is encrypted inside. */
function toConfigValue(value: unknown, where: string): ConfigValue {
  let secret = false;
  const blind = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(blind);
    if (!isMap(item)) return item;
    const keys = Object.keys(item);
    if (keys.length === 1 && keys[0] === "secure" && typeof item.secure === "string") {
      secret = true;
      return secretPlaceholder;
    }
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, blind(inner)]));
  };
  const plain = blind(value);
  try {
    return { text: configText(plain), secret };
  } catch (error) {
    throw new EvaluationError("project", `${where}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A text as it is, an absent value as none, anything else as Go's JSON. */
function configText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "bigint" ? String(value) : goJson(value);
}
