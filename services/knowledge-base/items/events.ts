import type { Scope, Session } from "../database/types";
import { generationIn } from "../index/generations";
import { type Indexer, storePrepared } from "../index/indexer";
import { piece, sha256 } from "../ingest/prepare";
import { loadIndexable } from "./indexable";
import { getWorld } from "./worlds";

export interface EventInput {
  readonly worldId: string;
  readonly type: string;
  readonly summary: string;
  readonly data?: Record<string, unknown>;
  readonly npcs?: readonly string[];
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
  readonly conceptIds: readonly string[];
  readonly impact: number;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
}

const columns = `id, world_id AS "worldId", type, summary, data, npcs, concept_ids AS "conceptIds", impact,
  occurred_at AS "occurredAt", recorded_at AS "recordedAt"`;

/** Records what happened in a world, and its passage. @throws NotFound when the asker does not see the world */
export async function recordEvent(indexer: Indexer, scope: Scope, input: EventInput): Promise<StoryEvent> {
  const generation = await indexer.active();
  const people = input.npcs === undefined || input.npcs.length === 0 ? "" : `\n${input.npcs.join(", ")}`;
  const pieces = [piece(input.type, "", `${input.summary}${people}`)];
  const vectors = await indexer.vectors(generation, pieces);
  return indexer.database.transaction(scope, async (session) => {
    await getWorld(session, input.worldId);
    const { rows } = await session.query<StoryEvent>(
      `INSERT INTO story_events (world_id, type, summary, data, npcs, concept_ids, impact, occurred_at, content_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::timestamptz, now()), $9) RETURNING ${columns}`,
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
      ],
    );
    const event = rows[0] as StoryEvent;
    if ((await generationIn(session, "active"))?.id === generation.id) {
      const stored = await loadIndexable(session, "event", event.id, 0);
      if (stored !== undefined) await storePrepared(session, { ...stored, pieces, generation, vectors });
    }
    return event;
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
    before?: { at: string; id: string };
    limit: number;
  },
): Promise<StoryEvent[]> {
  await getWorld(session, filter.worldId);
  const { rows } = await session.query<StoryEvent>(
    `SELECT ${columns} FROM story_events WHERE world_id = $1 AND ($2::text IS NULL OR type = $2)
       AND ($3::timestamptz IS NULL OR occurred_at >= $3) AND ($4::timestamptz IS NULL OR occurred_at < $4)
       AND ($5::timestamptz IS NULL OR (occurred_at, id) < ($5, $6::uuid))
     ORDER BY occurred_at DESC, id DESC LIMIT $7`,
    [
      filter.worldId,
      filter.type ?? null,
      filter.since ?? null,
      filter.until ?? null,
      filter.before?.at ?? null,
      filter.before?.id ?? null,
      filter.limit,
    ],
  );
  return rows;
}
