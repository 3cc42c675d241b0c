import { InputError } from "../../contracts/input-error";
import { ephemeralName } from "../../contracts/stack-names";
import { describeRest, isExpired, isExpiry } from "./lifetime";

// What is decided about stacks and what they left behind, from plain values.

/** A stack of the state backend. */
export interface StackRecord {
  readonly name: string;
  /** As its tags say; absent where it has none. */
  readonly expiresAt?: string;
  readonly owner?: string;
  /** How many resources its state holds. */
  readonly resources: number;
  /** RFC 3339; absent before its first update. */
  readonly lastUpdate?: string;
}

/** A resource of the cloud that carries the tags of an ephemeral stack. */
export interface TaggedResource {
  /** Its ARN, or for what has none a text of the same form. */
  readonly arn: string;
  readonly stack: string;
  readonly expiresAt?: string;
  /** True for what has no tags and belonged to something that is gone, such as the logs of a database. */
  readonly abandoned?: boolean;
}

/** What becomes of one stack when the reaper comes by. */
export interface Verdict {
  readonly stack: StackRecord;
  readonly reap: boolean;
  readonly why: string;
}

/** Judges every stack of the backend: only an allowed name whose time has come is reaped, or one that never got anything. */
export function judgeStacks(stacks: readonly StackRecord[], now: Date): Verdict[] {
  return stacks.map((stack) => ({ stack, ...judge(stack, now) }));
}

function judge({ name, expiresAt, resources, lastUpdate }: StackRecord, now: Date): Omit<Verdict, "stack"> {
  if (!ephemeralName.test(name)) return { reap: false, why: "its name is not an ephemeral one" };
  if (isExpired(expiresAt, now)) return { reap: true, why: describeRest(expiresAt, now) };
  if (isExpiry(expiresAt)) return { reap: false, why: describeRest(expiresAt, now) };
  if (expiresAt !== undefined) return { reap: false, why: `its tag ${JSON.stringify(expiresAt)} is not a time` };
  // `up` was ended between making the stack and tagging it: it holds nothing.
  if (resources === 0 && lastUpdate === undefined) return { reap: true, why: "it was never brought up" };
  return { reap: false, why: "it has no expiry: `platform ephemeral extend` gives it one" };
}

/**
 * The resources that no stack of the backend answers for any more: their name is allowed, their own tag says that their time has come,
 * and the backend has no such stack. What a living stack holds is never an orphan, whatever its tags say.
 */
export function orphansOf(
  resources: readonly TaggedResource[],
  stacks: readonly StackRecord[],
  now: Date,
): TaggedResource[] {
  const known = new Set(stacks.map(({ name }) => name));
  return resources.filter(
    ({ stack, expiresAt, abandoned = false }) =>
      ephemeralName.test(stack) && !known.has(stack) && (abandoned || isExpired(expiresAt, now)),
  );
}

/**
 * Holds an `up` against what there is already.
 * @throws InputError for a stack of another owner, and where there would be too many.
 */
export function checkRoom(
  asked: { readonly name: string; readonly owner: string },
  stacks: readonly StackRecord[],
  limits: { readonly most: number; readonly perOwner: number },
  where: string,
): void {
  const living = stacks.filter(({ name }) => ephemeralName.test(name));
  const same = living.find(({ name }) => name === asked.name);
  if (same !== undefined) {
    if (same.owner === undefined || same.owner === asked.owner) return;
    throw new InputError({
      path: "owner",
      given: asked.owner,
      allowed: `${same.owner}, whose stack ${asked.name} is; or another name`,
      where: "--owner, or the person who runs the command",
    });
  }
  const own = living.filter(({ owner }) => owner === asked.owner).map(({ name }) => name);
  const refuse = (path: string, given: number, allowed: string) => {
    throw new InputError({ path, given, allowed, where });
  };
  if (own.length >= limits.perOwner) {
    refuse(
      "stacks.perOwner",
      own.length + 1,
      `at most ${limits.perOwner} of one owner; ${asked.owner} has ${own.join(", ")}`,
    );
  }
  if (living.length >= limits.most) refuse("stacks.most", living.length + 1, `at most ${limits.most} at once`);
}

/** Who holds a stack's lock, as the backend's own message says. */
export interface LockHolder {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly since: string;
}

/**
 * No job of GitHub's runners lives longer, and credentials of a workflow end after an hour: a lock that is older was left behind.
 * https://docs.github.com/en/actions/reference/limits
 */
export const deadLockHours = 6;

/** Reads the holders from what the CLI says of a stack that is locked; empty for any other text. */
export function lockHolders(text: string): LockHolder[] {
  const lines = text.matchAll(/created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/g);
  return [...lines].map(([, user, host, pid, since]) => ({
    user: user!,
    host: host!,
    pid: Number(pid),
    since: since!,
  }));
}

/**
 * What to do about a lock: a holder that no longer runs left it behind, one that runs on this machine will end, and of one on another
 * machine only its age tells.
 */
export function judgeLock(
  holders: readonly LockHolder[],
  here: { readonly host: string; readonly alive: (pid: number) => boolean; readonly now: Date },
): "left-behind" | "busy-here" | "busy-elsewhere" {
  const states = holders.map(({ host, pid, since }) => {
    if (host === here.host) return here.alive(pid) ? "busy-here" : "left-behind";
    const hours = (here.now.getTime() - Date.parse(since)) / 3_600_000;
    return hours > deadLockHours ? "left-behind" : "busy-elsewhere";
  });
  if (states.includes("busy-elsewhere")) return "busy-elsewhere";
  return states.includes("busy-here") ? "busy-here" : "left-behind";
}

/** The holder in words. */
export const describeHolder = ({ user, host, pid, since }: LockHolder): string =>
  `${user}@${host}, process ${pid}, since ${since}`;
