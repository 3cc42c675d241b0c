import { readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { InputError } from "../../contracts/input-error";
import { makeFolder } from "../../runtime/make-folder";

/**
 * Reads a file that an option names.
 * @throws InputError for one that cannot be read.
 */
export function readText(file: string, option: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw fileError(file, option, "read", error);
  }
}

/**
 * Writes a file that an option names, and the folders above it.
 * @throws InputError for one that cannot be written.
 */
export function writeText(file: string, option: string, text: string): void {
  try {
    makeFolder(dirname(resolve(file)));
    writeFileSync(file, text);
  } catch (error) {
    throw fileError(file, option, "written", error);
  }
}

function fileError(file: string, option: string, done: string, error: unknown): InputError {
  const { code } = error as NodeJS.ErrnoException;
  return new InputError({
    path: option,
    given: file,
    allowed: `a file that can be ${done} (${code})`,
    where: "the command line",
  });
}
