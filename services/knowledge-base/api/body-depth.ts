import { InputError } from "../../../contracts/input-error";

/** Objects and lists in each other at most, in the body of a request: beyond it neither the database nor this program could take it. */
export const deepestBody = 64;

/** @throws InputError for a body that nests deeper */
export function checkDepth(body: unknown): void {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      if (depth === deepestBody) {
        throw new InputError({
          path: "body",
          given: "objects or lists that nest deeper",
          allowed: `at most ${deepestBody} in each other`,
        });
      }
      for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
}
