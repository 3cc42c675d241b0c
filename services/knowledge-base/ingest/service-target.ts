import { knowledgeBase } from "../../../contracts/services/knowledge-base";
import { CallFailed, type ClientTarget, clientOf } from "../../../runtime/service/client";
import { NotFound } from "../items/errors";
import type { IngestTarget } from "./ingest";

/** Ingests into a running service through its API; the service embeds, indexes and trains. */
export function serviceTarget(target: ClientTarget): IngestTarget {
  const client = clientOf(knowledgeBase, target);
  return {
    async known(source, worldId) {
      const stored = new Map<string, { id: string; contentHash: string }>();
      let cursor: string | undefined;
      do {
        const query = { source, limit: 500, cursor, worldId: worldId ?? undefined };
        const { body } = await client.listDocuments({ query }).catch((error: unknown) => {
          throw worldId !== null && isMissing(error) ? new NotFound("world") : error;
        });
        for (const { file, id, contentHash, worldId: owner } of body.items) {
          if (owner === worldId) stored.set(file, { id, contentHash });
        }
        cursor = body.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return stored;
    },
    begin: () => Promise.resolve(),
    async put({ source, file, content, worldId, type, title, mediaType }) {
      const body = { source, file, content, type, title, mediaType, ...(worldId === null ? {} : { worldId }) };
      return { passages: (await client.putDocument({ body })).body.passages };
    },
    async remove(_file, id) {
      await client.deleteDocument({ params: { id } }).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
    failed: () => Promise.resolve(),
    finish: () => Promise.resolve({ nearDuplicates: [] }),
  };
}

const isMissing = (error: unknown): boolean => error instanceof CallFailed && error.status === 404;
