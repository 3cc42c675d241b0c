import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

/** README.md and every page of docs/, from the repository. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** A command as a page has it. */
export interface Written {
  readonly page: string;
  readonly line: number;
  readonly words: readonly string[];
}

/** Every command of a page, in code blocks and between backticks, that is one of those asked for. */
export function commandsOf(page: string, isAsked: (words: readonly string[]) => boolean): Written[] {
  const text = readFileSync(join(root, page), "utf8");
  const found: Written[] = [];
  let inBlock = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(>\s*)?```/.test(line)) inBlock = !inBlock;
    const codes = inBlock ? [line] : [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
    for (const code of codes) {
      // What follows a pipe, a semicolon or && is a command of its own; a comment is none.
      for (const part of code.replace(/\s#\s.*$/, "").split(/\||&&|;/)) {
        const words = wordsOf(part.trim());
        if (isAsked(words)) found.push({ page, line: index + 1, words });
      }
    }
  }
  return found;
}

/** Words as a shell takes them, near enough for what the pages have; settings before a command and what is written to are left out. */
function wordsOf(text: string): string[] {
  const words = [...text.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replace(/^["']|["']$/g, ""));
  const start = words.findIndex((word) => !/^[A-Z_]+=/.test(word) && word !== "time" && word !== "bash");
  const end = words.findIndex((word) => word === ">" || word === "\\");
  return words.slice(Math.max(0, start), end === -1 ? undefined : end);
}
