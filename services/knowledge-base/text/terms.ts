import { stemmer } from "stemmer";
import { stopWords } from "./stop-words";

/** Version of everything in this file; a change of it makes the index of an older version stale. */
export const analyzerVersion = "en-porter-1";

/** A term of the index and where its word stands in the text, in UTF-16 code units. */
export interface TermAt {
  readonly term: string;
  readonly start: number;
  readonly end: number;
}

/** Longest term kept, in characters; longer runs are data (hashes, base64), not words. */
const longestTerm = 64;

const wordPattern = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu;
const unspacedScript =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u;
const plainAscii = /^[a-z]+$/;

/** Lower-cased words of a text in order, stop words included, without their places. */
export function words(text: string): string[] {
  return Array.from(text.matchAll(wordPattern), ([word]) => normalise(word));
}

/** The terms under which a text is indexed and asked for, in order, with repetitions. */
export function terms(text: string): string[] {
  return termsAt(text).map(({ term }) => term);
}

/** As {@link terms}, with the place of each word, for highlights. */
export function termsAt(text: string): TermAt[] {
  const found: TermAt[] = [];
  for (const match of text.matchAll(wordPattern)) {
    const [word] = match;
    if (unspacedScript.test(word)) found.push(...characterPairs(word, match.index));
    else {
      const term = toTerm(word);
      if (term !== undefined) found.push({ term, start: match.index, end: match.index + word.length });
    }
  }
  return found;
}

function toTerm(word: string): string | undefined {
  const plain = normalise(word);
  if (plain.length === 0 || plain.length > longestTerm || stopWords.has(plain)) return undefined;
  return plainAscii.test(plain) ? stemmer(plain) : plain;
}

function normalise(word: string): string {
  return word
    .normalize("NFKC")
    .toLowerCase()
    .replace(/['’].*$/u, "");
}

/** Scripts that put no space between words are indexed by overlapping pairs of characters. */
function characterPairs(run: string, offset: number): TermAt[] {
  const characters = Array.from(run);
  let at = offset;
  return characters.map((character, index) => {
    const start = at;
    at += character.length;
    const next = characters[index + 1];
    return next === undefined
      ? { term: character, start, end: at }
      : { term: character + next, start, end: at + next.length };
  });
}

/** How often each term occurs. */
export function countTerms(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of list) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
