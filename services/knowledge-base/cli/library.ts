import { InputError } from "../../../contracts/input-error";
import { holdsDatabase } from "../../../runtime/database/folder";
import { databaseTarget } from "../database/open";
import { type Library, openLibrary } from "../library";

/**
 * Opens the memory for a command that only works on what is stored, and closes it after.
 * @throws InputError for a data folder that has none: the command must not make one.
 */
export async function withStoredLibrary<T>(
  dataDir: string | undefined,
  work: (library: Library) => Promise<T>,
): Promise<T> {
  const target = databaseTarget(process.env, dataDir);
  if (target.engine === "embedded" && target.dataDir !== undefined && !holdsDatabase(target.dataDir)) {
    throw new InputError({
      path: "data-dir",
      given: target.dataDir,
      allowed: "a folder that kb ingest or kb serve has stored something in",
      where: dataDir === undefined ? "KB_DATA_DIR" : "--data-dir",
    });
  }
  return withLibrary(dataDir, work);
}

/** Opens the memory for one command, making it where there is none, and closes it after. */
export async function withLibrary<T>(dataDir: string | undefined, work: (library: Library) => Promise<T>): Promise<T> {
  const library = await openLibrary(process.env, dataDir);
  try {
    return await work(library);
  } finally {
    await library.database.close();
  }
}
