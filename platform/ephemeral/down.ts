import { InputError } from "../../contracts/input-error";
import type { Context } from "./context";
import type { StackRecord } from "./decisions";
import { type LockOptions, whenUnlocked } from "./locked";
import { type Sweep, sweep } from "./sweep";

/** What became of a stack that was to go. */
export interface Removed {
  readonly name: string;
  /** Whether the backend had such a stack, and has it no more; `extended` is one whose life was made longer just before. */
  readonly state: "removed" | "kept" | "absent" | "extended";
  /** Why its state is kept. */
  readonly failure?: string;
  /** What carried its tags and was not in its state, or outlived it. */
  readonly swept: Sweep;
}

/** True when nothing of it is left. */
export const isGone = ({ state, swept }: Removed): boolean => state !== "kept" && swept.remaining.length === 0;

/**
 * Takes a stack down: destroys what its state holds, removes the state, then removes what carries its tags all the same, such as what
 * an `up` had made when it was killed. May be done again at any time.
 * @throws InputError for a stack that somebody else is updating.
 */
export async function takeDown(
  context: Context,
  name: string,
  stack: StackRecord | undefined,
  lock: LockOptions,
): Promise<Removed> {
  const { backend, cloud } = context;
  const nothing: Sweep = { removed: [], remaining: [] };
  if (stack !== undefined) {
    const update = await whenUnlocked(context, name, () => backend.destroy(name), lock);
    if (update.outcome === "failed") {
      return { name, state: "kept", failure: `${update.message} (${update.log})`, swept: nothing };
    }
    await backend.remove(name);
  }
  const swept = await sweep(cloud, await cloud.find(name));
  return { name, state: stack === undefined ? "absent" : "removed", swept };
}

/**
 * Takes one stack down by its name.
 * @throws InputError for a stack of another owner.
 */
export async function down(
  context: Context,
  { name, owner, ...lock }: { name: string; owner: string } & LockOptions,
): Promise<Removed> {
  const stack = await context.backend.read(name);
  if (stack?.owner !== undefined && stack.owner !== owner) {
    throw new InputError({
      path: "owner",
      given: owner,
      allowed: `${stack.owner}, whose stack ${name} is`,
      where: "--owner, or the person who runs the command",
    });
  }
  return takeDown(context, name, stack, lock);
}
