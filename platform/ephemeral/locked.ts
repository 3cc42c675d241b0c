import { InputError } from "../../contracts/input-error";
import type { Update } from "./backend/backend";
import type { Context } from "./context";
import { describeHolder, judgeLock } from "./decisions";

export interface LockOptions {
  /** How long to wait for an update of this machine to end, ms; 0 refuses at once. */
  readonly waitMs: number;
  /** Take a lock of another machine away. */
  readonly breakLock?: boolean;
}

const askEveryMs = 1_000;

/**
 * Runs an update of a stack. A lock whose holder is gone is given back first; one of a process that still runs here is waited for, as
 * long as that is allowed.
 * @throws InputError for a stack that another process or machine is updating.
 */
export async function whenUnlocked(
  { backend, now, host, alive, pause, say }: Context,
  name: string,
  work: () => Promise<Update>,
  { waitMs, breakLock = false }: LockOptions,
): Promise<Exclude<Update, { outcome: "locked" }>> {
  const until = now().getTime() + waitMs;
  let told = false;
  for (;;) {
    const update = await work();
    if (update.outcome !== "locked") return update;
    const { holders } = update;
    // A backend without lock files, such as Pulumi Cloud, names no holder; it gives a lock back by itself once nobody renews it.
    const state = holders.length === 0 ? "busy-elsewhere" : judgeLock(holders, { host, alive, now: now() });
    const who = holders.map(describeHolder).join("; ") || update.message;
    if (state === "left-behind" || (state === "busy-elsewhere" && breakLock)) {
      say(`${name}: takes back the lock of ${who}`);
      await backend.breakLock(name);
    } else if (state === "busy-here" && now().getTime() < until) {
      if (!told) say(`${name}: waits for ${who}`);
      told = true;
      await pause(askEveryMs);
    } else {
      throw new InputError({
        path: "lock",
        given: who,
        allowed: "one update of a stack at a time: wait for it, or --break-lock once it is sure to have ended",
        where: `the lock of ${name} in the state backend`,
      });
    }
  }
}
