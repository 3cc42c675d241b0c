import type { Scope, Session } from "../database/types";
import { generationIn, listGenerations } from "../index/generations";
import { type Indexer, storePrepared } from "../index/indexer";
import { removeItem } from "../index/writer";
import { piece, sha256 } from "../ingest/prepare";
import { type Expected, expectVersion, NotFound } from "./errors";
import { loadIndexable } from "./indexable";
import { knowers } from "./known-by";
import type { Once } from "./once";
import { getWorld, spaceOf } from "./worlds";

export interface EventInput {
  readonly worldId: string;
  readonly type: string;
  readonly summary: string;
  readonly data?: Record<string, unknown>;
  readonly npcs?: readonly string[];
  /** Who knows of it beside its `npcs`. @default nobody, or everybody where it names no npcs */
  readonly knownBy?: readonly string[];
  readonly conceptIds?: readonly string[];
  /** 0 to 1. @default 0.5 */
  readonly impact?: number;
  /** @default now */
  readonly occurredAt?: string;
}

export interface StoryEvent {
  readonly id: string;
  readonly worldId: string;
  readonly type: string;
  readonly summary: string;
  readonly data: Record<string, unknown>;
  readonly npcs: readonly string[];
  readonly knownBy: readonly string[] | null;
  readonly version: number;
  readonly conceptIds: readonly string[];
  readonly impact: number;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
}

const columns = `id, world_id AS "worldId", type, summary, data, npcs, known_by AS "knownBy", version, concept_ids AS "conceptIds", impact,
  occurred_at AS "occurredAt", recorded_at AS "recordedAt"`;

/** Records what happened in a world, and its passage. @throws NotFound when the asker does not see the world */
export async function recordEvent(
  indexer: Indexer,
  scope: Scope,
  input: EventInput,
  once?: Once<StoryEvent>,
): Promise<StoryEvent> {
  const generation = await indexer.active();
  const people = input.npcs === undefined || input.npcs.length === 0 ? "" : `\n${input.npcs.join(", ")}`;
  const pieces = [piece(input.type, "", `${input.summary}${people}`)];
  const vectors = await indexer.vectors(generation, pieces);
  return indexer.database.transaction(scope, async (session) => {
    const before = await once?.claim(session);
    if (before !== undefined) return before;
    await getWorld(session, input.worldId);
    const { rows } = await session.query<StoryEvent>(
      `INSERT INTO story_events (world_id, type, summary, data, npcs, concept_ids, impact, occurred_at, content_hash, known_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::timestamptz, now()), $9, $10) RETURNING ${columns}`,
      [
        input.worldId,
        input.type,
        input.summary,
        JSON.stringify(input.data ?? {}),
        input.npcs ?? [],
        input.conceptIds ?? [],
        input.impact ?? 0.5,
        input.occurredAt ?? null,
        sha256([input.type, input.summary, ...(input.npcs ?? [])].join("\0")),
        eventKnowers(input.npcs ?? [], input.knownBy),
      ],
    );
    const event = rows[0] as StoryEvent;
    if ((await generationIn(session, "active"))?.id === generation.id) {
      const stored = await loadIndexable(session, "event", event.id, 0);
      if (stored !== undefined) await storePrepared(session, { ...stored, pieces, generation, vectors });
    }
    await once?.keep(session, event);
    return event;
  });
}

function eventKnowers(npcs: readonly string[], knownBy: readonly string[] | undefined): string[] | null {
  return knowers(npcs.length === 0 ? undefined : npcs, knownBy);
}

/** @throws NotFound */
export async function getEvent(session: Session, id: string): Promise<StoryEvent> {
  const { rows } = await session.query<StoryEvent>(`SELECT ${columns} FROM story_events WHERE id = $1`, [id]);
  if (rows[0] === undefined) throw new NotFound("event");
  return rows[0];
}

export interface EventChange extends Partial<Omit<EventInput, "worldId">> {
  /** Who learned of it besides. */
  readonly learnedBy?: readonly string[];
}

/**
 * Tells an event differently.
 * @throws NotFound, OtherVersion
 */
export async function changeEvent(
  indexer: Indexer,
  scope: Scope,
  id: string,
  change: EventChange,
  expected?: Expected,
): Promise<StoryEvent> {
  const { event, space } = await indexer.database.transaction(scope, async (session) => {
    // Locked before it is read: a change builds on the one before it.
    await session.query("SELECT FROM story_events WHERE id = $1 FOR UPDATE", [id]);
    const before = await getEvent(session, id);
    expectVersion(expected, before.version);
    const npcs = change.npcs ?? before.npcs;
    const named = change.npcs !== undefined || change.knownBy !== undefined;
    const kept = named ? eventKnowers(npcs, change.knownBy ?? before.knownBy ?? undefined) : before.knownBy;
    const knownBy = kept === null ? null : knowers(kept, change.learnedBy);
    const told = {
      type: change.type ?? before.type,
      summary: change.summary ?? before.summary,
      conceptIds: change.conceptIds ?? before.conceptIds,
      occurredAt: change.occurredAt ?? before.occurredAt,
    };
    const { rows } = await session.query<StoryEvent>(
      `UPDATE story_events SET type = $2, summary = $3, data = $4, npcs = $5, concept_ids = $6, impact = $7, occurred_at = $8,
         known_by = $9, content_hash = $10, version = version + 1 WHERE id = $1 RETURNING ${columns}`,
      [
        id,
        told.type,
        told.summary,
        JSON.stringify(change.data ?? before.data),
        npcs,
        told.conceptIds,
        change.impact ?? before.impact,
        told.occurredAt,
        knownBy,
        sha256(JSON.stringify([told, npcs, knownBy])),
      ],
    );
    if (rows[0] === undefined) throw new NotFound("event");
    return { event: rows[0], space: await spaceOf(session, before.worldId) };
  });
  indexer.switched();
  await indexer.indexStored(await indexer.active(), "event", id, space);
  return event;
}

/** Removes an event and its passage. @throws NotFound, OtherVersion */
export async function deleteEvent(indexer: Indexer, scope: Scope, id: string, expected?: Expected): Promise<void> {
  await indexer.database.transaction(scope, async (session) => {
    await session.query("SELECT FROM story_events WHERE id = $1 FOR UPDATE", [id]);
    expectVersion(expected, (await getEvent(session, id)).version);
    const { rows } = await session.query<{ worldId: string }>(
      'DELETE FROM story_events WHERE id = $1 RETURNING world_id AS "worldId"',
      [id],
    );
    if (rows[0] === undefined) throw new NotFound("event");
    const space = await spaceOf(session, rows[0].worldId);
    for (const generation of await listGenerations(session)) {
      await removeItem(session, generation.id, { kind: "event", id, space });
    }
  });
}

/** A page of a world's events, latest first. */
export async function listEvents(
  session: Session,
  filter: {
    worldId: string;
    type?: string;
    since?: string;
    until?: string;
    /** Only what somebody knows of. */
    knownBy?: string;
    before?: { at: string; id: string };
    limit: number;
  },
): Promise<StoryEvent[]> {
  await getWorld(session, filter.worldId);
  const { rows } = await session.query<StoryEvent>(
    `SELECT ${columns} FROM story_events WHERE world_id = $1 AND ($2::text IS NULL OR type = $2)
       AND ($3::timestamptz IS NULL OR occurred_at >= $3) AND ($4::timestamptz IS NULL OR occurred_at < $4)
       AND ($5::timestamptz IS NULL OR (occurred_at, id) < ($5, $6::uuid))
       AND ($8::text IS NULL OR known_by IS NULL OR $8 = ANY (known_by))
     ORDER BY occurred_at DESC, id DESC LIMIT $7`,
    [
      filter.worldId,
      filter.type ?? null,
      filter.since ?? null,
      filter.until ?? null,
      filter.before?.at ?? null,
      filter.before?.id ?? null,
      filter.limit,
      filter.knownBy ?? null,
    ],
  );
  return rows;
}
