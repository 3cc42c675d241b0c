import type { Cloud, Removal } from "./cloud/cloud";
import type { TaggedResource } from "./decisions";

/** What a sweep did. AWS lists for a while what is gone already; that is in neither list. */
export interface Sweep {
  readonly removed: readonly string[];
  readonly remaining: readonly { readonly arn: string; readonly why: string }[];
}

/** Rounds after which what still waits is left to the next call: AWS needs minutes for some, and a caller's patience has an end. */
const mostRounds = 6;

/** Removals at once of what has the same order. */
const atOnce = 8;

/**
 * Removes resources, those that stand on others first. What waits for another is tried again as long as anything moves; a failure
 * stops nothing else. Doing it twice, or after it was cut off, comes to the same.
 */
export async function sweep(
  cloud: Pick<Cloud, "remove" | "orderOf">,
  found: readonly TaggedResource[],
): Promise<Sweep> {
  const removed: string[] = [];
  let gone = 0;
  let left = [...found].sort((a, b) => cloud.orderOf(a) - cloud.orderOf(b) || (a.arn < b.arn ? -1 : 1));
  let why = new Map<string, string>();
  const started = new Set<string>();
  for (let round = 0; round < mostRounds && left.length > 0; round += 1) {
    const before = removed.length + gone + started.size;
    const next: TaggedResource[] = [];
    why = new Map();
    for (const group of groups(left, cloud)) {
      const outcomes = await Promise.all(
        group.map(async (resource) => [resource, await attempt(cloud, resource)] as const),
      );
      for (const [resource, outcome] of outcomes) {
        if (outcome === "removed" || outcome === "gone") {
          if (outcome === "removed" || started.delete(resource.arn)) removed.push(resource.arn);
          else gone += 1;
          continue;
        }
        if (outcome === "started") started.add(resource.arn);
        why.set(resource.arn, outcome === "started" ? "AWS is removing it" : outcome.waits);
        next.push(resource);
      }
    }
    left = next;
    if (removed.length + gone + started.size === before) break;
  }
  return { removed, remaining: left.map(({ arn }) => ({ arn, why: why.get(arn) ?? "" })) };
}

async function attempt(cloud: Pick<Cloud, "remove">, resource: TaggedResource): Promise<Removal> {
  try {
    return await cloud.remove(resource);
  } catch (error) {
    return { waits: error instanceof Error ? error.message : String(error) };
  }
}

/** Runs of the same order, at most `atOnce` long. */
function groups(sorted: readonly TaggedResource[], cloud: Pick<Cloud, "orderOf">): TaggedResource[][] {
  const made: TaggedResource[][] = [];
  for (const resource of sorted) {
    const current = made.at(-1);
    const fits =
      current !== undefined && current.length < atOnce && cloud.orderOf(current[0]!) === cloud.orderOf(resource);
    if (fits) current.push(resource);
    else made.push([resource]);
  }
  return made;
}
