import { createHash } from "node:crypto";
import { posix } from "node:path";
import { InputError } from "../../../contracts/input-error";
import { documentTypes } from "../../../contracts/story";
import { hasWords } from "./block-collector";
import { type MediaType, type ParsedDocument, parseDocument } from "./blocks";
import { chunkBlocks } from "./chunks";
import { simHash } from "./simhash";

export type DocumentType = (typeof documentTypes)[number];

/** A document as it is stored. */
export interface DocumentInput {
  readonly source: string;
  readonly file: string;
  readonly worldId: string | null;
  readonly type: DocumentType;
  readonly title: string;
  readonly mediaType: MediaType;
  readonly content: string;
  readonly contentHash: string;
  /** 64-bit SimHash as a signed decimal, for near-duplicates. */
  readonly simhash: string;
}

export interface RawDocument {
  readonly source: string;
  /** Path inside the source, with forward slashes. */
  readonly file: string;
  readonly content: string;
  readonly worldId?: string | null;
  readonly type?: DocumentType;
  readonly title?: string;
  readonly mediaType?: MediaType;
}

const byExtension: Readonly<Record<string, MediaType>> = {
  ".md": "text/markdown",
  ".markdown": "text/markdown",
  ".html": "text/html",
  ".htm": "text/html",
  ".txt": "text/plain",
};

/** Media type by a file's name; undefined for files that are not ingested. */
export function mediaTypeOf(file: string): MediaType | undefined {
  return byExtension[posix.extname(file).toLowerCase()];
}

/** Type by the folder that a file stands in. */
export function documentTypeOf(file: string): DocumentType {
  const folders = file.toLowerCase().split("/").slice(0, -1);
  if (folders.some((name) => name.startsWith("guide"))) return "guide";
  return folders.some((name) => name.startsWith("experience")) ? "experience" : "main";
}

/** Lines of a Markdown file at most, empty ones not counted. Each may be a block of its own, and blocks are what takes long: 5 MB of headings took 20 s. */
export const mostLines = 65_536;

function checkLines(content: string): void {
  let lines = 0;
  // Empty lines cost nothing.
  for (const _ of content.matchAll(/[^\n]\n/g)) lines += 1;
  if (lines > mostLines)
    throw new InputError({
      path: "content",
      given: lines,
      allowed: `at most ${mostLines} lines of Markdown in one document`,
    });
}

/** Completes a raw document: title, type, hashes. Line ends and a byte-order mark make no difference. @throws InputError */
export function prepareDocument(raw: RawDocument): DocumentInput {
  const content = raw.content
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .replaceAll("\0", "");
  const mediaType = raw.mediaType ?? mediaTypeOf(raw.file) ?? "text/plain";
  if (mediaType === "text/markdown") checkLines(content);
  const parsed = parseOnce(content, mediaType);
  const type = raw.type ?? documentTypes.find((name) => name === parsed.type) ?? documentTypeOf(raw.file);
  const title = (raw.title ?? parsed.title ?? posix.basename(raw.file).replace(/\.[^.]+$/, "")).slice(0, 500);
  const contentHash = sha256([type, title, mediaType, content].join("\0"));
  return {
    source: raw.source,
    file: raw.file,
    worldId: raw.worldId ?? null,
    type,
    title,
    mediaType,
    content,
    contentHash,
    simhash: simHash(content).toString(),
  };
}

let last: { content: string; mediaType: MediaType; parsed: ParsedDocument } | undefined;

/** A document is prepared and then cut: the second time what was read the first time serves. */
function parseOnce(content: string, mediaType: MediaType): ParsedDocument {
  if (last?.content !== content || last.mediaType !== mediaType) {
    last = { content, mediaType, parsed: parseDocument(content, mediaType) };
  }
  return last.parsed;
}

/** A piece of an item as the index takes it. */
export interface Piece {
  readonly heading: string;
  readonly content: string;
  /** What is embedded and indexed: title, heading path and content. */
  readonly text: string;
  readonly textHash: string;
}

/** Cuts a stored document into pieces. One without a word of its own is found by its title. */
export function documentPieces({ title, content, mediaType }: StoredText): Piece[] {
  const { blocks } = parseOnce(content, mediaType);
  const chunks = chunkBlocks(blocks);
  if (chunks.length === 0) return hasWords(title) ? [piece(title, "", title)] : [];
  return chunks.map(({ heading, content }) => piece(title, heading, content));
}

/** What of a document decides its pieces. */
export type StoredText = Pick<DocumentInput, "title" | "content" | "mediaType">;

/** The one piece of a concept or an event. */
export function piece(title: string, heading: string, content: string): Piece {
  const above =
    heading === "" || heading === title ? title : heading.startsWith(`${title} > `) ? heading : `${title} > ${heading}`;
  const text = above === "" || content === above ? content : `${above}\n${content}`;
  return { heading, content, text, textHash: sha256(text) };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
