import { randomUUID } from "node:crypto";
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../../contracts/input-error";
import { makeFolder } from "../make-folder";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in clock ticks since boot, so that a reused process id is not taken for the holder. */
  readonly started?: string;
  readonly token: string;
}

/** Gives the directory back. */
export type Release = () => void;

const lockName = /^lock\.(\d+)$/;

/**
 * Takes a directory for this process, since PGlite lets two processes open one and loses rows.
 *
 * Lock files are numbered and created by link(2), which is atomic and fails when the name is there. Who finds only dead
 * holders creates the next number, then looks again: if any other live holder shows up it withdraws. A live holder's file is
 * never touched, so it cannot be robbed; the files of dead ones go once the new lock stands.
 * @throws InputError when another live process, or one on another host that cannot be asked, holds it
 */
export function lockDirectory(directory: string): Release {
  makeFolder(directory);
  const me: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid), token: randomUUID() };
  const draft = join(directory, `lock-draft.${me.token}`);
  writeFileSync(draft, JSON.stringify(me));
  try {
    const held = liveHolders(directory, me.token);
    if (held.length > 0) throw refused(directory, held);
    const mine = join(directory, `lock.${highest(directory) + 1}`);
    try {
      linkSync(draft, mine);
    } catch (error) {
      if (!isExists(error)) throw error;
      throw refused(directory, liveHolders(directory, me.token));
    }
    const rivals = liveHolders(directory, me.token);
    if (rivals.length > 0) {
      rmSync(mine, { force: true });
      throw refused(directory, rivals);
    }
    for (const { path } of holders(directory, me.token)) rmSync(path, { force: true });
    return () => rmSync(mine, { force: true });
  } finally {
    rmSync(draft, { force: true });
  }
}

function refused(directory: string, [held]: readonly { path: string; holder: Holder }[]): InputError {
  const who = held === undefined ? "another process" : `process ${held.holder.pid} on ${held.holder.host}`;
  const remedy =
    held !== undefined && held.holder.host !== hostname()
      ? `; if that host is gone for good, remove ${held.path}`
      : "; stop it, or send requests to it";
  return new InputError({
    path: "dataDir",
    given: resolve(directory),
    allowed: `a directory that no other process uses: ${who} holds it${remedy}`,
    where: "--data-dir or its variable",
  });
}

function liveHolders(directory: string, token: string) {
  return holders(directory, token).filter(({ holder }) => isAlive(holder));
}

function holders(directory: string, token: string): { path: string; holder: Holder }[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    if (!lockName.test(name)) return [];
    const holder = readHolder(path);
    return holder === undefined || holder.token === token ? [] : [{ path, holder }];
  });
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch (error) {
    // Released between listing and reading. A file is linked whole, so any other content is not a lock of ours.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function highest(directory: string): number {
  return Math.max(0, ...readdirSync(directory).map((name) => Number(lockName.exec(name)?.[1] ?? 0)));
}

function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const now = startOf(pid);
  return started === undefined || now === undefined || now === started;
}

/** Field 22 of /proc/PID/stat; undefined where there is no /proc. Zombies count as gone. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "gone" : fields[19];
  } catch {
    return undefined;
  }
}

function isExists(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}
