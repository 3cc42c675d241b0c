import { InputError } from "../contracts/input-error";

/** What a stack is for; the kind decides defaults, protection and who may reap it. */
export type StackKind = "shared" | "environment" | "ephemeral";

/** Long-lived environments; `prod` is the one with protection. */
export const environments = ["dev", "prod"] as const;

/** Names that may be ephemeral. Only stacks whose name matches are ever reaped, so the list is of what is allowed. */
export const ephemeralName = /^(pr|eph)-[a-z0-9](?:[a-z0-9-]{0,14}[a-z0-9])?$/;

/**
 * Tells a stack's kind from its name.
 * @throws InputError for a name that is neither fixed nor on the pattern of ephemeral stacks.
 */
export function stackKind(stack: string): StackKind {
  if (stack === "shared") return "shared";
  if ((environments as readonly string[]).includes(stack)) return "environment";
  if (ephemeralName.test(stack)) return "ephemeral";
  throw new InputError({
    path: "stack",
    given: stack,
    allowed: `shared, ${environments.join(", ")}, or an ephemeral name such as pr-123 or eph-ana (${ephemeralName.source})`,
    where: "the stack's name",
  });
}
