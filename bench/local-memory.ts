import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { memoryKib } from "../platform/local/processes/memory";
import { descendants } from "../platform/local/smoke/process-tree";
import { setPlayers, startPlatformProcess, stopPlatformProcess } from "../platform/testing/platform-process";

// Memory of the platform on this machine under simulated players, program by program: the proportional set in MiB, once a minute
// while they play, and after they have left. Linux only, where /proc tells it.
//
//   npm run bench:local-memory -- [--players 50] [--minutes 12] [--after 3] [--only ai-router,tiers]

const { values } = parseArgs({
  options: {
    players: { type: "string", default: "50" },
    minutes: { type: "string", default: "12" },
    after: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});
const dataDir = mkdtempSync(join(tmpdir(), "bench-local-memory-"));

async function main(): Promise<void> {
  const platform = await startPlatformProcess({ dataDir, only: values.only });
  const root = platform.child.pid!;
  try {
    row("started", root);
    await setPlayers(platform, Number(values.players));
    for (let minute = 1; minute <= Number(values.minutes); minute++) {
      await delay(60_000);
      row(`${values.players} players, minute ${minute}`, root);
    }
    await setPlayers(platform, 0);
    for (let minute = 1; minute <= Number(values.after); minute++) {
      await delay(60_000);
      row(`none, minute ${minute}`, root);
    }
  } finally {
    await stopPlatformProcess(platform);
  }
}

/** One line: the sum, then each program with its processes. */
function row(what: string, root: number): void {
  const parts = new Map<string, number[]>();
  for (const pid of [root, ...descendants(root).map((each) => each.pid)]) {
    const mib = Math.round((memoryKib(pid) ?? 0) / 1024);
    const name = programOf(pid);
    parts.set(name, [...(parts.get(name) ?? []), mib]);
  }
  const sum = [...parts.values()].flat().reduce((total, each) => total + each, 0);
  const shown = [...parts].map(([name, mib]) => `${name} ${described(name, mib)}`).join(", ");
  process.stdout.write(`${what.padEnd(24)} ${String(sum).padStart(5)} MiB: ${shown}\n`);
}

/** Each process of a program on its own; those of the database, of which there are many, together. */
function described(name: string, mib: readonly number[]): string {
  return name === "postgres" ? `${mib.reduce((sum, each) => sum + each, 0)} of ${mib.length}` : mib.join(" + ");
}

function programOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const script = words.find((word) => /\.c?js$/.test(word));
    return basename((script ?? words[0]!).split(" ")[0]!).replace(/\.c?js$|:$/g, "");
  } catch {
    return "ended";
  }
}

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(() => rmSync(dataDir, { recursive: true, force: true }));
