import { LineCounter, parseDocument, type Scalar, visit } from "yaml";
import { EvaluationError } from "./errors";
import { resolvePlainScalar, type YamlScalar } from "./yaml-scalars";

export type YamlMap = { [key: string]: unknown };

/**
 * Parses a YAML file whose top is a map, scalars as the CLI's decoder reads them.
 * @throws EvaluationError as `file:line:column: what is wrong`.
 */
export function parseYaml(text: string, file: string): YamlMap {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: "failsafe", merge: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const place = `${file}:${line}:${col}`;
    throw new EvaluationError("project", `${place}: malformed YAML: ${error.message.split("\n")[0]}`, place);
  }
  visit(document, {
    Scalar: (key, node) => {
      const value = scalarValue(node);
      node.value = key === "key" ? (value === null ? "<nil>" : String(value)) : value;
    },
  });
  const value: unknown = document.toJS() ?? {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as YamlMap;
  throw new EvaluationError("project", `${file}:1:1: a map of keys to values is needed at the top`, `${file}:1:1`);
}

/** A quoted text is a text, whatever it looks like; a tag decides otherwise. */
function scalarValue({ type, tag, value, source }: Scalar): YamlScalar {
  const text = source ?? String(value ?? "");
  const named = tag?.replace("tag:yaml.org,2002:", "");
  if (named === undefined) return type === "PLAIN" ? resolvePlainScalar(text) : String(value);
  return /^(int|float|bool|null|timestamp)$/.test(named) ? resolvePlainScalar(text) : String(value);
}
