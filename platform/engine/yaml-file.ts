import { LineCounter, parseDocument } from "yaml";
import { EvaluationError } from "./errors";

export type YamlMap = { [key: string]: unknown };

/**
 * Parses a YAML file whose top is a map.
 * @throws EvaluationError as `file:line:column: what is wrong`.
 */
export function parseYaml(text: string, file: string): YamlMap {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const place = `${file}:${line}:${col}`;
    throw new EvaluationError("project", `${place}: malformed YAML: ${error.message.split("\n")[0]}`, place);
  }
  const value: unknown = document.toJS() ?? {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as YamlMap;
  throw new EvaluationError("project", `${file}:1:1: a map of keys to values is needed at the top`, `${file}:1:1`);
}
