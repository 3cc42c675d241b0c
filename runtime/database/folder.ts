import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where the embedded database lies in its data directory; beside it are the locks. */
export const databaseFolder = (dataDir: string): string => join(dataDir, "database");

/** True for a data directory that an embedded database was made in. */
export const holdsDatabase = (dataDir: string): boolean => existsSync(databaseFolder(dataDir));
