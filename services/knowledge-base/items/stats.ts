import type { Session } from "../database/types";
import type { Generation } from "../index/generations";

export interface Stats {
  readonly documents: number;
  readonly byType: Readonly<Record<string, number>>;
  readonly concepts: number;
  readonly events: number;
  readonly passages: number;
  readonly generation: Pick<Generation, "id" | "embedder" | "embedderVersion" | "chunkerVersion"> | null;
}

/** Counts what the transaction sees. */
export async function readStats(session: Session, active: Generation | undefined): Promise<Stats> {
  const { rows: types } = await session.query<{ type: string; n: number }>(
    "SELECT type, count(*)::int AS n FROM narrative_documents GROUP BY type ORDER BY type",
  );
  const { rows } = await session.query<{ concepts: number; events: number; passages: number }>(
    `SELECT (SELECT count(*)::int FROM narrative_concepts) AS concepts, (SELECT count(*)::int FROM story_events) AS events,
       (SELECT coalesce(sum(passages), 0)::int FROM space_sizes WHERE generation_id = $1) AS passages`,
    [active?.id ?? 0],
  );
  const counts = rows[0] as { concepts: number; events: number; passages: number };
  return {
    documents: types.reduce((sum, { n }) => sum + n, 0),
    byType: Object.fromEntries(types.map(({ type, n }) => [type, n])),
    ...counts,
    generation:
      active === undefined
        ? null
        : {
            id: active.id,
            embedder: active.embedder,
            embedderVersion: active.embedderVersion,
            chunkerVersion: active.chunkerVersion,
          },
  };
}
