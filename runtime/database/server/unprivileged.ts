import { spawnSync } from "node:child_process";
import { chownSync, lchownSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** How PostgreSQL's programs are run by this user. */
export interface Runner {
  /** Words in front of the program's own. */
  readonly prefix: readonly string[];
  /** User and group of the process; absent for those of this one. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
  /** User on the disk whose files the program takes for its own; absent for that of this process. */
  readonly owner?: number;
}

/** The user that root's PostgreSQL runs as: `nobody`, by Linux's own number. */
const nobody = 65_534;

const asMe: Runner = { prefix: [], identity: {} };

/**
 * As nobody, who keeps one right of root to get through folders that are closed to others. Without the secure bit `access(2)`, by
 * which PostgreSQL looks at its own program, would not count that right.
 */
const withRight = (right: string): Runner => ({
  prefix: [
    ...["setpriv", "--securebits=+no_setuid_fixup", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"],
    ...[`--inh-caps=-all,+${right}`, `--ambient-caps=+${right}`],
  ],
  identity: {},
  owner: nobody,
});

/**
 * PostgreSQL refuses root. Root runs it as nobody who may still read what root may (containers lack the smaller right), as root whom a
 * user namespace renames, or as plain nobody: whichever works here first.
 */
const asNobody: readonly Runner[] = [
  withRight("dac_read_search"),
  withRight("dac_override"),
  { prefix: ["unshare", "--user", `--map-user=${nobody}`, `--map-group=${nobody}`], identity: {}, owner: 0 },
  { prefix: [], identity: { uid: nobody, gid: nobody }, owner: nobody },
];

/**
 * The way in which this process can run PostgreSQL on a folder.
 * @param program One of its programs, which must be readable
 * @param folder Where the database lies, which must be writable
 * @param isRoot Whether this process is root's
 * @throws Error with one line where root finds no way
 */
export function runnerFor(program: string, folder: string, isRoot = process.getuid?.() === 0): Runner {
  if (!isRoot) return asMe;
  const found = asNobody.find((runner) => works(runner, program, folder));
  if (found !== undefined) return found;
  throw new Error(
    `PostgreSQL refuses to run as root, and user ${nobody} can neither be given root's right to read files (setpriv), nor stand for root (unshare --user), nor read ${program} and write ${folder}; another user than root starts it`,
  );
}

function works({ prefix, identity, owner }: Runner, program: string, folder: string): boolean {
  if (owner !== undefined) chownSync(folder, owner, owner);
  const [command, ...args] = [...prefix, "/bin/sh", "-c", 'test -x "$0" && test -w "$1"', program, folder];
  return spawnSync(command!, args, { ...identity, cwd: "/", stdio: "ignore" }).status === 0;
}

/** Hands a file, or a folder and what is in it, to a user; changes nothing where that user has it. */
export function giveTo(path: string, owner: number | undefined): void {
  const found = lstatSync(path);
  if (owner === undefined || found.uid === owner) return;
  if (found.isDirectory()) for (const name of readdirSync(path)) giveTo(join(path, name), owner);
  lchownSync(path, owner, owner);
}
