import { InputError } from "../../contracts/input-error";
import { tagKeys } from "../../contracts/tags";
import type { Context } from "./context";
import { expiryFrom, laterExpiry, type Ttl } from "./lifetime";
import { expiryTag, lifetimeKey, ownerTag } from "./stack-tags";

export interface Extended {
  readonly name: string;
  readonly before?: string;
  readonly expiresAt: string;
}

/**
 * Lets a stack live on: its time is counted from now and never becomes shorter. The resources' tags come first, the stack's last: what
 * is cut off in between expires at the old time, and doing it again finishes it.
 * @throws InputError for a stack that is not there, and for another owner's.
 */
export async function extend(
  { backend, cloud, now }: Context,
  { name, owner, ttl }: { readonly name: string; readonly owner: string; readonly ttl: Ttl },
): Promise<Extended> {
  const stack = await backend.read(name);
  if (stack === undefined) {
    throw new InputError({
      path: "name",
      given: name,
      allowed: "a stack that is up; `list` shows them",
      where: "the command line",
    });
  }
  if (stack.owner !== undefined && stack.owner !== owner) {
    throw new InputError({ path: "owner", given: owner, allowed: stack.owner, where: "--owner" });
  }
  const expiresAt = laterExpiry(stack.expiresAt, expiryFrom(now(), ttl));
  await backend.setConfig(name, {
    [`${lifetimeKey}.expiresAt`]: expiresAt,
    [`${lifetimeKey}.owner`]: stack.owner ?? owner,
  });
  await cloud.tag(await cloud.find(name), tagKeys.expires, expiresAt);
  await backend.setTags(name, { [expiryTag]: expiresAt, ...(stack.owner === undefined ? { [ownerTag]: owner } : {}) });
  return { name, ...(stack.expiresAt === undefined ? {} : { before: stack.expiresAt }), expiresAt };
}
