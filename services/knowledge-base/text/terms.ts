import { stemmer } from "stemmer";
import { contractions, stopWords } from "./stop-words";

/** Version of everything in this file; a change of it makes the index of an older version stale. */
export const analyzerVersion = "names-2";

/** A term of the index and where its word stands in the text, in UTF-16 code units. A word may have several terms. */
export interface TermAt {
  readonly term: string;
  readonly start: number;
  readonly end: number;
}

/** Longest term kept, in characters; longer runs are data (hashes, base64), not words. */
const longestTerm = 64;

/**
 * Words by Unicode's rules (UAX 29): an apostrophe between letters stands within a word. `Intl.Segmenter` follows the same rules, but
 * takes time with the square of a text's length.
 */
const wordPattern = /[\p{L}\p{M}\p{N}]+(?:['’‘´`＇][\p{L}\p{M}\p{N}]+)*/gu;
/** Apostrophes, with those that Unicode calls letters: ʻokina, and the modifier letter of romanised names. */
const apostrophes = /['’‘´`＇ʻʼ]/u;
const unspacedScript =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]/u;
const hangul = /\p{Script=Hangul}/u;
const han = /\p{Script=Han}/u;
const plainAscii = /^[a-z]+$/;
const capitalised = /^\p{Lu}\p{Ll}+$/u;

/** Scripts whose accents and points a reader may leave out. In others a mark is a letter. */
const foldedScripts = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}]/u;
/** Letters that have no accent to take off and are still written plainly by many. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

/** Korean particles that follow a noun within its word, longest first. */
const particles =
  "으로부터 에게서 에서 에게 으로 부터 까지 처럼 보다 한테 이나 이랑 하고 께서 마저 조차 마다 밖에 은 는 이 가 을 를 의 에 도 만 로 와 과 랑 나 야 아".split(
    " ",
  );

/** The plain words of a text in order, stop words included: lower case, without accents, apostrophes and possessives. */
export function words(text: string): string[] {
  return Array.from(text.matchAll(wordPattern), ([word]) => fold(partsOf(word).join("")));
}

/** The terms under which a text is indexed and asked for, in order, with repetitions. */
export function terms(text: string): string[] {
  return termsAt(text).map(({ term }) => term);
}

/** As {@link terms}, with the place of each word, for highlights. */
export function termsAt(text: string): TermAt[] {
  const found: TermAt[] = [];
  // A line of stop words alone, as a title or a question, would say nothing without them.
  let line = { from: 0, dropped: [] as TermAt[] };
  const endLine = () => {
    if (found.length === line.from) found.push(...line.dropped);
    line = { from: found.length, dropped: [] };
  };
  let before = { end: 0, word: "" };
  for (const { 0: word, index: start } of text.matchAll(wordPattern)) {
    const end = start + word.length;
    const gap = text.slice(before.end, start);
    if (gap.includes("\n")) endLine();
    const parts = partsOf(word);
    const plain = parts.join("");
    const opens = before.word === "" || /[^\s,]|\n/.test(gap);
    if (unspacedScript.test(word)) found.push(...characterPairs(word, start));
    else if (!stopWords.has(plain)) for (const term of termsOf(parts)) found.push({ term, start, end });
    else if (isName(word, plain, opens, before.word)) found.push({ term: stem(plain), start, end });
    else line.dropped.push({ term: stem(plain), start, end });
    before = { end, word: plain };
  }
  endLine();
  return found;
}

/** After these an auxiliary verb cannot stand, so that "will" is somebody. */
const beforeName: ReadonlySet<string> = new Set(
  (
    "is was does did do has had are were be been about of to with by from for and at like named called against behind beside near " +
    "under after before than told meet met find help ask asks asked kill trust"
  ).split(" "),
);

/** Whether a stop word is used as a name: written with a capital within a sentence, or "Will", which many are called. */
function isName(word: string, plain: string, opensSentence: boolean, before: string): boolean {
  if (capitalised.test(word.split(apostrophes, 1)[0] as string) && (!opensSentence || plain === "will")) return true;
  return plain === "will" && !opensSentence && beforeName.has(before);
}

/** A word between its apostrophes, in lower case, without a possessive or what a contraction leaves out. */
function partsOf(word: string): string[] {
  const parts = word
    .normalize("NFKC")
    .toLowerCase()
    .split(apostrophes)
    .filter((part) => part !== "");
  if (parts.length < 2) return parts;
  const last = parts.at(-1) as string;
  const base = parts.slice(0, -1);
  if (last === "s") return base;
  const joined = base.join("");
  const short = ["ll", "ve", "re", "d", "m"].includes(last) && stopWords.has(joined);
  if (short) return [joined];
  return contractions.has(joined + last) ? ["not"] : parts;
}

/** A word whole, and a name with an apostrophe in its parts too; each as it is written, and without accents where it has some. */
function termsOf(parts: readonly string[]): string[] {
  const whole = parts.join("");
  const forms =
    parts.length < 2 ? [whole] : [whole, ...parts.filter((part) => part.length > 1 && !stopWords.has(part))];
  const found = new Set<string>();
  for (const form of forms) {
    if (form.length === 0 || form.length > longestTerm) continue;
    if (hangul.test(form)) for (const term of hangulTerms(form)) found.add(term);
    else for (const term of [stem(form), stem(fold(form))]) found.add(term);
  }
  return [...found];
}

const stem = (word: string) => (plainAscii.test(word) ? stemmer(word) : word);

function fold(word: string): string {
  if (plainAscii.test(word) || !foldedScripts.test(word)) return word;
  return word
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[ßæœøłđðþı]/g, (letter) => plainLetters[letter] as string)
    .normalize("NFC");
}

/** A Korean word whole, without its particle, and by pairs of syllables, which find a noun within a compound. */
function hangulTerms(word: string): string[] {
  const particle = particles.find((ending) => word.length > ending.length && word.endsWith(ending));
  const noun = particle === undefined ? [] : [word.slice(0, -particle.length)];
  const syllables = Array.from(word);
  const pairs = syllables.slice(1).map((syllable, at) => `${syllables[at]}${syllable}`);
  return [word, ...noun, ...pairs];
}

/** Scripts that put no space between words are indexed by overlapping pairs of characters, Han characters also each by itself. */
function characterPairs(run: string, offset: number): TermAt[] {
  const characters = Array.from(run);
  let at = offset;
  return characters.flatMap((character, index) => {
    const start = at;
    at += character.length;
    const next = characters[index + 1];
    const own = { term: character, start, end: at };
    if (next === undefined) return [own];
    const pair = { term: character + next, start, end: at + next.length };
    return han.test(character) ? [pair, own] : [pair];
  });
}

/** How often each term occurs. */
export function countTerms(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of list) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
