import { termsAt } from "../text/terms";

/** A part of a passage with the places of the question's words in it. */
export interface Highlight {
  readonly text: string;
  /** Start and end of each word in `text`, in UTF-16 code units. */
  readonly marks: readonly (readonly [start: number, end: number])[];
}

/** Longest highlight in characters. */
const longest = 280;

/** The stretch of a passage with the most different words of the question, cut between words. */
export function highlight(content: string, terms: ReadonlySet<string>): Highlight {
  const found = termsAt(content).filter(({ term }) => terms.has(term));
  let best = { from: 0, to: 0, distinct: 0 };
  for (let from = 0, to = 0; from < found.length; from += 1) {
    const start = found[from]?.start as number;
    while (to < found.length && (found[to]?.end as number) - start <= longest - 40) to += 1;
    const distinct = new Set(found.slice(from, to).map(({ term }) => term)).size;
    if (distinct > best.distinct) best = { from, to, distinct };
  }
  const [start, end] = widen(content, found[best.from]?.start ?? 0, found[best.to - 1]?.end ?? 0);
  const inside = found.slice(best.from, best.to).filter((word) => word.start >= start && word.end <= end);
  return {
    text: content.slice(start, end),
    marks: joined(inside).map((mark) => [mark.start - start, mark.end - start]),
  };
}

/** A word may be found by several terms, and pairs of characters overlap: each stretch is marked once. */
function joined(found: readonly { start: number; end: number }[]): { start: number; end: number }[] {
  const marks: { start: number; end: number }[] = [];
  for (const { start, end } of found) {
    const last = marks.at(-1);
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
    else marks.push({ start, end });
  }
  return marks;
}

function widen(content: string, start: number, end: number): [number, number] {
  const spare = Math.max(0, longest - (end - start));
  let from = Math.max(0, start - Math.floor(spare / 3));
  let to = Math.min(content.length, from + longest);
  if (from > 0) from = Math.min(start, from + content.slice(from, start).search(/\s|$/) + 1);
  if (to < content.length) {
    const cut = content.slice(Math.max(end, from), to).search(/\s\S*$/);
    if (cut > 0) to = Math.max(end, from) + cut;
  }
  return [Math.min(from, start), Math.max(to, end)];
}
