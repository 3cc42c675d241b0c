import { createHash } from "node:crypto";
import type { SearchBody } from "../../../contracts/services/knowledge-base";
import { readPassages } from "../search/candidates";
import { highlight } from "../search/highlight";
import { type RankedHit, rank } from "../search/search";
import { readScope } from "./callers";
import type { StoryHandlers } from "./story";

/** POST /search/semantic. */
export const search = {
  async search(call) {
    const { body } = call;
    const { indexer } = call.state;
    const { cursors } = call.kit;
    const { query, limit, threshold, group, ranking, explain } = body;
    const scope = readScope(call, body.worldId);
    const { hits, generation, terms } = await rank(indexer, scope, { query, threshold, group, ranking, filters: body });
    const purpose = `search ${generation.id} ${fingerprint(body)} ${JSON.stringify(scope)}`;
    const after = body.cursor === undefined ? undefined : cursors.decode(purpose, body.cursor);
    const rest =
      after === undefined ? hits : hits.filter((hit) => isBehind(hit, Number(after.score), Number(after.id)));
    const shown = rest.slice(0, limit);
    const last = shown.at(-1);
    const ids = shown.map(({ candidate }) => candidate.id);
    const passages = await indexer.database.transaction(scope, (session) => readPassages(session, generation.id, ids));
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
} satisfies StoryHandlers;

function isBehind({ score, candidate }: RankedHit, afterScore: number, afterId: number): boolean {
  return score < afterScore || (score === afterScore && candidate.id > afterId);
}

/** A cursor goes on with the same question only. */
function fingerprint({ cursor: _cursor, limit: _limit, explain: _explain, ...asked }: SearchBody): string {
  return createHash("sha256").update(JSON.stringify(asked)).digest("base64url").slice(0, 16);
}
