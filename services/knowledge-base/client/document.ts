import { createLogger } from "../../../runtime/logger";
import { buildServer } from "../api/server";
import type { Database } from "../database/types";
import { Indexer } from "../index/indexer";

/** The OpenAPI document of this program, made without a database. */
export async function openApiDocument(): Promise<Record<string, unknown>> {
  const none = () => Promise.reject(new Error("the document needs no database"));
  const database: Database = { engine: "embedded", transaction: none, asOwner: none, close: () => Promise.resolve() };
  const app = await buildServer({
    indexer: new Indexer(database, { kind: "statistical" }),
    logger: createLogger("openapi", "silent"),
  });
  const document = app.swagger();
  await app.close();
  return JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
}
