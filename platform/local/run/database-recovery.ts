import { constants, cpSync, existsSync, renameSync, rmSync } from "node:fs";
import { databaseFolder } from "../realise/database-environment";

/** Messages of an engine that cannot open its folder, as against a migration that fails. */
const torn =
  /PANIC|could not (?:open|read|locate)|invalid (?:page|primary checkpoint|record)|PGlite|RuntimeError|unreachable|Aborted|pg_control|FATAL/i;

/** A file system that can share the blocks of two files copies at once. */
const copying = { recursive: true, mode: constants.COPYFILE_FICLONE } as const;

const backup = (folder: string): string => `${folder}.stopped`;

/** Keeps a copy of a database that was closed in order; the one from before stays until the new one is whole. */
export function keepCopy(dataDir: string, service: string): void {
  const folder = databaseFolder(dataDir, service);
  if (!existsSync(folder)) return;
  const draft = `${folder}.copying`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(folder, draft, copying);
  rmSync(backup(folder), { recursive: true, force: true });
  renameSync(draft, backup(folder));
}

/**
 * Puts a database that cannot be opened aside and brings back the copy of the last orderly stop; without one the next start makes
 * an empty one.
 * @returns One line that says what was done; undefined where the failure is none of the folder's.
 */
export function recoverDatabase(dataDir: string, service: string, failure: unknown): string | undefined {
  const folder = databaseFolder(dataDir, service);
  if (!existsSync(folder) || !torn.test(String(failure))) return undefined;
  const aside = `${folder}.broken-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  renameSync(folder, aside);
  const copied = existsSync(backup(folder));
  if (copied) cpSync(backup(folder), folder, copying);
  const instead = copied ? "the copy of the last orderly stop takes its place" : "a new one is made";
  return `${service}: its database cannot be opened (a power cut?); it is kept at ${aside}, ${instead}`;
}
