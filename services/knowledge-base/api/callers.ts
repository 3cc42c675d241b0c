import { type Call, problem } from "../../../runtime/service";
import { canon, everything, insideWorld, type Scope } from "../database/types";

type Asker = Pick<Call, "caller">;

/** The one world that a key reaches beside the canon; null for a caller of every world. */
function ownWorld({ caller }: Asker): string | null {
  if (caller.kind !== "service") return null;
  return (caller.key?.properties.worldId as string | null | undefined) ?? null;
}

/** The world a request is about: the one it names, else the key's own. @throws Problem 403 for a world that is not the key's */
export function worldOf(asker: Asker, named: string | undefined): string | null {
  const own = ownWorld(asker);
  if (own !== null && named !== undefined && named.toLowerCase() !== own) {
    throw problem("forbidden", "this key is for another world");
  }
  return named ?? own;
}

/** What a reading request sees. */
export function readScope(asker: Asker, named?: string): Scope {
  const world = worldOf(asker, named);
  return world === null ? canon : insideWorld(world);
}

/** What a writing request may change: its world, or, for a caller of every world that names none, the canon. */
export function writeScope(asker: Asker, named?: string): Scope {
  const world = worldOf(asker, named);
  return world === null ? everything : insideWorld(world);
}

/** What a list of worlds shows: a key's own, or all. */
export const worldsScope = (asker: Asker): Scope => (ownWorld(asker) === null ? everything : readScope(asker));

/** @throws Problem 403 for a key that reaches one world */
export function requireEveryWorld(asker: Asker): void {
  if (ownWorld(asker) !== null) throw problem("forbidden", "this key is for one world");
}
