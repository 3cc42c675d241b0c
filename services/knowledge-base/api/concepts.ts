import { notFound, problem, reply } from "../../../runtime/service";
import { canon, type Scope } from "../database/types";
import {
  conceptAsOf,
  createConcept,
  deleteConcept,
  getConcept,
  listConcepts,
  listVersions,
  reviseConcept,
} from "../items/concepts";
import { escapeLike } from "../items/mentions";
import { onceOf } from "../items/once";
import { neighbours, relate, unrelate } from "../items/relationships";
import { readScope, worldOf, writeScope } from "./callers";
import { expectedOf, pages, type Story, type StoryHandlers } from "./story";

interface ConceptList {
  readonly query: { limit: number; cursor?: string; name?: string; type?: string; knownBy?: string };
  readonly kit: { readonly cursors: Parameters<typeof pages>[0] };
  readonly state: Story;
}

async function listed({ query, kit, state }: ConceptList, purpose: string, scope: Scope, canonOnly: boolean) {
  const { limit, cursor, name, type, knownBy } = query;
  const { after, page } = pages(kit.cursors, purpose);
  const like = name === undefined ? undefined : `%${escapeLike(name)}%`;
  const filter = { canonOnly, type, knownBy, name: like, after: after(cursor), limit: limit + 1 };
  const rows = await state.indexer.database.transaction(scope, (session) => listConcepts(session, filter));
  return page(rows, limit, ({ createdAt }) => createdAt);
}

/** Concepts, their versions, and how they are related. */
export const concepts = {
  listGlobalConcepts: (call) => listed(call, "canon", canon, true),
  listConcepts: (call) => listed(call, "concepts", readScope(call, call.query.worldId), false),

  async createConcept(call) {
    const { body, state } = call;
    const worldId = worldOf(call, body.worldId);
    if (worldId !== null && body.scope === "global") {
      throw problem("forbidden", "a concept of a world has the scope of that world, not global");
    }
    const scope = writeScope(call, body.worldId);
    const concept = await createConcept(state.indexer, scope, { ...body, worldId }, onceOf(call, worldId));
    state.wrote();
    return concept;
  },

  async getConcept(call) {
    const { id } = call.params;
    const { worldId, at } = call.query;
    const version = await call.state.indexer.database.transaction(readScope(call, worldId), async (session) => {
      await getConcept(session, id);
      return conceptAsOf(session, id, worldOf(call, worldId), at === undefined ? undefined : new Date(at));
    });
    if (version === undefined) throw notFound("version at that time");
    return reply(version, { version: version.id });
  },

  async reviseConcept(call) {
    const { worldId: named, ...change } = call.body;
    const version = await reviseConcept(
      call.state.indexer,
      writeScope(call, named),
      call.params.id,
      { ...change, worldId: worldOf(call, named) },
      expectedOf(call.precondition),
    );
    call.state.wrote();
    return reply(version, { version: version.id });
  },

  deleteConcept: (call) =>
    deleteConcept(call.state.indexer, writeScope(call), call.params.id, expectedOf(call.precondition)),

  async listConceptVersions(call) {
    const { limit, cursor, worldId } = call.query;
    const { id } = call.params;
    const { after, page } = pages(call.kit.cursors, `versions ${id}`);
    const filter = { after: after(cursor), limit: limit + 1 };
    const rows = await call.state.indexer.database.transaction(readScope(call, worldId), (session) =>
      listVersions(session, id, filter),
    );
    return page(rows, limit, ({ validFrom }) => validFrom);
  },

  async conceptNeighbours(call) {
    const { worldId, type, ...asked } = call.query;
    const types = type === undefined ? [] : [type];
    const items = await call.state.indexer.database.transaction(readScope(call, worldId), (session) =>
      neighbours(session, call.params.id, { ...asked, types }),
    );
    return { items };
  },

  relateConcepts(call) {
    const { to, type, strength, worldId: named } = call.body;
    const worldId = worldOf(call, named);
    const made = { from: call.params.id, to, type, strength, worldId };
    return call.state.indexer.database.transaction(writeScope(call, named), (session) =>
      relate(session, made, onceOf(call, worldId)),
    );
  },

  deleteRelationship: (call) =>
    call.state.indexer.database.transaction(writeScope(call), (session) => unrelate(session, call.params.id)),
} satisfies StoryHandlers;
