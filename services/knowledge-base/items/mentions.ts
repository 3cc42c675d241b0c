import type { Session } from "../database/types";
import { words } from "../text/terms";

/** Finds the concepts whose name stands in a text as whole words. */
export type MentionFinder = (text: string) => string[];

/** Shortest name that counts as a mention, in characters: shorter ones stand in every text. */
const shortest = 3;

/** Reads the names of the concepts that a space may refer to: the canon's and its own. */
export async function mentionFinder(session: Session, space: number): Promise<MentionFinder> {
  const { rows } = await session.query<{ id: string; name: string }>(
    `SELECT c.id, c.name FROM narrative_concepts c LEFT JOIN worlds w ON w.id = c.world_id
     WHERE (c.world_id IS NULL OR w.space = $1) AND length(c.name) >= $2`,
    [space, shortest],
  );
  const names = rows.map(({ id, name }) => ({ id, name: ` ${words(name).join(" ")} ` }));
  return (text) => {
    const spoken = ` ${words(text).join(" ")} `;
    return names.filter(({ name }) => name.trim() !== "" && spoken.includes(name)).map(({ id }) => id);
  };
}

/** Escapes what LIKE would read as a pattern; done to the argument, since the question itself means what it says. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
}

/** Marks the passages of a generation that mention a concept, as far as the transaction may change them. */
export async function markMentions(session: Session, generation: number, id: string, name: string): Promise<void> {
  if (name.length < shortest) return;
  await session.query(
    `UPDATE passages SET concept_ids = array_append(concept_ids, $2::uuid)
     WHERE generation_id = $1 AND NOT ($2::uuid = ANY (concept_ids)) AND content ILIKE $3`,
    [generation, id, `%${escapeLike(name)}%`],
  );
}
