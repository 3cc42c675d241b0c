import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { folderError, makeFolder } from "../../runtime/make-folder";
import { writeWhole } from "./run/write-whole";

/** A program of this repository in one file, and the files of the repository that went into it. */
export interface Bundle {
  readonly name: string;
  readonly file: string;
  /** The same without its packages, for a process that runs several; absent where it is no service. */
  readonly hostedFile?: string;
  /** Absolute paths, without installed packages. */
  readonly sources: readonly string[];
}

/**
 * Folder of the bundles, below the project so that they find the packages that stay outside of them (the embedded database and the
 * embedded engine bring WebAssembly and native code).
 */
export const bundleFolder = (projectDir: string): string => join(projectDir, ".platform", "bundles");

/**
 * Brings bundles up to date by `images/bundle.cjs`. One whose sources and packages have not changed since is taken as it is.
 * @param signal Ends the bundler half-way.
 * @returns The bundles, and the names of those that were built.
 * @throws InputError for a folder that cannot be written, Error with the bundler's first line where one cannot be built; the one from before stays.
 */
export async function ensureBundles(
  projectDir: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly bundles: ReadonlyMap<string, Bundle>; readonly built: readonly string[] }> {
  const folder = bundleFolder(projectDir);
  const packages = fingerprintOf(projectDir, ["package-lock.json", "images/bundle.cjs"]);
  const stale = names.filter((name) => !isFresh(projectDir, folder, name, packages));
  if (stale.length > 0) {
    requireWritable(folder);
    // A bundler that is cut off leaves halves, which nothing may take for whole.
    for (const name of stale) rmSync(join(folder, `${name}.fingerprint`), { force: true });
    await build(projectDir, folder, stale, signal);
    for (const name of stale) {
      const fingerprint = packages + fingerprintOf(projectDir, readInputs(folder, name));
      writeWhole(join(folder, `${name}.fingerprint`), fingerprint);
    }
  }
  const bundles = names.map((name): [string, Bundle] => {
    const sources = readInputs(folder, name).map((path) => join(projectDir, path));
    const hosted = join(folder, `${name}.hosted.cjs`);
    const hostedFile = existsSync(hosted) ? hosted : undefined;
    return [name, { name, file: join(folder, `${name}.cjs`), hostedFile, sources }];
  });
  return { bundles: new Map(bundles), built: stale };
}

function requireWritable(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw folderError(folder, error, { path: "bundles", where: "the project's folder; --cwd names another" });
  }
}

async function build(
  projectDir: string,
  folder: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const script = join(projectDir, "images", "bundle.cjs");
  try {
    await promisify(execFile)(process.execPath, [script, ...names, "--outdir", folder, "--inputs"], {
      cwd: projectDir,
      signal,
    });
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const line = stderr.split("\n").find((text) => /error/i.test(text));
    throw new Error(`${names.join(", ")} cannot be bundled: ${line?.trim() ?? message.split("\n")[0]}`);
  }
}

function isFresh(projectDir: string, folder: string, name: string, packages: string): boolean {
  const mark = join(folder, `${name}.fingerprint`);
  if (!existsSync(mark) || !existsSync(join(folder, `${name}.cjs`))) return false;
  return readFileSync(mark, "utf8") === packages + fingerprintOf(projectDir, readInputs(folder, name));
}

/** The sources in this repository; what is installed follows from the lockfile. */
function readInputs(folder: string, name: string): string[] {
  const inputs = JSON.parse(readFileSync(join(folder, `${name}.inputs.json`), "utf8")) as string[];
  return inputs.filter((path) => !path.startsWith("node_modules/"));
}

/** SHA-256 over names and contents; a file that is gone counts as empty. */
function fingerprintOf(projectDir: string, paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) {
    const file = join(projectDir, path);
    hash.update(path).update("\0");
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.digest("hex");
}
