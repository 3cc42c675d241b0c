import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { InputError } from "../../../contracts/input-error";

const run = promisify(execFile);

/**
 * Gives a checked-out tree its modules: those of the project when both lockfiles are equal, else its own, installed once per
 * lockfile into a cache. No install script runs.
 * @returns where they were installed; undefined when the project's own are used.
 * @throws InputError when they cannot be installed.
 */
export async function provideModules(
  project: string,
  tree: string,
  cache: string,
  ref: string,
): Promise<string | undefined> {
  const lockfile = join(tree, "package-lock.json");
  const own = join(project, "package-lock.json");
  const same = !existsSync(lockfile) || (existsSync(own) && readFileSync(own).equals(readFileSync(lockfile)));
  const modules = join(same ? project : await install(tree, lockfile, cache, ref), "node_modules");
  if (existsSync(modules)) symlinkSync(modules, join(tree, "node_modules"), "junction");
  return same ? undefined : modules;
}

async function install(tree: string, lockfile: string, cache: string, ref: string): Promise<string> {
  const folder = join(cache, createHash("sha256").update(readFileSync(lockfile)).digest("hex").slice(0, 16));
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(tree, file), join(unfinished, file));
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    await run(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: unfinished });
    renameSync(unfinished, folder);
    return folder;
  } catch (error) {
    const reason = error instanceof Error ? reasonOf(error.message) : String(error);
    throw new InputError({
      path: "baseline",
      given: `git:${ref}`,
      allowed: `a ref whose modules can be installed; npm ci says: ${reason}`,
      where: "its package-lock.json",
    });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The line in which npm says what is wrong, not the one that points to its log. */
function reasonOf(text: string): string {
  const lines = text.trim().split("\n");
  const told = lines.filter(
    (line) => line.startsWith("npm error") && !/npm error (code|A complete log|\s*$)/.test(line),
  );
  return (told[0] ?? lines.at(-1)!).replace("npm error ", "").trim().slice(0, 200);
}
