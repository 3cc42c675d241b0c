import type { RuleResource } from "../rule";
import type { Statement } from "./document";
import { documentsOf } from "./places";

/** The account in which the offline engine's stand-ins live, as in AWS's own examples. */
export const ownAccount = "123456789012";

/** The account of an AWS principal: an ARN of IAM or STS, or twelve digits. */
export const accountOf = (principal: string): string | undefined =>
  /^arn:[^:]*:(?:iam|sts)::(\d{12}):/.exec(principal)?.[1] ?? /^(\d{12})$/.exec(principal)?.[1];

/** A principal of another account than the stack's own. */
export const foreigner = ({ principals }: Statement, own: ReadonlySet<string>): string | undefined =>
  (principals.AWS ?? []).find((who) => {
    const account = accountOf(who);
    return account !== undefined && !own.has(account);
  });

const known = new WeakMap<readonly RuleResource[], ReadonlySet<string>>();

/** The accounts of the stack: those of the resources that its own roles may use, since programs use what is beside them. */
export function ownAccounts(stack: readonly RuleResource[]): ReadonlySet<string> {
  const found = known.get(stack);
  if (found !== undefined) return found;
  const accounts = new Set([ownAccount, ...stack.flatMap(accountsIn)]);
  known.set(stack, accounts);
  return accounts;
}

function accountsIn(resource: RuleResource): string[] {
  try {
    return documentsOf(resource, "identity")
      .flatMap(({ resources }) => resources)
      .flatMap((resource) => /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(resource)?.[1] ?? []);
  } catch {
    // A document that is known only after the deployment names no account yet.
    return [];
  }
}
