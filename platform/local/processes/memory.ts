import { readFileSync } from "node:fs";

/**
 * Memory of a process in KiB: the proportional set, in which a page that several processes share counts once altogether, so that
 * processes can be added up. Where the system does not tell it, the resident set; undefined where it tells neither.
 */
export function memoryKib(pid: number): number | undefined {
  const found = line(`/proc/${pid}/smaps_rollup`, "Pss") ?? line(`/proc/${pid}/status`, "VmRSS");
  return found === undefined ? undefined : Number(found);
}

/** Memory of a process and those below it in KiB, as {@link memoryKib}; those below are left out where the system does not name them. */
export function familyKib(pid: number): number | undefined {
  const own = memoryKib(pid);
  if (own === undefined) return undefined;
  return childrenOf(pid).reduce((sum, child) => sum + (familyKib(child) ?? 0), own);
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function line(file: string, name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(file, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
