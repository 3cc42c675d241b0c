import { InputError } from "../contracts/input-error";
import { environments, ephemeralName, ephemeralNamesAllowed } from "../contracts/stack-names";

/** What a stack is for; the kind decides defaults, protection and who may reap it. */
export type StackKind = "shared" | "environment" | "ephemeral";

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
    allowed: `shared, ${environments.join(", ")}, or ${ephemeralNamesAllowed}`,
    where: "the stack's name",
  });
}
