import { generationIn } from "../index/generations";
import { readDocument } from "../ingest/reader";
import { deleteDocument, getDocument, listDocuments, putDocument } from "../items/documents";
import { onceOf } from "../items/once";
import { readStats } from "../items/stats";
import { readScope, worldOf, writeScope } from "./callers";
import { pages, type StoryHandlers } from "./story";

/** Documents: put, list, read, delete, count. */
export const documents = {
  stats: (call) =>
    call.state.indexer.database.transaction(readScope(call, call.query.worldId), async (session) =>
      readStats(session, await generationIn(session, "active")),
    ),

  async listDocuments(call) {
    const { limit, cursor, worldId, source, type } = call.query;
    const { after, page } = pages(call.kit.cursors, "documents");
    const filter = { source, type, after: after(cursor), limit: limit + 1 };
    const rows = await call.state.indexer.database.transaction(readScope(call, worldId), (session) =>
      listDocuments(session, filter),
    );
    return page(rows, limit, ({ createdAt }) => createdAt);
  },

  async putDocument(call) {
    const { body, state } = call;
    const worldId = worldOf(call, body.worldId);
    const scope = writeScope(call, body.worldId);
    const document = await readDocument({ ...body, worldId });
    const stored = await putDocument(state.indexer, scope, document, onceOf(call, worldId));
    if (stored.status !== "unchanged") state.wrote();
    return stored;
  },

  getDocument: (call) =>
    call.state.indexer.database.transaction(readScope(call, call.query.worldId), (session) =>
      getDocument(session, call.params.id),
    ),

  deleteDocument: (call) => deleteDocument(call.state.indexer, writeScope(call), call.params.id),
} satisfies StoryHandlers;
