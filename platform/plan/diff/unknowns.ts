import type { PropertyValue, Urn } from "../../engine/types";
import { isUnknown } from "../../engine/values";
import type { ResourceState } from "../model";
import type { Path } from "../paths";

/** What is already decided of the resources that others take values from. */
export interface Surroundings {
  /** Current URN of a resource that the baseline knew by another. */
  readonly currentUrn: (urn: Urn) => Urn;
  /** True for a resource that is made anew, so that nothing of it is known before. */
  readonly isNew: (urn: Urn) => boolean;
  /** Names under which outputs of an updated resource change, `[]` for a resource that keeps its outputs. */
  readonly changedOutputs: (urn: Urn) => readonly string[];
}

/**
 * Decides pairs with an unknown in them. An unknown stands for an output of another resource, so it changes when it comes from
 * other resources than before, or from one that is made anew; a program alone cannot say more.
 */
export function decideUnknowns(
  old: ResourceState,
  next: ResourceState,
  around: Surroundings,
): (path: Path, before: PropertyValue, after: PropertyValue) => "same" | "different" | undefined {
  return (path, before, after) => {
    if (!isUnknown(before) && !isUnknown(after)) return undefined;
    if (!isUnknown(after)) return "different";
    const property = String(path[0]);
    const sources = next.propertyDependencies[property] ?? [];
    if (before === null || sources.some(around.isNew)) return "different";
    const last = path.at(-1);
    if (sources.some((urn) => around.changedOutputs(urn).includes(String(last)))) return "different";
    const oldSources = old.propertyDependencies[property]?.map(around.currentUrn);
    if (oldSources === undefined) return isUnknown(before) ? undefined : "same";
    return sameSet(oldSources, sources) ? "same" : "different";
  };
}

function sameSet(a: readonly Urn[], b: readonly Urn[]): boolean {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((urn) => right.has(urn));
}
