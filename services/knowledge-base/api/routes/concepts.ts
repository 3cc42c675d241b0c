import { Type } from "typebox";
import { canon } from "../../database/types";
import {
  conceptAsOf,
  createConcept,
  deleteConcept,
  getConcept,
  listConcepts,
  listVersions,
  reviseConcept,
} from "../../items/concepts";
import { NotFound } from "../../items/errors";
import { escapeLike } from "../../items/mentions";
import { neighbours, relate, unrelate } from "../../items/relationships";
import { readScope, worldOf, writeScope } from "../auth";
import { expectedOf, tagOf } from "../conditions";
import { onceOf } from "../idempotency";
import { Refusal } from "../problems";
import {
  ConceptBody,
  ConceptChange,
  ConceptView,
  IdParams,
  knower,
  NeighbourView,
  page,
  paged,
  RelationshipBody,
  RelationshipView,
  Time,
  Uuid,
  VersionView,
} from "../schemas";
import { bodyOf, cursorOf, idOf, pageOf, queryOf, type Routes, route } from "../service";

const name = Type.Optional(
  Type.String({ minLength: 1, maxLength: 100, description: "Part of a name; % and _ mean themselves." }),
);
const type = Type.Optional(Type.String({ minLength: 1, maxLength: 50 }));
const worldId = Type.Optional(Uuid);
const closed = { additionalProperties: false };
type ListQuery = { limit?: number; cursor?: string; knownBy?: string; name?: string; type?: string; worldId?: string };

/** Concepts, their versions, and how they are related. */
export const conceptRoutes: Routes = (app, { indexer, cursors, wrote }) => {
  const { database } = indexer;
  const tag = "concepts";

  for (const canonOnly of [true, false]) {
    const purpose = canonOnly ? "canon" : "concepts";
    app.get(
      canonOnly ? "/concepts/global" : "/concepts",
      route({
        id: canonOnly ? "listGlobalConcepts" : "listConcepts",
        summary: canonOnly ? "Lists the concepts of the canon." : "Lists the concepts of the canon and of a world.",
        tag,
        permission: "read",
        query: Type.Object({ ...page, name, type, knownBy: knower, ...(canonOnly ? {} : { worldId }) }, closed),
        reply: paged(ConceptView),
      }),
      async (request) => {
        const { limit = 50, cursor, ...asked } = queryOf<ListQuery>(request);
        const after = cursorOf(cursors, purpose, cursor);
        const scope = canonOnly ? canon : readScope(request, asked.worldId);
        const like = asked.name === undefined ? undefined : `%${escapeLike(asked.name)}%`;
        const rows = await database.transaction(scope, (session) =>
          listConcepts(session, {
            canonOnly,
            type: asked.type,
            knownBy: asked.knownBy,
            name: like,
            after,
            limit: limit + 1,
          }),
        );
        return pageOf(rows, limit, cursors, purpose, ({ createdAt }) => createdAt);
      },
    );
  }

  app.post(
    "/concepts/create",
    route({
      id: "createConcept",
      summary: "Makes a concept of the canon, or of a world.",
      tag,
      permission: "write",
      limit: 600,
      bucket: "concepts",
      body: ConceptBody,
      reply: ConceptView,
      status: 201,
    }),
    async (request, reply) => {
      const body = bodyOf<ConceptBody>(request);
      const world = worldOf(request, body.worldId);
      if (world !== null && body.scope === "global") {
        throw new Refusal(403, "a concept of a world has the scope of that world, not global");
      }
      const scope = writeScope(request, body.worldId);
      const concept = await createConcept(indexer, scope, { ...body, worldId: world }, onceOf(request, world));
      wrote();
      return reply.code(201).send(concept);
    },
  );

  app.get(
    "/concepts/:id",
    route({
      id: "getConcept",
      summary: "Reads a concept as a world tells it, now or as of a time.",
      tag,
      permission: "read",
      params: IdParams,
      query: Type.Object({ worldId, at: Type.Optional(Time) }, closed),
      reply: VersionView,
    }),
    async (request, reply) => {
      const asked = queryOf<{ worldId?: string; at?: string }>(request);
      const at = asked.at === undefined ? undefined : new Date(asked.at);
      const version = await database.transaction(readScope(request, asked.worldId), async (session) => {
        await getConcept(session, idOf(request));
        return conceptAsOf(session, idOf(request), worldOf(request, asked.worldId), at);
      });
      if (version === undefined) throw new NotFound("version at that time");
      return reply.header("etag", tagOf(version.id)).send(version);
    },
  );

  app.patch(
    "/concepts/:id",
    route({
      id: "reviseConcept",
      summary: "Tells a concept anew; a world's telling leaves the canon as it is.",
      tag,
      permission: "write",
      limit: 600,
      bucket: "concepts",
      params: IdParams,
      body: ConceptChange,
      reply: VersionView,
    }),
    async (request, reply) => {
      const { worldId: named, ...change } = bodyOf<ConceptChange>(request);
      const version = await reviseConcept(
        indexer,
        writeScope(request, named),
        idOf(request),
        { ...change, worldId: worldOf(request, named) },
        expectedOf(request),
      );
      wrote();
      return reply.header("etag", tagOf(version.id)).send(version);
    },
  );

  app.delete(
    "/concepts/:id",
    route({
      id: "deleteConcept",
      summary: "Removes a concept with its versions.",
      tag,
      permission: "write",
      params: IdParams,
      status: 204,
    }),
    async (request, reply) => {
      await deleteConcept(indexer, writeScope(request), idOf(request), expectedOf(request));
      return reply.code(204).send();
    },
  );

  app.get(
    "/concepts/:id/versions",
    route({
      id: "listConceptVersions",
      summary: "Lists the versions of a concept, oldest first.",
      tag,
      permission: "read",
      params: IdParams,
      query: Type.Object({ worldId, ...page }, closed),
      reply: paged(VersionView),
    }),
    async (request) => {
      const { limit = 50, cursor, worldId: named } = queryOf<ListQuery>(request);
      const purpose = `versions ${idOf(request)}`;
      const after = cursorOf(cursors, purpose, cursor);
      const rows = await database.transaction(readScope(request, named), (session) =>
        listVersions(session, idOf(request), { after, limit: limit + 1 }),
      );
      return pageOf(rows, limit, cursors, purpose, ({ validFrom }) => validFrom);
    },
  );

  app.get(
    "/concepts/:id/neighbours",
    route({
      id: "conceptNeighbours",
      summary: "Lists the concepts around one, nearest first.",
      tag,
      permission: "read",
      params: IdParams,
      query: Type.Object(
        {
          worldId,
          depth: Type.Optional(Type.Integer({ minimum: 1, maximum: 4, default: 2 })),
          fanOut: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 10 })),
          minStrength: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0 })),
          type,
          knownBy: knower,
        },
        closed,
      ),
      reply: Type.Object({ items: Type.Array(NeighbourView) }),
    }),
    async (request) => {
      const asked = queryOf<{
        worldId?: string;
        depth?: number;
        fanOut?: number;
        minStrength?: number;
        type?: string;
        knownBy?: string;
      }>(request);
      const items = await database.transaction(readScope(request, asked.worldId), (session) =>
        neighbours(session, idOf(request), { ...asked, types: asked.type === undefined ? [] : [asked.type] }),
      );
      return { items };
    },
  );

  app.post(
    "/concepts/:id/relationships",
    route({
      id: "relateConcepts",
      summary: "Relates a concept to another.",
      tag,
      permission: "write",
      params: IdParams,
      body: RelationshipBody,
      reply: RelationshipView,
      status: 201,
    }),
    async (request, reply) => {
      const { to, type: kind, strength = 0.5, worldId: named } = bodyOf<RelationshipBody>(request);
      const world = worldOf(request, named);
      const made = await database.transaction(writeScope(request, named), (session) =>
        relate(session, { from: idOf(request), to, type: kind, strength, worldId: world }, onceOf(request, world)),
      );
      return reply.code(201).send(made);
    },
  );

  app.delete(
    "/relationships/:id",
    route({
      id: "deleteRelationship",
      summary: "Removes a relationship.",
      tag,
      permission: "write",
      params: IdParams,
      status: 204,
    }),
    async (request, reply) => {
      await database.transaction(writeScope(request), (session) => unrelate(session, idOf(request)));
      return reply.code(204).send();
    },
  );
};
