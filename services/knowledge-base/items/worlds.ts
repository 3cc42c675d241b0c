import type { worldTypes } from "../../../contracts/story";
import { everything, type Session, sqlState, sqlStates } from "../database/types";
import type { Indexer } from "../index/indexer";
import { Conflict, type Expected, expectVersion, NotFound } from "./errors";
import type { Once } from "./once";

export interface World {
  readonly id: string;
  readonly playerId: string;
  readonly name: string;
  readonly type: (typeof worldTypes)[number];
  readonly state: Record<string, unknown>;
  readonly active: boolean;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `id, player_id AS "playerId", name, type, state, active, version, created_at AS "createdAt", updated_at AS "updatedAt"`;

/** Makes a world. @throws Conflict when the player has one of that name */
export async function createWorld(
  session: Session,
  world: { playerId: string; name: string; type: World["type"]; state?: Record<string, unknown> },
  once?: Once<World>,
): Promise<World> {
  const before = await once?.claim(session);
  if (before !== undefined) return before;
  try {
    const { rows } = await session.query<World>(
      `INSERT INTO worlds (player_id, name, type, state) VALUES ($1, $2, $3, $4) RETURNING ${columns}`,
      [world.playerId, world.name, world.type, JSON.stringify(world.state ?? {})],
    );
    const made = rows[0] as World;
    await once?.keep(session, made);
    return made;
  } catch (error) {
    if (sqlState(error) === sqlStates.uniqueViolation) throw new Conflict("this player has a world of that name");
    throw error;
  }
}

/** @throws NotFound */
export async function getWorld(session: Session, id: string): Promise<World> {
  const { rows } = await session.query<World>(`SELECT ${columns} FROM worlds WHERE id = $1`, [id]);
  if (rows[0] === undefined) throw new NotFound("world");
  return rows[0];
}

export async function listWorlds(
  session: Session,
  filter: { playerId?: string; after?: { at: string; id: string }; limit: number },
): Promise<World[]> {
  const { rows } = await session.query<World>(
    `SELECT ${columns} FROM worlds WHERE ($1::text IS NULL OR player_id = $1)
       AND ($2::timestamptz IS NULL OR (created_at, id) > ($2, $3::uuid))
     ORDER BY created_at, id LIMIT $4`,
    [filter.playerId ?? null, filter.after?.at ?? null, filter.after?.id ?? null, filter.limit],
  );
  return rows;
}

/** Changes a world's state or switches it off. @throws NotFound, OtherVersion */
export async function updateWorld(
  session: Session,
  id: string,
  change: { state?: Record<string, unknown>; active?: boolean },
  expected?: Expected,
): Promise<World> {
  await expectWorld(session, id, expected);
  const { rows } = await session.query<World>(
    `UPDATE worlds SET state = coalesce($2::jsonb, state), active = coalesce($3, active), version = version + 1, updated_at = now()
     WHERE id = $1 RETURNING ${columns}`,
    [id, change.state === undefined ? null : JSON.stringify(change.state), change.active ?? null],
  );
  if (rows[0] === undefined) throw new NotFound("world");
  return rows[0];
}

/** Locks a world before it is changed. */
async function expectWorld(session: Session, id: string, expected: Expected): Promise<void> {
  await session.query("SELECT FROM worlds WHERE id = $1 FOR UPDATE", [id]);
  expectVersion(expected, (await getWorld(session, id)).version);
}

/** Removes a world with everything told in it, also from the index. @throws NotFound, OtherVersion */
export async function deleteWorld(indexer: Indexer, id: string, expected?: Expected): Promise<void> {
  await indexer.database.transaction(everything, async (session) => {
    await expectWorld(session, id, expected);
    const { rows } = await session.query<{ space: number }>("DELETE FROM worlds WHERE id = $1 RETURNING space", [id]);
    const space = rows[0]?.space;
    if (space === undefined) throw new NotFound("world");
    for (const table of ["postings", "passages", "terms", "space_sizes", "indexed_items"]) {
      await session.query(`DELETE FROM ${table} WHERE space = $1`, [space]);
    }
  });
}

/** The index number of a world, 0 for the canon. @throws NotFound when the transaction does not see the world */
export async function spaceOf(session: Session, worldId: string | null): Promise<number> {
  if (worldId === null) return 0;
  const { rows } = await session.query<{ space: number }>("SELECT space FROM worlds WHERE id = $1", [worldId]);
  if (rows[0] === undefined) throw new NotFound("world");
  return rows[0].space;
}
