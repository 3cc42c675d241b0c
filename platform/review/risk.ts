import { standsOn } from "../../catalog/stands-on";
import { statefulTypes } from "../../catalog/stateful-types";
import { parseUrn } from "../engine/urn";
import type { Plan, ResourceState, Step, StepOp } from "../plan/model";

/** A step that takes something away. A replacement counts: the old resource is gone in the end. */
export interface Destruction {
  readonly step: Step;
  readonly how: "deleted" | "replaced";
  /** What is lost with it; absent for what can be made again. */
  readonly loses?: string;
  /** The resource refuses deletion, so the update would fail. */
  readonly blocked: boolean;
  /** The cloud keeps the old resource. */
  readonly retained: boolean;
}

const takesAway: ReadonlySet<StepOp> = new Set<StepOp>(["delete", "replace", "import-replacement"]);

/** A task definition is never changed, only followed by another revision: nothing goes away that anybody would miss. */
export const isNewRevision = ({ op, type }: Step): boolean =>
  op === "replace" && type === "aws:ecs/taskDefinition:TaskDefinition";

/** Every destruction of a plan but new revisions, those that lose data first. */
export function destructions(plan: Plan): Destruction[] {
  const gone = plan.steps.filter((step) => takesAway.has(step.op) && step.old?.custom === true && !isNewRevision(step));
  const standing = whatStandsOn(gone, plan.steps);
  return gone
    .map((step): Destruction => {
      const loses = statefulTypes[step.type] ?? standing.get(step.old!.urn);
      return {
        step,
        how: step.op === "delete" ? "deleted" : "replaced",
        ...(loses === undefined ? {} : { loses }),
        blocked: step.old?.protect === true,
        retained: step.old?.retainOnDelete === true,
      };
    })
    .sort((a, b) => Number(b.loses !== undefined) - Number(a.loses !== undefined));
}

/** Resources that a row names of those that stand on another. */
const namedStanding = 3;

/** What is lost with each resource that goes away and stands on no other such, in words: the stateful ones above it. */
function whatStandsOn(gone: readonly Step[], steps: readonly Step[]): ReadonlyMap<string, string> {
  const olds = steps.flatMap(({ old }) => (old?.custom === true ? [old] : []));
  const fallen = new Set(gone.filter(({ old }) => old!.retainOnDelete !== true).map(({ old }) => old!.urn));
  const going: ReadonlySet<string> = new Set(fallen);
  const roots = new Set(fallen);
  /** The resources that go away below each one that falls, by URN. */
  const below = new Map<string, ReadonlySet<string>>([...fallen].map((urn) => [urn, new Set([urn])]));
  for (let size = -1; size !== fallen.size; ) {
    size = fallen.size;
    for (const old of olds) {
      const feet = groundOf(old).find((urns) => urns.length > 0 && urns.every((urn) => fallen.has(urn)));
      if (feet === undefined) continue;
      const under = feet.flatMap((urn) => [...below.get(urn)!]);
      roots.delete(old.urn);
      if (!fallen.has(old.urn)) {
        fallen.add(old.urn);
        below.set(old.urn, new Set(under));
      } else below.set(old.urn, new Set([...below.get(old.urn)!, ...under]));
    }
  }
  const lost = olds.filter(({ urn, type }) => fallen.has(urn) && statefulTypes[type] !== undefined);
  return new Map(
    [...roots].flatMap((root) => {
      const above = lost.filter(({ urn }) => !going.has(urn) && below.get(urn)?.has(root) === true);
      return above.length === 0 ? [] : [[root, inWords(above)] as const];
    }),
  );
}

/** For each property by which a resource stands on others, the URNs of those. */
const groundOf = ({ type, propertyDependencies }: ResourceState): (readonly string[])[] =>
  (standsOn[type] ?? []).map((property) => propertyDependencies[property] ?? []);

function inWords(above: readonly ResourceState[]): string {
  const named = above.slice(0, namedStanding).map(({ urn, type }) => `${parseUrn(urn).name} (${statefulTypes[type]})`);
  const more = above.length > namedStanding ? [`${above.length - namedStanding} more`] : [];
  return `what stands on it: ${[...named, ...more].join(", ")}`;
}
