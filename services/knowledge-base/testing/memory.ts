import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "../database/embedded";
import { openPostgres } from "../database/postgres";
import { migrate, migrationFolders } from "../database/storage";
import type { Database } from "../database/types";
import type { EmbedderChoice } from "../embedders/choice";
import { staticEmbedder } from "../embedders/static";
import { Indexer } from "../index/indexer";

/** A memory of its own for one test. */
export interface TestMemory {
  readonly directory: string;
  readonly database: Database;
  readonly indexer: Indexer;
  dispose(): Promise<void>;
}

/** Opens an empty, migrated embedded memory; a template made once for these migrations saves the start of a new cluster. */
export async function testMemory(choice: EmbedderChoice = { embedder: staticEmbedder() }): Promise<TestMemory> {
  const server = process.env.KB_TEST_POSTGRES_PORT;
  if (server !== undefined) return postgresMemory(Number(server), choice);
  const directory = await emptyDirectory();
  const database = await openEmbedded({ dataDir: directory });
  return {
    directory,
    database,
    indexer: new Indexer(database, choice),
    async dispose() {
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

let databases = 0;

/** A database of its own on the PostgreSQL server that `npm run test:postgres` started. */
async function postgresMemory(port: number, choice: EmbedderChoice): Promise<TestMemory> {
  const connect = (database: string) =>
    openPostgres({ host: "127.0.0.1", port, database, user: "postgres", tls: false, poolSize: 8 });
  databases += 1;
  const name = `kb_test_${process.pid}_${databases}`;
  const control = connect("postgres");
  await control.asOwner((session) => session.script(`CREATE DATABASE ${name}`));
  const database = connect(name);
  await migrate(database);
  return {
    directory: name,
    database,
    indexer: new Indexer(database, choice),
    async dispose() {
      await database.close();
      await control.asOwner((session) => session.script(`DROP DATABASE ${name} WITH (FORCE)`));
      await control.close();
    },
  };
}

/** A data directory that is migrated and empty. */
export async function emptyDirectory(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "kb-test-"));
  cpSync(await template(), directory, { recursive: true });
  return directory;
}

async function template(): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of migrationFolders) {
    for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)));
  }
  const place = join(tmpdir(), `kb-template-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(place)) return place;
  const draft = mkdtempSync(join(tmpdir(), "kb-draft-"));
  const database = await openEmbedded({ dataDir: draft });
  await migrate(database);
  await database.close();
  try {
    renameSync(draft, place);
  } catch (error) {
    // Another process was first.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(place)) throw error;
  }
  return place;
}
