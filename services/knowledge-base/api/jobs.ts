import { everything } from "../database/types";
import { requireEveryWorld } from "./callers";
import type { StoryHandlers } from "./story";

interface Job {
  readonly id: string;
  readonly source: string;
  readonly state: "running" | "done" | "failed";
  readonly startedAt: Date;
  readonly touchedAt: Date;
  readonly finishedAt: Date | null;
  readonly error: string | null;
  readonly pending: number;
  readonly done: number;
  readonly failed: number;
}

/** Jobs of ingestion. */
export const jobs = {
  async listJobs(call) {
    requireEveryWorld(call);
    const { rows } = await call.state.indexer.database.transaction(everything, (session) =>
      session.query<Job>(
        `SELECT j.id, j.source, j.state, j.started_at AS "startedAt", j.touched_at AS "touchedAt", j.finished_at AS "finishedAt",
           j.error, count(*) FILTER (WHERE i.state = 'pending')::int AS pending,
           count(*) FILTER (WHERE i.state = 'done')::int AS done, count(*) FILTER (WHERE i.state = 'failed')::int AS failed
         FROM ingest_jobs j LEFT JOIN ingest_items i ON i.job_id = j.id
         GROUP BY j.id ORDER BY j.started_at DESC, j.id LIMIT 50`,
      ),
    );
    return { items: rows };
  },
} satisfies StoryHandlers;
