import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { healthPaths } from "../../../../contracts/health";
import { canon, everything } from "../../database/types";
import { generationIn } from "../../index/generations";
import { passageCount } from "../../index/maintenance";
import type { Metrics } from "../metrics";
import { Refusal } from "../problems";
import { JobView } from "../schemas";
import { route, type Service } from "../service";

const State = Type.Object({ status: Type.String() });
/** Readiness asks the database at most this often, in milliseconds. */
const readyFor = 1_000;

/** Health, readiness, metrics, the OpenAPI document, and jobs of ingestion. */
export function operationRoutes(app: FastifyInstance, { indexer }: Service, metrics: Metrics): void {
  const paths = healthPaths.knowledgeBase;
  let checked = { at: 0, ready: false };

  const isReady = async () => {
    if (Date.now() - checked.at < readyFor) return checked.ready;
    const ready = await indexer.database
      .transaction(canon, (session) => generationIn(session, "active"))
      .then(
        () => true,
        () => false,
      );
    checked = { at: Date.now(), ready };
    metrics.ready.set(ready ? 1 : 0);
    return ready;
  };

  app.get(
    paths.live,
    route({ id: "health", summary: "Whether the process answers.", tag: "operation", reply: State }),
    () => ({
      status: "ok",
    }),
  );
  app.get(
    paths.ready,
    route({ id: "ready", summary: "Whether the database answers and is migrated.", tag: "operation", reply: State }),
    async (_request, reply) => {
      const ready = await isReady();
      return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready" });
    },
  );
  app.get(paths.metrics, { schema: { hide: true } }, async (_request, reply) => {
    if (await isReady()) {
      const active = await indexer.database.transaction(canon, (session) => generationIn(session, "active"));
      if (active !== undefined) metrics.passages.set(await passageCount(indexer, active));
    }
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());

  app.get(
    "/ingest-jobs",
    route({
      id: "listJobs",
      summary: "Lists the last jobs of ingestion.",
      tag: "operation",
      permission: "admin",
      reply: Type.Object({ items: Type.Array(JobView) }),
    }),
    async (request) => {
      if (request.apiKey?.worldId) throw new Refusal(403, "this key is for one world");
      const { rows } = await indexer.database.transaction(everything, (session) =>
        session.query(
          `SELECT j.id, j.source, j.state, j.started_at AS "startedAt", j.touched_at AS "touchedAt", j.finished_at AS "finishedAt",
             j.error, count(*) FILTER (WHERE i.state = 'pending')::int AS pending,
             count(*) FILTER (WHERE i.state = 'done')::int AS done, count(*) FILTER (WHERE i.state = 'failed')::int AS failed
           FROM ingest_jobs j LEFT JOIN ingest_items i ON i.job_id = j.id
           GROUP BY j.id ORDER BY j.started_at DESC, j.id LIMIT 50`,
        ),
      );
      return { items: rows };
    },
  );
}
