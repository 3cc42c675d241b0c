import type { Block } from "./blocks";

/** Version of everything that decides where a document is cut. */
export const chunkerVersion = "blocks-1";

export interface Chunk {
  /** Headings above the chunk, outermost first, joined by " > ". */
  readonly heading: string;
  readonly content: string;
}

export interface ChunkOptions {
  /** Estimated tokens of a chunk at most; a table or code block may go beyond. @default 512 */
  readonly maxTokens?: number;
  /** Estimated tokens repeated from the end of the chunk before, where running text is cut. @default 64 */
  readonly overlapTokens?: number;
  /** Estimated tokens that even a table or code block must not pass: the embedder's limit. @default 6000 */
  readonly hardLimit?: number;
}

/**
 * Estimates tokens without a tokenizer: byte-pair vocabularies spend about 4 characters a token on English and never fewer
 * tokens than words; scripts without spaces spend about one token a character.
 */
export function estimateTokens(text: string): number {
  const dense =
    text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/gu)?.length ?? 0;
  const spaced = text.match(/\S+/g)?.length ?? 0;
  return Math.ceil(Math.max(spaced, (text.length - dense) / 4) + dense);
}

/** Joins blocks under the same headings into chunks, and cuts what is too long at sentences, then words. */
export function chunkBlocks(blocks: readonly Block[], options: ChunkOptions = {}): Chunk[] {
  const { maxTokens = 512, overlapTokens = 64, hardLimit = 6000 } = options;
  const chunks: Chunk[] = [];
  let open: { heading: string; parts: string[] } | undefined;
  const close = () => {
    if (open !== undefined) chunks.push({ heading: open.heading, content: open.parts.join("\n\n") });
    open = undefined;
  };
  for (const block of blocks) {
    const heading = block.headings.join(" > ");
    if (open !== undefined && open.heading !== heading) close();
    const pieces = block.whole
      ? cutLines(block.text, hardLimit)
      : cutText(block.text, maxTokens, Math.min(overlapTokens, Math.floor(maxTokens / 4)));
    for (const piece of pieces) {
      if (open !== undefined && estimateTokens([...open.parts, piece].join("\n\n")) > maxTokens) close();
      open ??= { heading, parts: [] };
      open.parts.push(piece);
    }
  }
  close();
  return chunks;
}

/** Cuts running text into pieces of at most `most` tokens; each but the first starts with the end of the one before. */
function cutText(text: string, most: number, overlap: number): string[] {
  if (estimateTokens(text) <= most) return [text];
  const sentences = splitSentences(text).flatMap((sentence) => cutWords(sentence, most - overlap));
  const pieces: string[] = [];
  let current: string[] = [];
  for (const sentence of sentences) {
    if (current.length > 0 && estimateTokens([...current, sentence].join(" ")) > most) {
      pieces.push(current.join(" "));
      current = tail(current, Math.min(overlap, most - estimateTokens(sentence) - 1));
    }
    current.push(sentence);
  }
  pieces.push(current.join(" "));
  return pieces;
}

function tail(sentences: readonly string[], most: number): string[] {
  const kept: string[] = [];
  let tokens = 0;
  for (const sentence of [...sentences].reverse()) {
    tokens += estimateTokens(sentence);
    if (tokens > most) break;
    kept.unshift(sentence);
  }
  return kept;
}

function splitSentences(text: string): string[] {
  return text.split(/(?<=[.!?…]["'”’)]*)\s+|(?<=[。！？])|\n+/u).filter((part) => part.trim() !== "");
}

/** A sentence longer than a chunk is cut between words, and a word longer than a chunk between characters. */
function cutWords(sentence: string, most: number): string[] {
  if (estimateTokens(sentence) <= most) return [sentence];
  const pieces: string[] = [];
  let current = "";
  for (const word of sentence.split(/\s+/).flatMap((part) => cutCharacters(part, most))) {
    const joined = current === "" ? word : `${current} ${word}`;
    if (current !== "" && estimateTokens(joined) > most) {
      pieces.push(current);
      current = word;
    } else current = joined;
  }
  if (current !== "") pieces.push(current);
  return pieces;
}

function cutCharacters(word: string, most: number): string[] {
  if (estimateTokens(word) <= most) return [word];
  const characters = Array.from(word);
  const size = Math.max(1, most);
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, at) =>
    characters.slice(at * size, (at + 1) * size).join(""),
  );
}

/** Only beyond the hard limit: cut between lines, the first two repeated for a table's header or a code's fence. */
function cutLines(text: string, limit: number): string[] {
  if (estimateTokens(text) <= limit) return [text];
  const lines = text.split("\n").flatMap((line) => cutWords(line, Math.floor(limit / 4)));
  const head = lines[0]?.startsWith("|") ? lines.slice(0, 2).join("\n") : "";
  const pieces: string[] = [];
  let current = "";
  for (const line of lines) {
    const joined = current === "" ? line : `${current}\n${line}`;
    if (current !== "" && estimateTokens(joined) > limit) {
      pieces.push(current);
      current = head === "" ? line : `${head}\n${line}`;
    } else current = joined;
  }
  pieces.push(current);
  return pieces;
}
