import { Gauge } from "prom-client";
import { knowledgeBase, largestBody } from "../../contracts/services/knowledge-base";
import { defineService, type Kit, unavailable } from "../../runtime/service";
import { count, setting } from "../../runtime/settings";
import { concepts } from "./api/concepts";
import { documents } from "./api/documents";
import { facts } from "./api/facts";
import { jobs } from "./api/jobs";
import { search } from "./api/search";
import type { Story } from "./api/story";
import { worlds } from "./api/worlds";
import { addCommands } from "./cli/commands";
import { worldOption } from "./cli/library";
import { storage } from "./database/storage";
import { canon, type Database } from "./database/types";
import { checkVectorVersion } from "./database/version";
import { embedderChoice } from "./embedders/choice";
import { described, EmbeddingFailed } from "./embedders/embedder";
import { generationIn } from "./index/generations";
import { Indexer } from "./index/indexer";
import { passageCount } from "./index/maintenance";
import { startUpkeep } from "./index/upkeep";

/** Story memory. */
export const service = defineService(knowledgeBase, {
  ...storage,
  settings: {
    maxBodyBytes: setting(
      count(1_024, 64 * 1_048_576),
      largestBody,
      "bytes of a request body, but for those of documents",
    ),
  },
  keys: {
    scopesColumn: "permissions",
    scopesOption: "permissions",
    defaultScopes: ["read"],
    properties: { worldId: worldOption },
  },
  open: openStory,
  health: ({ indexer }) => ({ embedder: described(indexer.wanted) }),
  handlers: { ...search, ...documents, ...concepts, ...worlds, ...facts, ...jobs },
  problemOf: (error) =>
    error instanceof EmbeddingFailed
      ? unavailable("the embedding service is not responding; try again", undefined, error)
      : undefined,
  commands: addCommands,
});

async function openStory(kit: Kit): Promise<Story> {
  const { environment, logger } = kit;
  // What `storage` opened takes any scope.
  const database = kit.database as unknown as Database;
  const vector = await checkVectorVersion(database);
  if (vector?.advice !== undefined) logger.warn(vector.advice);
  const indexer = new Indexer(database, await embedderChoice(environment));
  kit.onClose(() => indexer.close());
  logger.info({ embedder: described(indexer.wanted) }, "texts are embedded");
  countPassages(kit, indexer);
  return { indexer, wrote: startUpkeep(indexer, kit) };
}

function countPassages({ metrics }: Pick<Kit, "metrics">, indexer: Indexer): void {
  new Gauge({
    name: "kb_passages",
    help: "Passages of the answering generation, all worlds.",
    registers: [metrics.registry],
    async collect() {
      const find = indexer.database.transaction(canon, (session) => generationIn(session, "active"));
      const active = await find.catch(() => undefined);
      if (active !== undefined) this.set(await passageCount(indexer, active));
    },
  });
}
