import * as engine from "../../../runtime/database/embedded";
import { embedded, rules } from "./rules";
import type { Database } from "./types";
import { refusingUnknownWorlds } from "./unknown-world";

/** Opens the story memory on PGlite in a worker thread. */
export async function openEmbedded(
  options: Pick<engine.EmbeddedOptions, "dataDir" | "statementTimeoutMs"> = {},
): Promise<Database> {
  return refusingUnknownWorlds(await engine.openEmbedded({ ...options, ...embedded }, rules));
}
