import { type ChildProcess, spawn } from "node:child_process";
import { setPriority } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** A platform on this machine in a process of its own, as `npm start` runs it. */
export interface PlatformProcess {
  readonly child: ChildProcess;
  /** Address of its console. */
  readonly console: string;
  /** Seconds from its start until everything answered. */
  readonly seconds: number;
}

export interface PlatformProcessOptions {
  /** Where databases, secrets and logs are kept. */
  readonly dataDir: string;
  /** Parts to run. @default all */
  readonly only?: string;
  /** Niceness of the process and of all that it starts, 0 to 19. @default 0 */
  readonly niceness?: number;
}

const repository = resolve(__dirname, "../..");

/**
 * Starts the platform on free ports and waits until everything answers, however long that takes.
 * @throws Error with what it wrote last when it ends before
 */
export async function startPlatformProcess({
  dataDir,
  only = "",
  niceness = 0,
}: PlatformProcessOptions): Promise<PlatformProcess> {
  const started = performance.now();
  const words = ["up", "--local", "--json", "--no-watch", "--port-base", "0", "--data-dir", dataDir];
  const parts = only === "" ? [] : ["--only", only];
  const child = spawn(process.execPath, [join(repository, "platform/bin/platform.cjs"), ...words, ...parts], {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (niceness !== 0 && child.pid !== undefined) setPriority(child.pid, niceness);
  const errors = text(child.stderr);
  for await (const line of createInterface({ input: child.stdout })) {
    const { endpoints } = JSON.parse(line) as { endpoints: { name: string; url: string }[] };
    const { url } = endpoints.find(({ name }) => name === "console")!;
    return { child, console: url, seconds: (performance.now() - started) / 1000 };
  }
  throw new Error(`the platform did not come up: ${(await errors).trim().split("\n").slice(-5).join("\n")}`);
}

/** Stops it. @returns Seconds from SIGTERM to the end of the process. */
export function stopPlatformProcess({ child }: PlatformProcess): Promise<number> {
  const started = performance.now();
  child.kill("SIGTERM");
  return new Promise((done) => child.once("exit", () => done((performance.now() - started) / 1000)));
}

/** Sets the number of simulated players by the console's API. */
export async function setPlayers({ console }: PlatformProcess, players: number): Promise<void> {
  const response = await fetch(new URL("/api/players", console), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ players }),
  });
  if (!response.ok) throw new Error(`the console answered ${response.status}: ${await response.text()}`);
}
