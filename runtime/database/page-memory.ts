import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Bounds of the memory for pages, in MB. */
const bounds = { least: 32, most: 256 } as const;

/**
 * Memory that an embedded database keeps pages in, in MB: as much as its folder holds when it is opened, from 32 to 256. PGlite
 * touches all of it at its start, so what an empty database does not need would be resident all the same; and what does not fit
 * is read from files over and over, 8 KB at a time.
 */
export function pageMemoryMb(dataDir: string): number {
  const stored = join(dataDir, "base");
  const files = existsSync(stored) ? readdirSync(stored, { recursive: true, withFileTypes: true }) : [];
  const bytes = files.reduce(
    (sum, file) => sum + (file.isFile() ? statSync(join(file.parentPath, file.name)).size : 0),
    0,
  );
  return Math.min(bounds.most, Math.max(bounds.least, Math.ceil(bytes / 2 ** 20)));
}
