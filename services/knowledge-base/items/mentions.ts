import type { Session } from "../database/types";
import { terms, words } from "../text/terms";

/** Finds the concepts whose name stands in a text. */
export type MentionFinder = (text: string) => string[];

/** Shortest name that counts as a mention, in characters: shorter ones stand in every text. */
const shortest = 3;
/** Of scripts whose words are short, or run into each other. */
const shortestDense = 2;
const dense =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u;

/** Whether a text names something: its words in a row, without accents; where scripts have no spaces, its letters anywhere. */
type NameTest = (text: MentionText) => boolean;

interface MentionText {
  readonly text: string;
  /** Its words, between spaces. */
  readonly spoken: string;
  readonly terms: () => ReadonlySet<string>;
}

function nameTest(name: string): NameTest | undefined {
  if (dense.test(name)) return name.length < shortestDense ? undefined : ({ text }) => text.includes(name);
  if (name.length < shortest) return undefined;
  const spoken = words(name).join(" ");
  if (spoken === "") return undefined;
  // A name that is a function word elsewhere counts where the index takes it for a name.
  const alone = terms(name);
  const isCommon = terms(`a ${spoken} b`).length === terms("a b").length;
  return (text) => text.spoken.includes(` ${spoken} `) && (!isCommon || alone.every((term) => text.terms().has(term)));
}

function mentionText(text: string): MentionText {
  let known: ReadonlySet<string> | undefined;
  return {
    text,
    spoken: ` ${words(text).join(" ")} `,
    terms: () => {
      known ??= new Set(terms(text));
      return known;
    },
  };
}

/** Reads the names of the concepts that a space may refer to: the canon's and its own. */
export async function mentionFinder(session: Session, space: number): Promise<MentionFinder> {
  const { rows } = await session.query<{ id: string; name: string }>(
    `SELECT c.id, c.name FROM narrative_concepts c LEFT JOIN worlds w ON w.id = c.world_id
     WHERE c.world_id IS NULL OR w.space = $1`,
    [space],
  );
  const tests = rows.flatMap(({ id, name }) => {
    const test = nameTest(name);
    return test === undefined ? [] : [{ id, test }];
  });
  return (text) => {
    const read = mentionText(text);
    return tests.filter(({ test }) => test(read)).map(({ id }) => id);
  };
}

/** Escapes what LIKE would read as a pattern; done to the argument, since the question itself means what it says. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
}

/** Marks the passages of a generation that mention a concept, as far as the transaction may change them. */
export async function markMentions(session: Session, generation: number, id: string, name: string): Promise<void> {
  const test = nameTest(name);
  const [term] = terms(name).sort((a, b) => b.length - a.length);
  if (test === undefined || term === undefined) return;
  const { rows } = await session.query<{ id: number; text: string }>(
    `SELECT p.id, concat_ws(E'\\n', p.title, p.heading, p.content) AS text FROM passages p
     WHERE p.generation_id = $1 AND NOT ($2::uuid = ANY (p.concept_ids)) AND p.id = ANY (ARRAY (
       SELECT o.passage_id FROM terms t JOIN postings o ON o.generation_id = $1 AND o.term_id = t.id
       WHERE t.generation_id = $1 AND t.term = $3))`,
    [generation, id, term],
  );
  const naming = rows.filter(({ text }) => test(mentionText(text)));
  if (naming.length === 0) return;
  await session.query(
    "UPDATE passages SET concept_ids = array_append(concept_ids, $2::uuid) WHERE generation_id = $1 AND id = ANY ($3::int[])",
    [generation, id, naming.map((passage) => passage.id)],
  );
}
