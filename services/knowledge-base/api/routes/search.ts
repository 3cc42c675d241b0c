import { createHash } from "node:crypto";
import { readPassages } from "../../search/candidates";
import { highlight } from "../../search/highlight";
import { type RankedHit, rank } from "../../search/search";
import { readScope } from "../auth";
import { SearchBody, SearchReply } from "../schemas";
import { bodyOf, type Routes, route } from "../service";

/** POST /search/semantic. */
export const searchRoutes: Routes = (app, { indexer, cursors }) => {
  app.post(
    "/search/semantic",
    route({
      id: "search",
      summary: "Finds passages of documents, concepts and events that answer a question.",
      tag: "search",
      permission: "read",
      bucket: "search",
      body: SearchBody,
      reply: SearchReply,
    }),
    async (request) => {
      const body = bodyOf<SearchBody>(request);
      const { query, limit = 10, threshold, group, ranking, explain = false } = body;
      const scope = readScope(request, body.worldId);
      const { hits, generation, terms } = await rank(indexer, scope, {
        query,
        threshold,
        group,
        ranking,
        filters: body,
      });
      const purpose = `search ${generation.id} ${fingerprint(body)} ${JSON.stringify(scope)}`;
      const after = body.cursor === undefined ? undefined : cursors.decode(purpose, body.cursor);
      const rest =
        after === undefined ? hits : hits.filter((hit) => isBehind(hit, Number(after.score), Number(after.id)));
      const shown = rest.slice(0, limit);
      const last = shown.at(-1);
      const passages = await indexer.database.transaction(scope, (session) =>
        readPassages(
          session,
          generation.id,
          shown.map(({ candidate }) => candidate.id),
        ),
      );
      return {
        generation: generation.id,
        nextCursor:
          last === undefined || rest.length <= limit
            ? null
            : cursors.encode(purpose, { score: last.score, id: last.candidate.id }),
        hits: shown.flatMap(({ candidate, score, match, explanation }) => {
          const passage = passages.get(candidate.id);
          if (passage === undefined) return [];
          const { chunkIndex, chunkTotal, itemId, id: _, ...view } = passage;
          return [
            {
              ...view,
              id: itemId,
              chunk: { index: chunkIndex, total: chunkTotal },
              highlight: highlight(passage.content, terms),
              score,
              match,
              ...(explain ? { explanation } : {}),
            },
          ];
        }),
      };
    },
  );
};

function isBehind({ score, candidate }: RankedHit, afterScore: number, afterId: number): boolean {
  return score < afterScore || (score === afterScore && candidate.id > afterId);
}

/** A cursor goes on with the same question only. */
function fingerprint({ cursor: _cursor, limit: _limit, explain: _explain, ...asked }: SearchBody): string {
  return createHash("sha256").update(JSON.stringify(asked)).digest("base64url").slice(0, 16);
}
