import { Type } from "typebox";
import { generationIn } from "../../index/generations";
import { documentTypes } from "../../ingest/prepare";
import { readDocument } from "../../ingest/reader";
import { deleteDocument, getDocument, listDocuments, putDocument } from "../../items/documents";
import { readStats } from "../../items/stats";
import { readScope, worldOf, writeScope } from "../auth";
import { largestDocumentBody } from "../bodies";
import { onceOf } from "../idempotency";
import {
  DocumentBody,
  DocumentView,
  DocumentWithText,
  IdParams,
  PutReply,
  page,
  paged,
  StatsReply,
  Uuid,
} from "../schemas";
import { bodyOf, cursorOf, idOf, pageOf, queryOf, type Routes, route } from "../service";

const ListQuery = Type.Object(
  {
    ...page,
    worldId: Type.Optional(Uuid),
    source: Type.Optional(Type.String({ maxLength: 255 })),
    type: Type.Optional(Type.Unsafe<string>({ type: "string", enum: [...documentTypes] })),
  },
  { additionalProperties: false },
);
const WorldQuery = Type.Object({ worldId: Type.Optional(Uuid) }, { additionalProperties: false });
type ListQuery = { limit?: number; cursor?: string; worldId?: string; source?: string; type?: string };

/** Documents: put, list, read, delete, count. */
export const documentRoutes: Routes = (app, { indexer, cursors, wrote }) => {
  const { database } = indexer;
  const tag = "documents";

  app.get(
    "/documents/stats",
    route({
      id: "stats",
      summary: "Counts what the asker sees.",
      tag,
      permission: "read",
      query: WorldQuery,
      reply: StatsReply,
    }),
    (request) => {
      const scope = readScope(request, queryOf<ListQuery>(request).worldId);
      return database.transaction(scope, async (session) => readStats(session, await generationIn(session, "active")));
    },
  );

  app.get(
    "/documents",
    route({
      id: "listDocuments",
      summary: "Lists documents without their text.",
      tag,
      permission: "read",
      query: ListQuery,
      reply: paged(DocumentView),
    }),
    async (request) => {
      const { limit = 50, cursor, worldId, source, type } = queryOf<ListQuery>(request);
      const after = cursorOf(cursors, "documents", cursor);
      const rows = await database.transaction(readScope(request, worldId), (session) =>
        listDocuments(session, { source, type, after, limit: limit + 1 }),
      );
      return pageOf(rows, limit, cursors, "documents", ({ createdAt }) => createdAt);
    },
  );

  app.put(
    "/documents",
    route({
      id: "putDocument",
      summary: "Stores a document under its source and file; what has not changed is left alone.",
      tag,
      permission: "write",
      body: DocumentBody,
      bodyLimit: largestDocumentBody,
      reply: PutReply,
    }),
    async (request) => {
      const body = bodyOf<DocumentBody>(request);
      const worldId = worldOf(request, body.worldId);
      const stored = await putDocument(
        indexer,
        writeScope(request, body.worldId),
        await readDocument({ ...body, worldId }),
        onceOf(request, worldId),
      );
      if (stored.status !== "unchanged") wrote();
      return stored;
    },
  );

  app.get(
    "/documents/:id",
    route({
      id: "getDocument",
      summary: "Reads a document with its text.",
      tag,
      permission: "read",
      params: IdParams,
      query: WorldQuery,
      reply: DocumentWithText,
    }),
    (request) =>
      database.transaction(readScope(request, queryOf<ListQuery>(request).worldId), (session) =>
        getDocument(session, idOf(request)),
      ),
  );

  app.delete(
    "/documents/:id",
    route({
      id: "deleteDocument",
      summary: "Removes a document.",
      tag,
      permission: "write",
      params: IdParams,
      status: 204,
    }),
    async (request, reply) => {
      await deleteDocument(indexer, writeScope(request), idOf(request));
      return reply.code(204).send();
    },
  );
};
