import { z } from "zod";
import { type Problem, problem } from "./problems";

/** What of a request a schema checks. */
export type Part = "params" | "query" | "body";

/** Most errors that one answer lists. */
const mostErrors = 20;

/**
 * Reads a part of a request by its schema. Bodies are taken as they are typed; what comes as text, in queries and paths, is turned into
 * what the schema asks for.
 * @throws Problem 400 that names each field
 */
export function readPart<Schema extends z.ZodType>(part: Part, schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(part === "body" ? given : fromText(schema, given));
  if (parsed.success) return parsed.data;
  throw invalid(part, parsed.error);
}

function invalid(part: Part, { issues }: z.ZodError): Problem {
  const errors = issues.slice(0, mostErrors).map((issue) => ({
    path: [part, ...issue.path.map(String)].join("."),
    message: issue.code === "unrecognized_keys" ? `not known: ${issue.keys.join(", ").slice(0, 100)}` : issue.message,
  }));
  const first = errors[0]!;
  return problem("invalid-request", `${first.path}: ${first.message}`, { errors });
}

/** Texts of an object's fields as the numbers, booleans and lists that its schema asks for; what cannot be turned stays text. */
function fromText(schema: z.ZodType, given: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || typeof given !== "object" || given === null) return given;
  const shape = schema.shape as Readonly<Record<string, z.ZodType>>;
  return Object.fromEntries(
    Object.entries(given as Record<string, unknown>).map(([name, value]) => [
      name,
      Object.hasOwn(shape, name) ? convert(innermost(shape[name]!), value) : value,
    ]),
  );
}

function convert(schema: z.ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodArray) {
    const items = Array.isArray(value) ? value : [value];
    return items.map((item) => convert(innermost(schema.element as z.ZodType), item));
  }
  if (typeof value !== "string") return value;
  if (schema instanceof z.ZodNumber) return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
  if (schema instanceof z.ZodBoolean) return value === "true" ? true : value === "false" ? false : value;
  return value;
}

/** A schema without what makes it optional or gives it a default. */
function innermost(schema: z.ZodType): z.ZodType {
  const wrapped =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodPrefault;
  return wrapped ? innermost(schema.unwrap() as z.ZodType) : schema;
}

/** An answer as it may go over the wire, or what is wrong with it. */
export type CheckedAnswer = { readonly text: string | undefined } | { readonly defect: string };

/**
 * Holds an answer against its contract, as it goes over the wire. What an object of the contract does not know is left out: a column that
 * somebody adds to a table is not in the answers by accident.
 * @param body What the handler gave; undefined for nothing.
 */
export function checkAnswer(contract: z.ZodType | null | undefined, status: number, body: unknown): CheckedAnswer {
  if (contract === undefined) return { defect: `status ${status} is not in the contract` };
  if (contract === null) {
    return body === undefined ? { text: undefined } : { defect: "there is an answer where the contract has none" };
  }
  if (body === undefined) return { defect: "there is no answer where the contract has one" };
  const parsed = contract.safeParse(JSON.parse(JSON.stringify(body)));
  if (parsed.success) return { text: JSON.stringify(parsed.data) };
  const { path, message } = parsed.error.issues[0]!;
  return { defect: `${["answer", ...path.map(String)].join(".")}: ${message}` };
}

/** Levels of arrays and objects inside each other that a body may have: beyond it neither a database nor this program could take it. */
export const mostDepth = 64;

/** True where JSON text nests deeper than is allowed; looked at before it is parsed. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inText) {
      if (code === backslash) index += 1;
      else if (code === quote) inText = false;
    } else if (code === quote) inText = true;
    else if (code === openArray || code === openObject) {
      depth += 1;
      if (depth > mostDepth) return true;
    } else if (code === closeArray || code === closeObject) depth -= 1;
  }
  return false;
}

const [backslash, quote] = [0x5c, 0x22];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
