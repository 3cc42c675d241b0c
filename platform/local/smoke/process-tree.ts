import { readdirSync, readFileSync } from "node:fs";
import { memoryKib } from "../processes/memory";

/** A process as /proc shows it. */
interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

/** All processes below one, however deep; none where the system has no /proc. */
export function descendants(root: number): ProcessLine[] {
  const all = processes();
  const found: ProcessLine[] = [];
  for (let parents = new Set([root]); parents.size > 0; ) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map(({ pid }) => pid));
  }
  return found;
}

/** Watches the memory of this process and all below it. */
export class MemoryWatch {
  #peakKib = 0;
  readonly #timer = setInterval(() => this.#sample(), 500).unref();

  /** MiB of the largest sum seen so far. */
  peakMiB(): number {
    return Math.round(this.#peakKib / 1024);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const pids = [process.pid, ...descendants(process.pid).map(({ pid }) => pid)];
    this.#peakKib = Math.max(
      this.#peakKib,
      pids.reduce((sum, pid) => sum + (memoryKib(pid) ?? 0), 0),
    );
  }
}

function processes(): ProcessLine[] {
  return pids().flatMap((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(stat) ?? [];
    return name === undefined ? [] : [{ pid, parent: Number(parent), name }];
  });
}

function pids(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
