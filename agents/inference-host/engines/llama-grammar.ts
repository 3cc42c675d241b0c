import { LRUCache } from "lru-cache";
import type { Llama, LlamaGrammar } from "node-llama-cpp";
import { EngineError, type RequestBody } from "./engine";

type Schema = Readonly<Record<string, unknown>>;

/** Grammars kept: one takes a millisecond to make, and characters ask for the same few over and over. */
const grammarsKept = 64;
/** Schemas inside a schema at most. */
const deepest = 32;

/** Keywords that say nothing of the form. */
const silent: ReadonlySet<string> = new Set([
  ...["title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated"],
  // Every property is always written, which is right whatever is required.
  "required",
]);
/** Keywords whose value is taken as it is. */
const plain: ReadonlySet<string> = new Set([
  ...[
    "type",
    "enum",
    "const",
    "$ref",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
  ],
]);
const formats: readonly unknown[] = ["date-time", "time", "date"];

/** The grammars that llama.cpp keeps while it draws tokens, by the response format of a request. */
export class LlamaGrammars {
  readonly #made = new LRUCache<string, LlamaGrammar>({ max: grammarsKept });

  constructor(private readonly llama: Llama) {}

  /**
   * The grammar of a request's `response_format`; undefined for free text.
   * @throws EngineError 400 for a form that llama.cpp cannot keep to, naming the keyword
   */
  async for({ response_format: format }: RequestBody): Promise<LlamaGrammar | undefined> {
    if (format === undefined || format === null) return undefined;
    const { type, json_schema: named } = format as {
      readonly type?: unknown;
      readonly json_schema?: { readonly schema?: unknown };
    };
    if (type === "text") return undefined;
    if (type === "json_object") return this.llama.getGrammarFor("json");
    if (type !== "json_schema")
      throw refused(`response_format.type ${JSON.stringify(type)}: text, json_object or json_schema`);
    if (!isSchema(named?.schema)) throw refused("response_format.json_schema.schema must be a JSON schema");
    const key = JSON.stringify(named.schema);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const schema = toGbnfSchema(named.schema);
    const grammar = await this.llama.createGrammarForJsonSchema(schema as never).catch((error: unknown) => {
      throw refused(`response_format.json_schema.schema: ${error instanceof Error ? error.message : String(error)}`);
    });
    this.#made.set(key, grammar);
    return grammar;
  }
}

/**
 * A JSON schema as node-llama-cpp spells it. What it would silently leave out of the grammar is refused.
 * @throws EngineError 400 that names the keyword
 */
export function toGbnfSchema(schema: Schema, path = "schema", depth = 0): Schema {
  if (depth > deepest) throw refused(`${path} is more than ${deepest} schemas deep`);
  const inside = (value: unknown, key: string): Schema => {
    if (!isSchema(value)) throw refused(`${path}.${key} must be a JSON schema`);
    return toGbnfSchema(value, `${path}.${key}`, depth + 1);
  };
  const each = (value: unknown, key: string): Record<string, Schema> =>
    Object.fromEntries(
      Object.entries((value ?? {}) as object).map(([name, inner]) => [name, inside(inner, `${key}.${name}`)]),
    );
  const list = (value: unknown, key: string): Schema[] =>
    Array.isArray(value) ? value.map((inner, index) => inside(inner, `${key}.${index}`)) : [];
  if (Array.isArray(schema.type) && schema.type.some((type) => type === "object" || type === "array")) {
    const { type: types, ...rest } = schema;
    return { oneOf: (types as unknown[]).map((type, index) => inside({ ...rest, type }, `type.${index}`)) };
  }
  const written: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || silent.has(key)) continue;
    if (plain.has(key)) written[key] = value;
    else if (key === "oneOf" || key === "anyOf") written.oneOf = list(value, key);
    else if (key === "properties" || key === "$defs") written[key] = each(value, key);
    else if (key === "items") written.items = inside(value, key);
    else if (key === "prefixItems") written.prefixItems = list(value, key);
    else if (key === "additionalProperties") written[key] = typeof value === "boolean" ? value : inside(value, key);
    else if (key === "format" && formats.includes(value)) written.format = value;
    else throw refused(`${path}.${key} is not something that the embedded engine can keep a model to`);
  }
  return written;
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const refused = (message: string) => new EngineError(message, 400, "invalid_request_error");
