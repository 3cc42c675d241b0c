import { isMap, isScalar, parseDocument } from "yaml";

/** Front matter beyond this many characters is text. */
const longest = 65_536;

export interface FrontMatter {
  readonly title?: string;
  readonly type?: string;
  /** The text below it. */
  readonly body: string;
}

/** Splits YAML front matter off a Markdown file. What is no YAML mapping is text, so that nothing is lost. */
export function splitFrontMatter(text: string): FrontMatter {
  const none = { body: text };
  const opening = /^---[ \t]*\n/.exec(text);
  if (opening === null) return none;
  const start = opening[0].length;
  const end = closingLine(text, start);
  if (end === undefined || end.from - start > longest) return none;
  const yaml = text.slice(start, end.from);
  if (nestsDeep(yaml)) return none;
  try {
    const document = parseDocument(yaml, { logLevel: "silent" });
    if (document.errors.length > 0 || !isMap(document.contents)) return none;
    const { contents } = document;
    const field = (name: string) => {
      const value = contents.get(name, true);
      if (!isScalar(value) || value.value === null || value.value === undefined) return undefined;
      // A number or a date is a title as it is written: 007 is not 7.
      return typeof value.value === "string" ? value.value : (value.source ?? String(value.value));
    };
    const [title, type] = [field("title")?.trim(), field("type")];
    return { ...(title ? { title } : {}), ...(type === undefined ? {} : { type }), body: text.slice(end.to) };
  } catch {
    return none;
  }
}

/** Values in each other at most. The YAML parser calls itself for each, and a thread that runs out of stack may take the process along. */
const deepest = 64;

/** Whether a text may nest deeper than that: by brackets, or by marks that open a value within a line. */
function nestsDeep(yaml: string): boolean {
  let brackets = 0;
  let marks = 0;
  for (const [sign] of yaml.matchAll(/[[\]{}\n]|[-?:][ \t]/g)) {
    if (sign === "[" || sign === "{") brackets += 1;
    else if (sign === "]" || sign === "}") brackets = Math.max(0, brackets - 1);
    else marks = sign === "\n" ? 0 : marks + 1;
    if (brackets > deepest || marks > deepest) return true;
  }
  return false;
}

function closingLine(text: string, start: number): { from: number; to: number } | undefined {
  const line = /^(?:---|\.\.\.)[ \t]*(?:\n|$)/gm;
  line.lastIndex = start;
  const found = line.exec(text.slice(0, start + longest + 8));
  return found === null ? undefined : { from: found.index, to: found.index + found[0].length };
}
