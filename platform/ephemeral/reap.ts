import type { Context } from "./context";
import { judgeStacks, orphansOf, type Verdict } from "./decisions";
import { isGone, type Removed, takeDown } from "./down";
import { type Sweep, sweep } from "./sweep";

export interface ReapReport {
  /** Stacks whose time has come, and what became of each; none of it in a dry run. */
  readonly expired: readonly string[];
  readonly stacks: readonly Removed[];
  /** Ephemeral stacks that are left alone, and why. */
  readonly kept: readonly { readonly name: string; readonly why: string }[];
  /** Resources of stacks that the backend does not have. */
  readonly orphans: readonly string[];
  readonly swept: Sweep;
  readonly dryRun: boolean;
}

/** Stacks that are taken down at once. */
const atOnce = 3;

/**
 * Removes what has expired: stacks of the backend, then resources that carry an expired stack's tags and belong to none. Only names on
 * the allowlist are looked at. A stack that fails stops no other.
 * @param execute False only says what would be done.
 */
export async function reap(context: Context, execute: boolean): Promise<ReapReport> {
  const { backend, cloud, now } = context;
  const stacks = await backend.list();
  const verdicts = judgeStacks(stacks, now());
  const expired = verdicts.filter((verdict) => verdict.reap);
  const kept = verdicts
    .filter((verdict) => !verdict.reap && verdict.why !== notEphemeral)
    .map(({ stack, why }) => ({ name: stack.name, why }));
  const orphans = orphansOf(await cloud.find(), stacks, now());
  const report = { expired: expired.map(({ stack }) => stack.name), kept, orphans: orphans.map(({ arn }) => arn) };
  if (!execute) return { ...report, stacks: [], swept: { removed: [], remaining: [] }, dryRun: true };

  const done: Removed[] = [];
  for (let index = 0; index < expired.length; index += atOnce) {
    done.push(
      ...(await Promise.all(expired.slice(index, index + atOnce).map((verdict) => reapStack(context, verdict)))),
    );
  }
  return { ...report, stacks: done, swept: await sweep(cloud, orphans), dryRun: false };
}

const notEphemeral = "its name is not an ephemeral one";

/** What was expired when the list was made may have been extended since. */
async function reapStack(context: Context, { stack: { name } }: Verdict): Promise<Removed> {
  const nothing: Sweep = { removed: [], remaining: [] };
  try {
    const stack = await context.backend.read(name);
    if (stack !== undefined && !judgeStacks([stack], context.now())[0]!.reap) {
      return { name, state: "extended", swept: nothing };
    }
    return await takeDown(context, name, stack, { waitMs: 0 });
  } catch (error) {
    return { name, state: "kept", failure: error instanceof Error ? error.message : String(error), swept: nothing };
  }
}

/** True while something of what should be gone is there. */
export function anythingRemains({ dryRun, expired, orphans, stacks, swept }: ReapReport): boolean {
  if (dryRun) return expired.length + orphans.length > 0;
  return stacks.some((stack) => !isGone(stack)) || swept.remaining.length > 0;
}
