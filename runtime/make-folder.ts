import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { InputError, type InputProblem } from "../contracts/input-error";

/**
 * Makes a folder and those above it, one by one: Node's own recursive way never ends where the system refuses one as missing, as
 * below /proc.
 * @throws the system's error
 */
export function makeFolder(folder: string, mode?: number): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** A folder that cannot be made or written, in one line. @param error The system's. */
export function folderError(folder: string, error: unknown, { path, where }: Pick<InputProblem, "path" | "where">) {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === "ENOSPC" ? "the disk is full" : (code ?? message);
  return new InputError({ path, given: folder, allowed: `a folder that can be written (${why})`, where });
}
