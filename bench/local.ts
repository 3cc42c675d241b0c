import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import type { LocalDecision, LocalState } from "../platform/local/state";
import {
  type PlatformProcess,
  setPlayers,
  startPlatformProcess,
  stopPlatformProcess,
} from "../platform/testing/platform-process";

// The platform on this machine, as a person uses it: how long a first and a second start take, when a group grows after simulated
// players have come, when it shrinks after they have left, and how long the end takes. Everything goes through the console's API.
//
//   npm run bench:local -- [--players 60] [--only ai-router,tiers]

const barSeconds = 180;
const { values } = parseArgs({
  options: { players: { type: "string", default: "60" }, only: { type: "string", default: "" } },
});
const dataDir = mkdtempSync(join(tmpdir(), "bench-local-"));

async function main(): Promise<void> {
  const first = await up();
  row("first start until everything answers", first.seconds);
  row("stop", await stopPlatformProcess(first));
  const platform = await up();
  row("second start until everything answers", platform.seconds);
  try {
    await scale(platform);
  } finally {
    row("stop", await stopPlatformProcess(platform));
  }
}

async function scale(platform: PlatformProcess): Promise<void> {
  const { console } = platform;
  const players = Number(values.players);
  let since = Date.now();
  await setPlayers(platform, players);
  const out = await decision(console, "scale-out", since);
  row(`decision to grow after ${players} players came (bar ${barSeconds} s)`, (out.at - since) / 1000, out.note);
  const served = await decision(console, "in-service", out.at);
  row("the new node in service", (served.at - since) / 1000);
  since = Date.now();
  await setPlayers(platform, 0);
  const shrunk = await decision(console, "scale-in", since);
  row("decision to shrink after they left", (shrunk.at - since) / 1000, shrunk.note);
  const gone = await decision(console, "terminated", shrunk.at);
  row("the node drained and gone", (gone.at - since) / 1000);
}

const up = () => startPlatformProcess({ dataDir, only: values.only });

/** The first decision of a kind since a moment, waited for. */
async function decision(console: string, kind: string, since: number): Promise<LocalDecision> {
  const response = await fetch(new URL("/api/events", console), { signal: AbortSignal.timeout(600_000) });
  const stream = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  try {
    for await (const line of createInterface({ input: stream })) {
      if (!line.startsWith("data: {")) continue;
      const { state } = JSON.parse(line.slice("data: ".length)) as { state?: LocalState };
      const found = state?.decisions.find((each) => each.kind === kind && each.at >= since);
      if (found !== undefined) return found;
    }
  } finally {
    stream.destroy();
  }
  throw new Error(`the platform ended before a decision to ${kind}`);
}

function row(name: string, seconds: number, note = ""): void {
  process.stdout.write(`${name.padEnd(66)} ${seconds.toFixed(1).padStart(6)} s  ${note}\n`);
}

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(() => rmSync(dataDir, { recursive: true, force: true }));
