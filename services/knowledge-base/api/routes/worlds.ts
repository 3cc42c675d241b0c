import { Type } from "typebox";
import { everything } from "../../database/types";
import { listConcepts } from "../../items/concepts";
import { listDocuments } from "../../items/documents";
import { changeEvent, deleteEvent, getEvent, listEvents, recordEvent } from "../../items/events";
import { createWorld, deleteWorld, getWorld, listWorlds, updateWorld } from "../../items/worlds";
import { readScope, writeScope } from "../auth";
import { expectedOf, tagOf } from "../conditions";
import { onceOf } from "../idempotency";
import { Refusal } from "../problems";
import {
  EventBody,
  EventChange,
  EventView,
  IdParams,
  KnowledgeReply,
  knower,
  page,
  paged,
  Time,
  Uuid,
  WorldBody,
  WorldChange,
  WorldView,
} from "../schemas";
import { bodyOf, cursorOf, idOf, pageOf, queryOf, type Routes, route } from "../service";

const closed = { additionalProperties: false };
type EventQuery = { limit?: number; cursor?: string; type?: string; since?: string; until?: string; knownBy?: string };

/** Worlds and what happens in them. */
export const worldRoutes: Routes = (app, { indexer, cursors, wrote }) => {
  const { database } = indexer;

  app.post(
    "/worlds",
    route({
      id: "createWorld",
      summary: "Makes a world.",
      tag: "worlds",
      permission: "admin",
      body: WorldBody,
      reply: WorldView,
      status: 201,
    }),
    async (request, reply) => {
      if (request.apiKey?.worldId) throw new Refusal(403, "this key is for one world");
      const world = await database.transaction(everything, (session) =>
        createWorld(session, bodyOf<WorldBody>(request), onceOf(request, null)),
      );
      return reply.code(201).send(world);
    },
  );

  app.get(
    "/worlds",
    route({
      id: "listWorlds",
      summary: "Lists the worlds that the key reaches.",
      tag: "worlds",
      permission: "read",
      query: Type.Object({ ...page, playerId: Type.Optional(Type.String({ maxLength: 255 })) }, closed),
      reply: paged(WorldView),
    }),
    async (request) => {
      const { limit = 50, cursor, playerId } = queryOf<{ limit?: number; cursor?: string; playerId?: string }>(request);
      const after = cursorOf(cursors, "worlds", cursor);
      const scope = request.apiKey?.worldId ? readScope(request) : everything;
      const rows = await database.transaction(scope, (session) =>
        listWorlds(session, { playerId, after, limit: limit + 1 }),
      );
      return pageOf(rows, limit, cursors, "worlds", ({ createdAt }) => createdAt);
    },
  );

  app.get(
    "/worlds/:id",
    route({
      id: "getWorld",
      summary: "Reads a world.",
      tag: "worlds",
      permission: "read",
      params: IdParams,
      reply: WorldView,
    }),
    async (request, reply) => {
      const scope = readScope(request, idOf(request));
      const world = await database.transaction(scope, (session) => getWorld(session, idOf(request)));
      return reply.header("etag", tagOf(world.version)).send(world);
    },
  );

  app.patch(
    "/worlds/:id",
    route({
      id: "updateWorld",
      summary: "Changes a world's state, or switches it off.",
      tag: "worlds",
      permission: "write",
      params: IdParams,
      body: WorldChange,
      reply: WorldView,
    }),
    async (request, reply) => {
      const world = await database.transaction(writeScope(request, idOf(request)), (session) =>
        updateWorld(session, idOf(request), bodyOf<WorldChange>(request), expectedOf(request)),
      );
      return reply.header("etag", tagOf(world.version)).send(world);
    },
  );

  app.delete(
    "/worlds/:id",
    route({
      id: "deleteWorld",
      summary: "Removes a world with everything told in it.",
      tag: "worlds",
      permission: "admin",
      params: IdParams,
      status: 204,
    }),
    async (request, reply) => {
      if (request.apiKey?.worldId) throw new Refusal(403, "this key is for one world");
      await deleteWorld(indexer, idOf(request), expectedOf(request));
      return reply.code(204).send();
    },
  );

  app.get(
    "/world/:id/knowledge",
    route({
      id: "worldKnowledge",
      summary: "What a world has of its own: latest events, concepts, documents.",
      tag: "worlds",
      permission: "read",
      params: IdParams,
      query: Type.Object({ limit: page.limit, knownBy: knower }, closed),
      reply: KnowledgeReply,
    }),
    (request) => {
      const { limit = 50, knownBy } = queryOf<{ limit?: number; knownBy?: string }>(request);
      const worldId = idOf(request);
      return database.transaction(readScope(request, worldId), async (session) => ({
        world: await getWorld(session, worldId),
        events: await listEvents(session, { worldId, knownBy, limit }),
        concepts: await listConcepts(session, { canonOnly: false, ownOf: worldId, knownBy, limit }),
        documents: await listDocuments(session, { ownOf: worldId, limit }),
      }));
    },
  );

  app.get(
    "/world/:id/events",
    route({
      id: "listEvents",
      summary: "Lists what happened in a world, latest first.",
      tag: "events",
      permission: "read",
      params: IdParams,
      query: Type.Object(
        {
          ...page,
          type: Type.Optional(Type.String({ maxLength: 50 })),
          since: Type.Optional(Time),
          until: Type.Optional(Time),
          knownBy: knower,
        },
        closed,
      ),
      reply: paged(EventView),
    }),
    async (request) => {
      const worldId = idOf(request);
      const { limit = 50, cursor, ...asked } = queryOf<EventQuery>(request);
      const purpose = `events ${worldId}`;
      const before = cursorOf(cursors, purpose, cursor);
      const rows = await database.transaction(readScope(request, worldId), (session) =>
        listEvents(session, { worldId, ...asked, before, limit: limit + 1 }),
      );
      return pageOf(rows, limit, cursors, purpose, ({ occurredAt }) => occurredAt);
    },
  );

  app.post(
    "/events/record",
    route({
      id: "recordEvent",
      summary: "Records what happened in a world.",
      tag: "events",
      permission: "write",
      body: EventBody,
      reply: EventView,
      status: 201,
    }),
    async (request, reply) => {
      const body = bodyOf<EventBody>(request);
      const scope = writeScope(request, body.worldId);
      const event = await recordEvent(indexer, scope, body, onceOf(request, body.worldId));
      wrote();
      return reply.code(201).send(event);
    },
  );

  app.get(
    "/events/:id",
    route({
      id: "getEvent",
      summary: "Reads an event.",
      tag: "events",
      permission: "read",
      params: IdParams,
      query: Type.Object({ worldId: Type.Optional(Uuid) }, closed),
      reply: EventView,
    }),
    async (request, reply) => {
      const { worldId } = queryOf<{ worldId?: string }>(request);
      const event = await database.transaction(readScope(request, worldId), (session) =>
        getEvent(session, idOf(request)),
      );
      return reply.header("etag", tagOf(event.version)).send(event);
    },
  );

  app.patch(
    "/events/:id",
    route({
      id: "changeEvent",
      summary: "Tells an event differently, where it has the version that If-Match names.",
      tag: "events",
      permission: "write",
      params: IdParams,
      body: EventChange,
      reply: EventView,
    }),
    async (request, reply) => {
      const { worldId, ...change } = bodyOf<EventChange>(request);
      const scope = writeScope(request, worldId);
      const event = await changeEvent(indexer, scope, idOf(request), change, expectedOf(request));
      wrote();
      return reply.header("etag", tagOf(event.version)).send(event);
    },
  );

  app.delete(
    "/events/:id",
    route({
      id: "deleteEvent",
      summary: "Removes an event.",
      tag: "events",
      permission: "write",
      params: IdParams,
      status: 204,
    }),
    async (request, reply) => {
      await deleteEvent(indexer, writeScope(request), idOf(request), expectedOf(request));
      return reply.code(204).send();
    },
  );
};
