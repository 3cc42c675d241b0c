import * as engine from "../../../runtime/database/embedded";
import { embedded, rules } from "./rules";
import type { Database } from "./types";

/** Opens the story memory on PGlite in a worker thread. */
export function openEmbedded(
  options: Pick<engine.EmbeddedOptions, "dataDir" | "statementTimeoutMs"> = {},
): Promise<Database> {
  return engine.openEmbedded({ ...options, ...embedded }, rules);
}
