import { readFileSync } from "node:fs";

/**
 * Memory of a process in KiB: the proportional set, in which a page that several processes share counts once altogether, so that
 * processes can be added up. Where the system does not tell it, the resident set; undefined where it tells neither.
 */
export function memoryKib(pid: number): number | undefined {
  const found = line(`/proc/${pid}/smaps_rollup`, "Pss") ?? line(`/proc/${pid}/status`, "VmRSS");
  return found === undefined ? undefined : Number(found);
}

function line(file: string, name: string): string | undefined {
  try {
    return new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(file, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
