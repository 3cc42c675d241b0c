import { everything } from "../database/types";
import type { Indexer } from "../index/indexer";
import { finishBulk, needsRefill, type Progress, refill } from "../index/maintenance";
import { deleteDocument, documentsOfSource, nearDuplicates, putDocument } from "../items/documents";
import { NotFound } from "../items/errors";
import { spaceOf } from "../items/worlds";
import type { IngestTarget } from "./ingest";

/** Ingests into the database itself, and keeps the job and its items in tables. */
export function databaseTarget(indexer: Indexer, progress: Progress): IngestTarget {
  const { database } = indexer;
  let job = "";
  let embeddedBefore = indexer.embedded;

  const mark = (file: string, state: "done" | "failed", passages: number | null, error: string | null) =>
    database.transaction(everything, async (session) => {
      await session.query(
        `INSERT INTO ingest_items (job_id, source_file, action, state, passages, error) VALUES ($1, $2, 'add', $3, $4, $5)
         ON CONFLICT (job_id, source_file) DO UPDATE
         SET state = EXCLUDED.state, passages = EXCLUDED.passages, error = EXCLUDED.error`,
        [job, file, state, passages, error],
      );
      await session.query("UPDATE ingest_jobs SET touched_at = now() WHERE id = $1", [job]);
    });

  return {
    known: (source, worldId) =>
      database.transaction(everything, async (session) => {
        await spaceOf(session, worldId);
        return documentsOfSource(session, source, worldId);
      }),

    async begin(source, plan) {
      embeddedBefore = indexer.embedded;
      job = await database.transaction(everything, async (session) => {
        // Jobs of the source that nobody touched for a while were killed; this one does what they left.
        await session.query(
          `UPDATE ingest_jobs SET state = 'failed', error = 'interrupted', finished_at = now()
           WHERE source = $1 AND state = 'running' AND ($2 OR touched_at < now() - interval '5 minutes')`,
          [source, database.engine === "embedded"],
        );
        const { rows } = await session.query<{ id: string }>(
          "INSERT INTO ingest_jobs (source, state) VALUES ($1, 'running') RETURNING id",
          [source],
        );
        const id = (rows[0] as { id: string }).id;
        const items = [
          ...plan.add.map(({ file }) => [file, "add"] as const),
          ...plan.update.map(({ file }) => [file, "update"] as const),
          ...plan.vanished.map(({ file }) => [file, "delete"] as const),
        ];
        await session.query(
          `INSERT INTO ingest_items (job_id, source_file, action, state)
           SELECT $1, file, action, 'pending' FROM unnest($2::text[], $3::text[]) AS planned (file, action)`,
          [id, items.map(([file]) => file), items.map(([, action]) => action)],
        );
        return id;
      });
    },

    async put(document) {
      const { passages } = await putDocument(indexer, everything, document);
      await mark(document.file, "done", passages, null);
      return { passages };
    },

    async remove(file, id) {
      // Someone else may have removed it meanwhile: that is the same end.
      await deleteDocument(indexer, everything, id).catch((error: unknown) => {
        if (!(error instanceof NotFound)) throw error;
      });
      await mark(file, "done", null, null);
    },

    failed: (file, error) => mark(file, "failed", null, error),

    async finish(source) {
      const active = await indexer.active();
      if (needsRefill(indexer, active)) await refill(indexer, { progress });
      else await finishBulk(indexer, active);
      await indexer.forget();
      await database.transaction(everything, (session) =>
        session.query("UPDATE ingest_jobs SET state = 'done', finished_at = now() WHERE id = $1", [job]),
      );
      return { nearDuplicates: await nearDuplicates(indexer, source), embedded: indexer.embedded - embeddedBefore };
    },
  };
}
