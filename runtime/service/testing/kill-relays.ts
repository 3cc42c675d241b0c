import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Envelope } from "../../../contracts/events/define";
import { applyOnce } from "../events";
import { readEvent } from "../inbox";
import type { Transaction } from "../keys";
import { relayOnce } from "../outbox";
import { notes, type notesContract } from "./notes";
import type { TestService } from "./start";

export interface KillOutcome {
  readonly kills: number;
  readonly events: number;
  /** Deliveries, repeated ones included. */
  readonly published: number;
  readonly lost: number;
  readonly twice: number;
}

/**
 * Kills relays, each a process of its own, after they have published and before the database knows; what they published is applied
 * through the inbox at the end.
 */
export async function killRelays(service: TestService<typeof notesContract>, kills: number): Promise<KillOutcome> {
  const { kit } = service.running;
  const folder = mkdtempSync(join(tmpdir(), "kill-relays-"));
  const file = join(folder, "published");
  const perKill = 3;
  const transaction: Transaction = (work) => kit.database.transaction(undefined, work);
  const append = async (events: readonly Envelope[]) =>
    appendFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      for (let event = 0; event < perKill; event += 1) {
        await kit.database.transaction(undefined, (session) =>
          kit.emit(session, {
            type: "engine.version-registered",
            subject: `subject ${event}`,
            data: { version: `${kill}.${event}`, stage: "release", releasedAt: null },
          }),
        );
      }
      const relay = startRelay(service.environment, file);
      await firstLine(relay);
      const gone = once(relay, "exit");
      relay.kill("SIGKILL");
      await gone;
      // What the next one finds is its own: the killed one's events go again now.
      while ((await relayOnce(transaction, append)) > 0);
    }
    const published = readFileSync(file, "utf8").trim().split("\n");
    for (const text of published) {
      const event = readEvent(text);
      if ("id" in event) await applyOnce(notes, kit, undefined, event);
    }
    const { rows } = await kit.database.transaction(undefined, (session) =>
      session.query<{ words: string; count: number }>("SELECT words, count(*)::int AS count FROM notes GROUP BY words"),
    );
    const events = kills * perKill;
    return {
      kills,
      events,
      published: published.length,
      lost: events - rows.length,
      twice: rows.filter(({ count }) => count > 1).length,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function startRelay(environment: Readonly<Record<string, string>>, file: string): ChildProcess {
  return spawn(process.execPath, ["--require", "tsx/cjs", join(__dirname, "relay-process.ts"), file], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function firstLine(child: ChildProcess): Promise<void> {
  await once(child.stdout!, "data");
}
