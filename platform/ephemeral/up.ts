import { InputError } from "../../contracts/input-error";
import type { Context } from "./context";
import { checkRoom } from "./decisions";
import { expiryFrom, laterExpiry, type Ttl } from "./lifetime";
import { whenUnlocked } from "./locked";
import { checkQuotas, type Demand } from "./preflight";
import type { EphemeralSettings } from "./settings";
import { expiryTag, lifetimeKey, ownerTag } from "./stack-tags";

export interface UpRequest {
  readonly name: string;
  readonly owner: string;
  readonly ttl: Ttl;
  /** What the offline preview says that the stack asks of the account. */
  readonly demands: readonly Demand[];
  readonly breakLock?: boolean;
}

export interface UpReport {
  readonly name: string;
  readonly owner: string;
  readonly expiresAt: string;
  readonly outcome: "up" | "failed";
  /** What went wrong, and the file with all that the CLI said. */
  readonly failure?: { readonly message: string; readonly log: string };
  readonly outputs: Readonly<Record<string, unknown>>;
}

/**
 * Brings a stack up, or on. Tags go on before anything is made, so that whatever is cut off from here on can be reaped.
 * @throws InputError for whatever a person can correct; nothing has been changed then.
 */
export async function up(
  context: Context,
  { name, owner, ttl, demands, breakLock }: UpRequest,
  settings: EphemeralSettings,
): Promise<UpReport> {
  const { backend, cloud, say } = context;
  const stacks = await backend.list();
  checkRoom({ name, owner }, stacks, settings.stacks, "ephemeral.yaml");
  await checkAccount(context, settings);
  const before = stacks.find((stack) => stack.name === name);
  checkQuotas(demands, await cloud.quotas(demands.map(({ code }) => code)), (before?.resources ?? 0) === 0);

  const expiresAt = laterExpiry(before?.expiresAt, expiryFrom(context.now(), ttl));
  if (before === undefined) await backend.create(name);
  await backend.setTags(name, { [expiryTag]: expiresAt, [ownerTag]: owner });
  await backend.setConfig(name, { [`${lifetimeKey}.expiresAt`]: expiresAt, [`${lifetimeKey}.owner`]: owner });
  say(`${name}: ${before === undefined ? "comes" : "goes on"} up, expires ${expiresAt}`);
  const update = await whenUnlocked(context, name, () => backend.up(name), { waitMs: 0, breakLock });
  const report = { name, owner, expiresAt };
  return update.outcome === "failed"
    ? { ...report, outcome: "failed", failure: update, outputs: {} }
    : { ...report, outcome: "up", outputs: await backend.outputs(name) };
}

/** @throws InputError without valid credentials, and for those of another account than config names. */
export async function checkAccount({ cloud }: Context, { account }: EphemeralSettings): Promise<void> {
  const identity = await cloud.identity();
  if (account === undefined || account === identity.account) return;
  throw new InputError({
    path: "account",
    given: identity.account,
    allowed: `credentials of ${account}`,
    where: "ephemeral.yaml, key account; the credentials are those of the environment",
  });
}
