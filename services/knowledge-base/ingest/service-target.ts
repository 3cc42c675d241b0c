import type { KnowledgeBaseClient } from "../client/client";
import { NotFound } from "../items/errors";
import type { IngestTarget } from "./ingest";

/** Ingests into a running service through its API; the service embeds, indexes and trains. */
export function serviceTarget(client: KnowledgeBaseClient): IngestTarget {
  return {
    async known(source, worldId) {
      const stored = new Map<string, { id: string; contentHash: string }>();
      let cursor: string | undefined;
      do {
        const query = { source, limit: 500, cursor, worldId: worldId ?? undefined };
        const { data, error, response } = await client.GET("/documents", { params: { query } });
        if (response.status === 404 && worldId !== null) throw new NotFound("world");
        if (data === undefined) throw refused(error);
        for (const { file, id, contentHash, worldId: owner } of data.items) {
          if (owner === worldId) stored.set(file, { id, contentHash });
        }
        cursor = data.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return stored;
    },
    begin: () => Promise.resolve(),
    async put({ source, file, content, worldId, type, title, mediaType }) {
      const body = { source, file, content, type, title, mediaType, ...(worldId === null ? {} : { worldId }) };
      const { data, error } = await client.PUT("/documents", { body });
      if (data === undefined) throw refused(error);
      return { passages: data.passages };
    },
    async remove(_file, id) {
      const { response, error } = await client.DELETE("/documents/{id}", { params: { path: { id } } });
      if (!response.ok && response.status !== 404) throw refused(error);
    },
    failed: () => Promise.resolve(),
    finish: () => Promise.resolve({ nearDuplicates: [] }),
  };
}

function refused(problem: unknown): Error {
  const { status, title, detail } = (problem ?? {}) as { status?: number; title?: string; detail?: string };
  return new Error(`the service answered ${status ?? "nothing"} ${title ?? ""}: ${detail ?? ""}`.trim());
}
