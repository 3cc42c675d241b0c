import type { Block } from "./blocks";

/** Version of everything that decides where a document is cut. */
export const chunkerVersion = "blocks-2";

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
  /** Measures a text. @default {@link measure} */
  readonly measure?: (text: string) => Size;
}

/** What a text's length is estimated from; sizes of texts that white space separates add up. */
export interface Size {
  /** Runs of characters without white space. */
  readonly words: number;
  /** UTF-16 code units. */
  readonly length: number;
  /** Characters of scripts that put no space between words. */
  readonly dense: number;
}

/** Letters and digits of one run that are indexed; a longer run is data, such as a number dump or base64. */
const longestWord = 20_000;

export function measure(text: string): Size {
  let words = 0;
  for (const _ of text.matchAll(/\S+/g)) words += 1;
  let dense = 0;
  for (const _ of text.matchAll(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/gu,
  )) {
    dense += 1;
  }
  return { words, length: text.length, dense };
}

const tokensOf = ({ words, length, dense }: Size) => Math.ceil(Math.max(words, (length - dense) / 4) + dense);

/**
 * Estimates tokens without a tokenizer: byte-pair vocabularies spend about 4 characters a token on English and never fewer
 * tokens than words; scripts without spaces spend about one token a character.
 */
export const estimateTokens = (text: string): number => tokensOf(measure(text));

/** Texts in a row with their size, each measured once. */
class Row {
  #parts: Measured[] = [];
  #size: Size = { words: 0, length: 0, dense: 0 };

  constructor(private readonly separator: string) {}

  get empty(): boolean {
    return this.#parts.length === 0;
  }

  get parts(): readonly Measured[] {
    return this.#parts;
  }

  /** Tokens with one more part. */
  tokensWith({ size }: Measured): number {
    return tokensOf(this.#with(size));
  }

  add(part: Measured): void {
    this.#size = this.#with(part.size);
    this.#parts.push(part);
  }

  take(): Measured {
    const whole = { text: this.#parts.map(({ text }) => text).join(this.separator), size: this.#size };
    this.#parts = [];
    this.#size = { words: 0, length: 0, dense: 0 };
    return whole;
  }

  #with({ words, length, dense }: Size): Size {
    const gap = this.empty ? 0 : this.separator.length;
    const before = this.#size;
    return { words: before.words + words, length: before.length + gap + length, dense: before.dense + dense };
  }
}

interface Measured {
  readonly text: string;
  readonly size: Size;
}

/**
 * Joins blocks under the same headings into chunks, and cuts what is too long at sentences, then words. Measures each piece of text a
 * fixed number of times, however long the text is.
 */
export function chunkBlocks(blocks: readonly Block[], options: ChunkOptions = {}): Chunk[] {
  const { maxTokens = 512, overlapTokens = 64, hardLimit = 6000 } = options;
  const cutter = new Cutter(options.measure ?? measure);
  const chunks: Chunk[] = [];
  const open = new Row("\n\n");
  let under = "";
  const close = () => {
    if (!open.empty) chunks.push({ heading: under, content: open.take().text });
  };
  for (const block of blocks) {
    const heading = block.headings.join(" > ");
    if (heading !== under) close();
    under = heading;
    const text = shortenWords(block.text);
    const pieces = block.whole
      ? cutter.lines(text, hardLimit)
      : cutter.text(text, maxTokens, Math.min(overlapTokens, Math.floor(maxTokens / 4)));
    for (const piece of pieces) {
      if (open.tokensWith(piece) > maxTokens) close();
      open.add(piece);
    }
  }
  close();
  return chunks;
}

function shortenWords(text: string): string {
  if (text.length <= longestWord) return text;
  return text.replace(/[\p{L}\p{M}\p{N}]+/gu, (run) => (run.length > longestWord ? run.slice(0, longestWord) : run));
}

/** Where a sentence ends: after its mark and closing quotes, or at a line's end. Looks at no character more than twice. */
const sentenceEnd = /[.!?…]["'”’)]*\s+|[。！？]|\n+/gu;

function* splitSentences(text: string): Generator<string> {
  let from = 0;
  for (const { 0: end, index } of text.matchAll(sentenceEnd)) {
    const sentence = text.slice(from, index + end.length).trim();
    from = index + end.length;
    if (sentence !== "") yield sentence;
  }
  const rest = text.slice(from).trim();
  if (rest !== "") yield rest;
}

class Cutter {
  constructor(private readonly measure: (text: string) => Size) {}

  #measured(text: string): Measured {
    return { text, size: this.measure(text) };
  }

  /** Cuts running text into pieces of at most `most` tokens; each but the first starts with the end of the one before. */
  text(text: string, most: number, overlap: number): Measured[] {
    const whole = this.#measured(text);
    if (tokensOf(whole.size) <= most) return [whole];
    const pieces: Measured[] = [];
    const row = new Row(" ");
    for (const sentence of splitSentences(text)) {
      for (const part of this.#words(this.#measured(sentence), most - overlap)) {
        if (!row.empty && row.tokensWith(part) > most) {
          const kept = tail(row.parts, Math.min(overlap, most - tokensOf(part.size) - 1));
          pieces.push(row.take());
          for (const one of kept) row.add(one);
        }
        row.add(part);
      }
    }
    if (!row.empty) pieces.push(row.take());
    return pieces;
  }

  /** Only beyond the limit: cuts between lines, the first two repeated for a table's header. */
  lines(text: string, limit: number): Measured[] {
    const whole = this.#measured(text);
    if (tokensOf(whole.size) <= limit) return [whole];
    const lines = text.split("\n");
    const head = lines[0]?.startsWith("|") ? lines.slice(0, 2).map((line) => this.#measured(line)) : [];
    const pieces: Measured[] = [];
    const row = new Row("\n");
    for (const line of lines) {
      for (const part of this.#words(this.#measured(line), Math.floor(limit / 4))) {
        if (!row.empty && row.tokensWith(part) > limit) {
          pieces.push(row.take());
          for (const one of head) row.add(one);
        }
        row.add(part);
      }
    }
    if (!row.empty) pieces.push(row.take());
    return pieces;
  }

  /** A sentence longer than a chunk is cut between words, and a word longer than a chunk between characters. */
  #words(sentence: Measured, most: number): Measured[] {
    if (tokensOf(sentence.size) <= most) return [sentence];
    const pieces: Measured[] = [];
    const row = new Row(" ");
    for (const word of sentence.text.split(/\s+/)) {
      for (const part of this.#characters(this.#measured(word), most)) {
        if (!row.empty && row.tokensWith(part) > most) pieces.push(row.take());
        row.add(part);
      }
    }
    if (!row.empty) pieces.push(row.take());
    return pieces;
  }

  #characters(word: Measured, most: number): Measured[] {
    if (tokensOf(word.size) <= most) return [word];
    const characters = Array.from(word.text);
    const size = Math.max(1, most);
    return Array.from({ length: Math.ceil(characters.length / size) }, (_, at) =>
      this.#measured(characters.slice(at * size, (at + 1) * size).join("")),
    );
  }
}

/** The last parts of at most so many tokens. */
function tail(parts: readonly Measured[], most: number): Measured[] {
  const kept: Measured[] = [];
  let tokens = 0;
  for (let at = parts.length - 1; at >= 0; at -= 1) {
    const part = parts[at] as Measured;
    tokens += tokensOf(part.size);
    if (tokens > most) break;
    kept.unshift(part);
  }
  return kept;
}
