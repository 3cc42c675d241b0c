import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyOnce } from "../events";
import { readEvent } from "../inbox";
import { unsentEvents } from "../outbox";
import { notes, type notesContract } from "./notes";
import { type TestService, until } from "./start";

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
      const relay = startRelay(service.environment, file, "hang");
      await firstLine(relay);
      const gone = once(relay, "exit");
      relay.kill("SIGKILL");
      await gone;
    }
    const last = startRelay(service.environment, file, "go on");
    await until(async () => (await kit.database.transaction(undefined, unsentEvents)) === 0);
    const gone = once(last, "exit");
    last.kill("SIGKILL");
    await gone;

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

function startRelay(environment: Readonly<Record<string, string>>, file: string, then: "hang" | "go on"): ChildProcess {
  return spawn(process.execPath, ["--require", "tsx/cjs", join(__dirname, "relay-process.ts"), file, then], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function firstLine(child: ChildProcess): Promise<void> {
  await once(child.stdout!, "data");
}
