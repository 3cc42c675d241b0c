import { reply } from "../../../runtime/service";
import { changeFact, decideFact, deleteFact, getFact, listFacts, proposeFact } from "../items/facts";
import { onceOf } from "../items/once";
import { readScope, worldOf, writeScope } from "./callers";
import { expectedOf, pages, type StoryHandlers } from "./story";

/** Facts: proposed, decided on by a person or a rule, and true for a time. */
export const facts = {
  proposeFact(call) {
    const { body } = call;
    const worldId = worldOf(call, body.worldId);
    const scope = writeScope(call, body.worldId);
    return proposeFact(call.state.indexer, scope, { ...body, worldId }, onceOf(call, worldId));
  },

  async listFacts(call) {
    const { limit, cursor, worldId, ...asked } = call.query;
    const { after, page } = pages(call.kit.cursors, "facts");
    const filter = { ...asked, after: after(cursor), limit: limit + 1 };
    const rows = await call.state.indexer.database.transaction(readScope(call, worldId), (session) =>
      listFacts(session, filter),
    );
    return page(rows, limit, ({ createdAt }) => createdAt);
  },

  async getFact(call) {
    const fact = await call.state.indexer.database.transaction(readScope(call, call.query.worldId), (session) =>
      getFact(session, call.params.id),
    );
    return reply(fact, { version: fact.version });
  },

  async decideFact(call) {
    const { worldId, ...decision } = call.body;
    const scope = writeScope(call, worldId);
    const expected = expectedOf(call.precondition);
    const fact = await decideFact(call.state.indexer, scope, call.params.id, decision, expected);
    call.state.wrote();
    return reply(fact, { version: fact.version });
  },

  async changeFact(call) {
    const { worldId, ...change } = call.body;
    const scope = writeScope(call, worldId);
    const expected = expectedOf(call.precondition);
    const fact = await changeFact(call.state.indexer, scope, call.params.id, change, expected);
    call.state.wrote();
    return reply(fact, { version: fact.version });
  },

  deleteFact: (call) => deleteFact(call.state.indexer, writeScope(call), call.params.id, expectedOf(call.precondition)),
} satisfies StoryHandlers;
