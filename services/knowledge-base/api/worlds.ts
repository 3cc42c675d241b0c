import { reply } from "../../../runtime/service";
import { everything } from "../database/types";
import { listConcepts } from "../items/concepts";
import { listDocuments } from "../items/documents";
import { changeEvent, deleteEvent, getEvent, listEvents, recordEvent } from "../items/events";
import { onceOf } from "../items/once";
import { createWorld, deleteWorld, getWorld, listWorlds, updateWorld } from "../items/worlds";
import { readScope, requireEveryWorld, worldsScope, writeScope } from "./callers";
import { expectedOf, pages, type StoryHandlers } from "./story";

/** Worlds and what happens in them. */
export const worlds = {
  createWorld(call) {
    requireEveryWorld(call);
    return call.state.indexer.database.transaction(everything, (session) =>
      createWorld(session, call.body, onceOf(call, null)),
    );
  },

  async listWorlds(call) {
    const { limit, cursor, playerId } = call.query;
    const { after, page } = pages(call.kit.cursors, "worlds");
    const filter = { playerId, after: after(cursor), limit: limit + 1 };
    const rows = await call.state.indexer.database.transaction(worldsScope(call), (session) =>
      listWorlds(session, filter),
    );
    return page(rows, limit, ({ createdAt }) => createdAt);
  },

  async getWorld(call) {
    const { id } = call.params;
    const world = await call.state.indexer.database.transaction(readScope(call, id), (session) =>
      getWorld(session, id),
    );
    return reply(world, { version: world.version });
  },

  async updateWorld(call) {
    const { id } = call.params;
    const expected = expectedOf(call.precondition);
    const world = await call.state.indexer.database.transaction(writeScope(call, id), (session) =>
      updateWorld(session, id, call.body, expected),
    );
    return reply(world, { version: world.version });
  },

  deleteWorld(call) {
    requireEveryWorld(call);
    return deleteWorld(call.state.indexer, call.params.id, expectedOf(call.precondition));
  },

  worldKnowledge(call) {
    const { limit, knownBy } = call.query;
    const worldId = call.params.id;
    return call.state.indexer.database.transaction(readScope(call, worldId), async (session) => ({
      world: await getWorld(session, worldId),
      events: await listEvents(session, { worldId, knownBy, limit }),
      concepts: await listConcepts(session, { canonOnly: false, ownOf: worldId, knownBy, limit }),
      documents: await listDocuments(session, { ownOf: worldId, limit }),
    }));
  },

  async listEvents(call) {
    const { limit, cursor, ...asked } = call.query;
    const worldId = call.params.id;
    const { after, page } = pages(call.kit.cursors, `events ${worldId}`);
    const filter = { worldId, ...asked, before: after(cursor), limit: limit + 1 };
    const rows = await call.state.indexer.database.transaction(readScope(call, worldId), (session) =>
      listEvents(session, filter),
    );
    return page(rows, limit, ({ occurredAt }) => occurredAt);
  },

  async recordEvent(call) {
    const { body, state } = call;
    const scope = writeScope(call, body.worldId);
    const event = await recordEvent(state.indexer, scope, body, onceOf(call, body.worldId));
    state.wrote();
    return event;
  },

  async getEvent(call) {
    const event = await call.state.indexer.database.transaction(readScope(call, call.query.worldId), (session) =>
      getEvent(session, call.params.id),
    );
    return reply(event, { version: event.version });
  },

  async changeEvent(call) {
    const { worldId, ...change } = call.body;
    const scope = writeScope(call, worldId);
    const expected = expectedOf(call.precondition);
    const event = await changeEvent(call.state.indexer, scope, call.params.id, change, expected);
    call.state.wrote();
    return reply(event, { version: event.version });
  },

  deleteEvent: (call) =>
    deleteEvent(call.state.indexer, writeScope(call), call.params.id, expectedOf(call.precondition)),
} satisfies StoryHandlers;
