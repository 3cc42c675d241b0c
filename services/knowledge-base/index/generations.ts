import { InputError } from "../../../contracts/input-error";
import type { Session } from "../database/types";

export type GenerationState = "filling" | "active" | "previous";

/** One embedder, analyzer and chunker over the whole memory. One generation answers; a second can be filled beside it. */
export interface Generation {
  readonly id: number;
  readonly embedder: string;
  readonly embedderVersion: string;
  readonly chunkerVersion: string;
  /** Numbers of a stored vector. */
  readonly dimensions: number;
  readonly state: GenerationState;
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
}

const columns = `id, embedder, embedder_version AS "embedderVersion", chunker_version AS "chunkerVersion", dimensions, state,
  created_at AS "createdAt", activated_at AS "activatedAt"`;

export async function listGenerations(session: Session): Promise<Generation[]> {
  const { rows } = await session.query<Generation>(`SELECT ${columns} FROM generations ORDER BY id`);
  return rows;
}

export async function generationIn(session: Session, state: GenerationState): Promise<Generation | undefined> {
  const { rows } = await session.prepared<Generation>(`SELECT ${columns} FROM generations WHERE state = $1`, [state]);
  return rows[0];
}

/** Makes an empty generation with its partitions. */
export async function createGeneration(
  session: Session,
  made: Pick<Generation, "embedder" | "embedderVersion" | "chunkerVersion" | "dimensions" | "state">,
): Promise<Generation> {
  const { rows } = await session.query<Generation>(
    `INSERT INTO generations (embedder, embedder_version, chunker_version, dimensions, state, activated_at)
     VALUES ($1, $2, $3, $4, $5, CASE WHEN $5 = 'active' THEN now() END) RETURNING ${columns}`,
    [made.embedder, made.embedderVersion, made.chunkerVersion, made.dimensions, made.state],
  );
  const generation = rows[0] as Generation;
  await session.query("SELECT kb_add_partitions($1)", [generation.id]);
  return generation;
}

/** Lets the filled generation answer; the one before stays for a rollback, an older one goes. */
export async function activateFilled(session: Session, id: number): Promise<void> {
  const previous = await generationIn(session, "previous");
  if (previous !== undefined) await session.query("SELECT kb_drop_generation($1)", [previous.id]);
  await session.query("UPDATE generations SET state = 'previous' WHERE state = 'active'");
  await session.query("UPDATE generations SET state = 'active', activated_at = now() WHERE id = $1", [id]);
}

/**
 * Lets the generation before answer again; the one that answered becomes the one before.
 * @throws InputError when there is none
 */
export async function rollBack(session: Session): Promise<Generation> {
  const [active, previous] = [await generationIn(session, "active"), await generationIn(session, "previous")];
  if (previous === undefined || active === undefined) {
    throw new InputError({
      path: "generation",
      given: "rollback",
      allowed: "a rollback after a switch: there is no generation before",
    });
  }
  await session.query("UPDATE generations SET state = 'filling' WHERE id = $1", [previous.id]);
  await session.query("UPDATE generations SET state = 'previous' WHERE id = $1", [active.id]);
  await session.query("UPDATE generations SET state = 'active', activated_at = now() WHERE id = $1", [previous.id]);
  return { ...previous, state: "active" };
}

/** Takes away a generation that does not answer. */
export async function dropGeneration(session: Session, id: number): Promise<void> {
  await session.query("SELECT kb_drop_generation($1)", [id]);
}

/** An item whose passages a generation lacks or holds in an older form. */
export interface StaleItem {
  readonly kind: "document" | "concept" | "event" | "fact";
  readonly id: string;
  readonly space: number;
}

export async function staleItems(session: Session, generation: number, most: number): Promise<StaleItem[]> {
  const { rows } = await session.query<StaleItem>(
    `SELECT i.kind, i.id, i.space FROM indexable i
     WHERE NOT EXISTS (SELECT FROM indexed_items x WHERE x.generation_id = $1 AND x.kind = i.kind AND x.item_id = i.id
       AND x.space = i.space AND x.content_hash = i.content_hash)
     ORDER BY i.kind, i.id, i.space LIMIT $2`,
    [generation, most],
  );
  return rows;
}

/** Items that a generation holds and that are gone. */
export async function orphanedItems(session: Session, generation: number, most: number): Promise<StaleItem[]> {
  const { rows } = await session.query<StaleItem>(
    `SELECT x.kind, x.item_id AS id, x.space FROM indexed_items x
     WHERE x.generation_id = $1
       AND NOT EXISTS (SELECT FROM indexable i WHERE i.kind = x.kind AND i.id = x.item_id AND i.space = x.space)
     LIMIT $2`,
    [generation, most],
  );
  return rows;
}
