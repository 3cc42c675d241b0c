import { databaseTarget, openDatabase } from "./database/open";
import type { Database } from "./database/types";
import { checkVectorVersion, type VectorVersion } from "./database/version";
import { embedderChoice } from "./embedders/choice";
import { Indexer } from "./index/indexer";
import { migrate } from "./schema/migrate";

export interface Library {
  readonly database: Database;
  readonly indexer: Indexer;
  readonly vector: VectorVersion | undefined;
}

/**
 * Opens the memory that the environment or a data directory names. The embedded engine is migrated at once, since nobody else can
 * use it; PostgreSQL is migrated by `migrate` alone.
 * @throws InputError for a wrong setting, a locked directory, or a pgvector that is too old
 */
export async function openLibrary(
  environment: Readonly<Record<string, string | undefined>>,
  dataDir?: string,
  migrateFirst = true,
): Promise<Library> {
  const target = databaseTarget(environment, dataDir);
  const choice = embedderChoice(environment);
  const database = await openDatabase(target);
  try {
    if (target.engine === "embedded" && migrateFirst) await migrate(database);
    const vector = await checkVectorVersion(database);
    return { database, indexer: new Indexer(database, choice), vector };
  } catch (error) {
    await database.close();
    throw error;
  }
}
