import type { mediaTypes } from "../../../contracts/story";
import { hasWords } from "./block-collector";
import { splitFrontMatter } from "./front-matter";
import { htmlBlocks } from "./html-blocks";
import { markdownToHtml } from "./markdown";

/** A stretch of a document that belongs together, under its headings. */
export interface Block {
  readonly headings: readonly string[];
  readonly text: string;
  /** A table or code, which loses its meaning when cut. */
  readonly whole: boolean;
}

export interface ParsedDocument {
  /** What the document says its title is: front matter, HTML's `<title>`, or its first heading. */
  readonly title?: string;
  /** `type` of a Markdown file's front matter. */
  readonly type?: string;
  readonly blocks: readonly Block[];
}

export type MediaType = (typeof mediaTypes)[number];

/**
 * Reads a document into blocks: the words that a reader sees, in order, and no others. Takes time in proportion to the text, whatever
 * is in it.
 */
export function parseDocument(content: string, mediaType: MediaType): ParsedDocument {
  const text = shortenRuns(content);
  if (mediaType === "text/plain") return { blocks: plainBlocks(text) };
  if (mediaType === "text/html") {
    const { title, firstHeading, blocks } = htmlBlocks(text);
    return { title: title ?? firstHeading, blocks };
  }
  const { title, type, body } = splitFrontMatter(text);
  const html = markdownToHtml(body);
  if (html === undefined) return { title, type, blocks: plainBlocks(body) };
  const { firstHeading, blocks } = htmlBlocks(html);
  return { title: title ?? firstHeading, type, blocks };
}

function plainBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  const close = () => {
    const joined = lines.join("\n").trim();
    if (hasWords(joined)) blocks.push({ headings: [], text: joined, whole: false });
    lines = [];
  };
  for (const line of text.split("\n")) {
    if (line.trim() === "") close();
    else lines.push(line);
  }
  close();
  return blocks;
}

/** One character repeated more often than this says no more than this often: a rule, padding, noise. */
const longestRun = 1_000;

/** Cuts what is one character over and over, so that no such text costs anything. */
function shortenRuns(text: string): string {
  const kept: string[] = [];
  let from = 0;
  let last = -1;
  let run = 0;
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at) as number;
    const size = point > 0xffff ? 2 : 1;
    run = point === last ? run + 1 : 1;
    last = point;
    if (run === longestRun + 1) kept.push(text.slice(from, at));
    at += size;
    if (run > longestRun) from = at;
  }
  return kept.length === 0 ? text : `${kept.join("")}${text.slice(from)}`;
}
