import type { Derivable } from "../../expansion";

/** @throws Error when more than one of the arguments is given. */
export function refuseBoth(args: Readonly<Record<string, Derivable>>): void {
  const given = Object.keys(args).filter((key) => args[key] !== undefined);
  if (given.length > 1) throw new Error(`${given.join(", ")}: both are given; only one is allowed`);
}
