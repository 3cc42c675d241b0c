import { type Static, Type } from "typebox";
import {
  changeFact,
  decideFact,
  deciders,
  deleteFact,
  factStatuses,
  getFact,
  listFacts,
  proposeFact,
} from "../../items/facts";
import { readScope, worldOf, writeScope } from "../auth";
import { expectedOf, tagOf } from "../conditions";
import { onceOf } from "../idempotency";
import { free, IdParams, KnownBy, knower, nullable, object, oneOf, page, paged, Time, text, Uuid } from "../schemas";
import { bodyOf, cursorOf, idOf, pageOf, queryOf, type Routes, route } from "../service";

const FactBody = object({
  worldId: Type.Optional(Uuid),
  subject: text(255),
  predicate: text(100),
  object: text(1000),
  statement: Type.Optional(text(5000)),
  knownBy: KnownBy,
  validFrom: Type.Optional(Time),
  validUntil: Type.Optional(Time),
  exclusive: Type.Optional(
    Type.Boolean({
      default: false,
      description: "The subject has one object at a time: accepting this ends the one before.",
    }),
  ),
  replaces: Type.Optional(Type.Array(Uuid, { maxItems: 20 })),
  provenance: Type.Record(Type.String(), Type.Unknown(), { description: "Who or what said so, and on what ground." }),
});
const FactView = Type.Object({
  id: Uuid,
  worldId: nullable(Uuid),
  subject: Type.String(),
  predicate: Type.String(),
  object: Type.String(),
  statement: Type.String(),
  knownBy: nullable(Type.Array(Type.String())),
  validFrom: Time,
  validUntil: nullable(Time),
  replacedBy: nullable(Uuid),
  exclusive: Type.Boolean(),
  replaces: Type.Array(Uuid),
  status: oneOf(factStatuses),
  provenance: free,
  decision: nullable(
    Type.Object({ kind: oneOf(deciders), by: Type.String(), at: Type.String(), reason: nullable(Type.String()) }),
  ),
  version: Type.Integer(),
  createdAt: Time,
  updatedAt: Time,
});
const DecisionBody = object({
  accept: Type.Boolean(),
  kind: oneOf(deciders, "A model proposes; it never decides."),
  by: text(255),
  reason: Type.Optional(text(1000)),
  worldId: Type.Optional(Uuid),
});
const FactChange = Type.Object(
  {
    validUntil: Type.Optional(nullable(Time)),
    learnedBy: Type.Optional(Type.Array(text(255), { maxItems: 100 })),
    worldId: Type.Optional(Uuid),
  },
  { additionalProperties: false, minProperties: 1 },
);
const FactQuery = Type.Object(
  {
    ...page,
    worldId: Type.Optional(Uuid),
    subject: Type.Optional(Type.String({ maxLength: 255 })),
    predicate: Type.Optional(Type.String({ maxLength: 100 })),
    status: Type.Optional(oneOf(factStatuses)),
    knownBy: knower,
    at: Type.Optional(Type.String({ format: "date-time", description: "Story time; now where it is absent." })),
    history: Type.Optional(
      Type.Boolean({ default: false, description: "Also what no longer holds, or does not yet." }),
    ),
  },
  { additionalProperties: false },
);
const WorldQuery = Type.Object({ worldId: Type.Optional(Uuid) }, { additionalProperties: false });
type Asked = Static<typeof FactQuery>;

/** Facts: proposed, decided on by a person or a rule, and true for a time. */
export const factRoutes: Routes = (app, { indexer, cursors, wrote }) => {
  const { database } = indexer;
  const tag = "facts";

  app.post(
    "/facts",
    route({
      id: "proposeFact",
      summary: "Proposes a fact; nobody finds it before it is accepted.",
      tag,
      permission: "write",
      body: FactBody,
      reply: FactView,
      status: 201,
    }),
    async (request, reply) => {
      const body = bodyOf<Static<typeof FactBody>>(request);
      const worldId = worldOf(request, body.worldId);
      const made = await proposeFact(
        indexer,
        writeScope(request, body.worldId),
        { ...body, worldId },
        onceOf(request, worldId),
      );
      return reply.code(201).send(made);
    },
  );

  app.get(
    "/facts",
    route({
      id: "listFacts",
      summary: "Lists facts that hold at a time, or proposals.",
      tag,
      permission: "read",
      query: FactQuery,
      reply: paged(FactView),
    }),
    async (request) => {
      const { limit = 50, cursor, worldId, ...asked } = queryOf<Asked>(request);
      const after = cursorOf(cursors, "facts", cursor);
      const rows = await database.transaction(readScope(request, worldId), (session) =>
        listFacts(session, { ...asked, after, limit: limit + 1 }),
      );
      return pageOf(rows, limit, cursors, "facts", ({ createdAt }) => createdAt);
    },
  );

  app.get(
    "/facts/:id",
    route({
      id: "getFact",
      summary: "Reads a fact, with its end and what took its place.",
      tag,
      permission: "read",
      params: IdParams,
      query: WorldQuery,
      reply: FactView,
    }),
    async (request, reply) => {
      const fact = await database.transaction(readScope(request, queryOf<Asked>(request).worldId), (session) =>
        getFact(session, idOf(request)),
      );
      return reply.header("etag", tagOf(fact.version)).send(fact);
    },
  );

  app.post(
    "/facts/:id/decision",
    route({
      id: "decideFact",
      summary: "Accepts or rejects a proposal, by the word of a person or a rule.",
      tag,
      permission: "decide",
      params: IdParams,
      body: DecisionBody,
      reply: FactView,
    }),
    async (request, reply) => {
      const { worldId, ...decision } = bodyOf<Static<typeof DecisionBody>>(request);
      const scope = writeScope(request, worldId);
      const fact = await decideFact(indexer, scope, idOf(request), decision, expectedOf(request));
      wrote();
      return reply.header("etag", tagOf(fact.version)).send(fact);
    },
  );

  app.patch(
    "/facts/:id",
    route({
      id: "changeFact",
      summary: "Ends a fact, or adds who knows of it.",
      tag,
      permission: "decide",
      params: IdParams,
      body: FactChange,
      reply: FactView,
    }),
    async (request, reply) => {
      const { worldId, ...change } = bodyOf<Static<typeof FactChange>>(request);
      const scope = writeScope(request, worldId);
      const fact = await changeFact(indexer, scope, idOf(request), change, expectedOf(request));
      wrote();
      return reply.header("etag", tagOf(fact.version)).send(fact);
    },
  );

  app.delete(
    "/facts/:id",
    route({
      id: "deleteFact",
      summary: "Removes a fact; what it had replaced holds again.",
      tag,
      permission: "decide",
      params: IdParams,
      status: 204,
    }),
    async (request, reply) => {
      await deleteFact(indexer, writeScope(request), idOf(request), expectedOf(request));
      return reply.code(204).send();
    },
  );
};
