import { existsSync, rmSync, writeFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { PGlite, PGliteOptions } from "@electric-sql/pglite";
import type * as Initial from "@electric-sql/pglite-prepopulatedfs";
import { EmbeddedStatements } from "./embedded-statements";
import { databaseFolder } from "./folder";
import { pageMemoryMb } from "./page-memory";

/** Extensions that this project's services use. */
export type EmbeddedExtension = "vector";

/** What the thread is started with. */
export interface EmbeddedWorkerData extends Record<string, unknown> {
  /** Directory of the database; empty for one that is not kept. */
  readonly dataDir: string;
  readonly extensions: readonly EmbeddedExtension[];
}

/** A request of the main thread. */
export interface EmbeddedRequest {
  readonly id: number;
  readonly kind: "query" | "prepared" | "script" | "close";
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The answer to one request, or the first message of all, with id 0: the database is open. */
export type EmbeddedReply =
  | { readonly id: number; readonly rows: unknown[]; readonly count: number }
  | { readonly id: number; readonly error: { message: string; code?: string; detail?: string; constraint?: string } };

type Package = typeof import("@electric-sql/pglite");

/** Names that the bundler must not follow: PGlite brings WebAssembly and data files that stand beside its own code. */
const packages = {
  pglite: "@electric-sql/pglite",
  initial: "@electric-sql/pglite-prepopulatedfs",
  vector: "@electric-sql/pglite-pgvector",
};

/** Runs PGlite in this thread: a statement holds the whole thread until it is done, which the main thread must not feel. */
export async function runEmbeddedWorker(): Promise<void> {
  const { dataDir, extensions } = workerData as EmbeddedWorkerData;
  const port = parentPort;
  if (port === null) return;
  let database: PGlite;
  let statements: EmbeddedStatements;
  try {
    const pglite = (await import(packages.pglite)) as Package;
    database = await open(pglite, dataDir, extensions.includes("vector") ? await vectorExtension() : {});
    statements = new EmbeddedStatements(pglite, database);
  } catch (error) {
    port.postMessage({ id: 0, error: plain(error) } satisfies EmbeddedReply);
    return;
  }
  port.postMessage({ id: 0, rows: [], count: 0 } satisfies EmbeddedReply);
  port.on("message", (request: EmbeddedRequest) => {
    answer(database, statements, request).then(
      (reply) => port.postMessage(reply),
      (error: unknown) => port.postMessage({ id: request.id, error: plain(error) } satisfies EmbeddedReply),
    );
  });
}

/**
 * Opens the database of a folder. A new one is a copy of one that is initialised already, which takes half the time and half the
 * memory of initialising it here; one that was not copied to its end is made anew.
 */
async function open(
  { PGlite: Engine, types }: Package,
  folder: string,
  extensions: PGliteOptions["extensions"],
): Promise<PGlite> {
  const options: PGliteOptions = {
    extensions,
    startParams: [...Engine.defaultStartParams, "-c", `shared_buffers=${pageMemoryMb(databaseFolder(folder))}MB`],
    // PGlite's own way takes bytes digit by digit: 70 ms for 100 KB.
    parsers: { [types.BYTEA]: (text) => Buffer.from(text.slice(2), "hex") },
  };
  const initial = async () => ((await import(packages.initial)) as typeof Initial).dataDir();
  if (folder === "") return Engine.create({ ...options, loadDataDir: await initial() });
  const dataDir = databaseFolder(folder);
  const unfinished = `${dataDir}.unfinished`;
  if (existsSync(unfinished)) rmSync(dataDir, { recursive: true, force: true });
  if (existsSync(dataDir)) return Engine.create({ ...options, dataDir });
  writeFileSync(unfinished, "");
  const database = await Engine.create({ ...options, dataDir, loadDataDir: await initial() });
  rmSync(unfinished);
  return database;
}

async function vectorExtension() {
  const { vector } = (await import(packages.vector)) as typeof import("@electric-sql/pglite-pgvector");
  return { vector };
}

async function answer(
  database: PGlite,
  statements: EmbeddedStatements,
  { id, kind, text, values }: EmbeddedRequest,
): Promise<EmbeddedReply> {
  if (kind === "close") {
    await database.close();
    return { id, rows: [], count: 0 };
  }
  if (kind === "script") {
    await database.exec(text);
    return { id, rows: [], count: 0 };
  }
  const { rows, count } = await statements.run(text, values, kind === "prepared");
  return { id, rows, count };
}

function plain(error: unknown) {
  const source = error as { message?: string; code?: string; detail?: string; constraint?: string };
  return {
    message: String(source.message ?? error),
    code: source.code,
    detail: source.detail,
    constraint: source.constraint,
  };
}
