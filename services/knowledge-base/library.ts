import { openStored } from "./database/storage";
import type { Database } from "./database/types";
import { checkVectorVersion, type VectorVersion } from "./database/version";
import { embedderChoice } from "./embedders/choice";
import { Indexer } from "./index/indexer";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Library {
  readonly database: Database;
  readonly indexer: Indexer;
  readonly vector: VectorVersion | undefined;
}

/**
 * Opens the memory that the environment or a data directory names, with the embedder that the environment chooses.
 * @throws InputError for a wrong setting, a locked directory, or a pgvector that is too old
 */
export async function openLibrary(environment: Environment, dataDir?: string): Promise<Library> {
  const choice = await embedderChoice(environment);
  const database = await openStored(environment, dataDir);
  try {
    return { database, indexer: new Indexer(database, choice), vector: await checkVectorVersion(database) };
  } catch (error) {
    await database.close();
    throw error;
  }
}
