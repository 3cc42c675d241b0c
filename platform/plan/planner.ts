import { replacementRule } from "../../catalog/replacement";
import { resourceHash } from "../engine/references";
import type { Urn } from "../engine/types";
import { isUnknown } from "../engine/values";
import { diffResource, providerUrn } from "./diff/resource";
import type { Surroundings } from "./diff/unknowns";
import type { ResourceState, Step, StepNotes, StepOp } from "./model";
import { type Reading, ReferenceNames, readOld } from "./references";
import { isDefaultProvider, isRootStack } from "./states";
import { canonical } from "./values";

interface Match {
  readonly next: ResourceState;
  readonly old?: ResourceState;
}

/**
 * Decides one step per resource against a baseline: resource by resource as the program registers them, then for the program as a
 * whole. Replacements spread to dependants, so passes repeat until nothing is added.
 */
export class Planner {
  private readonly matches: Match[] = [];
  private readonly before: ReadonlyMap<Urn, ResourceState>;
  private readonly taken = new Set<Urn>();
  private readonly current = new Map<Urn, Urn>();
  private readonly decided = new Map<Urn, Step>();
  /** URNs of both sides by their hash, and what the baseline knows by current URN. */
  private readonly byHash = new Map<string, Urn>();
  private readonly olds = new Map<Urn, ResourceState>();
  private readonly names = new ReferenceNames();
  private readonly reading: Reading = {
    currentUrn: (hash) => this.current.get(this.byHash.get(hash) ?? ""),
    isNew: (hash) => this.isNew(this.byHash.get(hash) ?? ""),
    known: ({ resource, output }) => this.known(this.byHash.get(resource) ?? "", output),
  };

  constructor(private readonly baseline: readonly ResourceState[]) {
    this.before = new Map(baseline.filter(({ rest }) => rest?.delete !== true).map((state) => [state.urn, state]));
    for (const { urn } of baseline) this.know(urn);
  }

  /** Takes the next resource of the program and says what happens to it, as far as what came before decides that. */
  add(next: ResourceState): Step {
    this.know(next.urn);
    const urn = [next.urn, ...next.aliases].find((known) => this.before.has(known) && !this.taken.has(known));
    const old = urn === undefined ? undefined : this.before.get(urn);
    if (urn !== undefined && old !== undefined) {
      this.taken.add(urn);
      this.current.set(urn, next.urn);
      this.olds.set(next.urn, old);
    }
    const match = { next, old };
    this.matches.push(match);
    const step = this.decide(match);
    this.decided.set(next.urn, step);
    return step;
  }

  /** The steps of the whole program. */
  steps(): Step[] {
    for (let known = -1; known !== this.replacements(); ) {
      known = this.replacements();
      for (const match of this.matches) this.decided.set(match.next.urn, this.decide(match));
    }
    const listed = [...this.decided.values()].filter((step) => !isDefaultProvider(step));
    const gone = this.baseline
      .filter(({ urn, rest }) => rest?.delete === true || !this.taken.has(urn))
      .filter((state) => !isDefaultProvider(state) && !isRootStack(state));
    return [...listed, ...gone.reverse().map(deletion)];
  }

  private know(urn: Urn): void {
    this.byHash.set(resourceHash(urn), urn);
    this.names.add(urn);
  }

  private replacements(): number {
    return [...this.decided.values()].filter(({ op }) => isReplacement(op)).length;
  }

  private decide({ next, old }: Match): Step {
    const base = { urn: next.urn, type: next.type, name: next.name, provider: next.provider, new: next };
    const plain = {
      ...base,
      differences: new Map(),
      diffReasons: [],
      replaceReasons: [],
      detailedDiff: null,
      notes: {},
    };
    if (next.external) {
      const other = old?.external === true && old.id !== next.id;
      return { ...plain, old, op: other ? "read-replacement" : "read" };
    }
    if (old === undefined || old.external) return { ...plain, op: next.importId === undefined ? "create" : "import" };
    const found = diffResource(old, next, this.surroundings(), this.reading);
    const dragging = this.draggedBy(next);
    // As under the CLI, what replaces the resource whatever its inputs are is the only reason then.
    const others = this.otherReasons(old, next, dragging);
    const reasons = others.length > 0 ? others : found.replaceReasons;
    const replaced = next.custom && reasons.length > 0;
    const imported = next.importId !== undefined && old.id !== undefined && next.importId !== old.id;
    const changed = found.diffReasons.length > 0;
    const op: StepOp = imported ? "import-replacement" : replaced ? "replace" : changed ? "update" : "same";
    return {
      ...base,
      old,
      op,
      differences: new Map(
        [...found.differences].map(([key, difference]) => [key, this.names.show(difference, this.reading.isNew)]),
      ),
      diffReasons: others.length > 0 ? [] : found.diffReasons,
      replaceReasons: reasons,
      detailedDiff: changed && others.length === 0 ? found.detailedDiff : null,
      notes: this.notes(old, next, op, found, dragging),
    };
  }

  private isNew(urn: Urn): boolean {
    const op = this.decided.get(urn)?.op;
    return op !== undefined && (op === "create" || isReplacement(op));
  }

  /** An output as the baseline has it, under current names. */
  private known(urn: Urn, output: string): string | undefined {
    const old = this.olds.get(urn);
    const value = output === "id" ? old?.id : old?.outputs[output];
    if (typeof value !== "string" || isUnknown(value)) return undefined;
    const { value: read } = readOld({ value }, this.reading);
    return typeof read === "string" ? read : undefined;
  }

  private surroundings(): Surroundings {
    return {
      currentUrn: (urn) => this.current.get(urn) ?? urn,
      isNew: (urn) => this.isNew(urn),
      changedOutputs: (urn) => {
        const step = this.decided.get(urn);
        const outputs = step?.op === "update" ? replacementRule(step.type)?.changedByUpdate : undefined;
        return outputs === undefined ? [] : [...Object.keys(outputs), ...Object.values(outputs).flat()];
      },
    };
  }

  /** The first reason for a replacement that is no input: another trigger, a resource to be replaced with, another provider. */
  private otherReasons(old: ResourceState, next: ResourceState, dragging: readonly Urn[]): string[] {
    const trigger = [old.replacementTrigger ?? null, next.replacementTrigger ?? null] as const;
    if (trigger[0] !== null && canonical(trigger[0]) !== canonical(trigger[1])) return ["replacementTrigger"];
    if (dragging.length > 0) return ["replaceWith"];
    return this.providerChanged(old, next) ? ["provider"] : [];
  }

  /** Default providers of any version are one; another explicit provider, or one that is replaced, makes everything anew. */
  private providerChanged(old: ResourceState, next: ResourceState): boolean {
    if (old.provider === undefined || next.provider === undefined) return false;
    const [from, to] = [providerUrn(old.provider), providerUrn(next.provider)];
    if (this.decided.get(to)?.op === "replace") return true;
    const known = this.current.get(from) ?? from;
    return known !== to && !(isDefaultName(from) && isDefaultName(to));
  }

  /** What this one must follow: `replaceWith`, and whatever it is deleted with. */
  private draggedBy(next: ResourceState): Urn[] {
    const leaders = [...(next.replaceWith ?? [])];
    return leaders.filter((urn) => isReplacement(this.decided.get(urn)?.op ?? "same"));
  }

  private notes(
    old: ResourceState,
    next: ResourceState,
    op: StepOp,
    found: ReturnType<typeof diffResource>,
    dragging: readonly Urn[],
  ): StepNotes {
    const oldParent = old.parent === undefined ? undefined : (this.current.get(old.parent) ?? old.parent);
    const causes = [...dragging, ...this.causes(next, found.replaceReasons)];
    const first = op === "replace" && (found.deleteBeforeReplace || this.followsDeletion(causes));
    return {
      ...(op === "update" ? filled("mayReplace", found.mayReplace) : {}),
      ...filled("refused", found.refusals),
      ...(first ? { deleteBeforeReplace: true } : {}),
      ...(op === "replace" && causes.length > 0 ? { replacedBecauseOf: [...new Set(causes)] } : {}),
      ...(old.urn === next.urn ? {} : { renamedFrom: old.urn }),
      ...(oldParent === undefined || oldParent === next.parent ? {} : { oldParent }),
      ...filled("ignored", found.ignored),
      ...filled("notCompared", found.notCompared),
      ...filled("knownAfterApply", found.knownAfterApply),
    };
  }

  /** The replaced resources whose new outputs force this replacement. */
  private causes(next: ResourceState, reasons: readonly string[]): Urn[] {
    return reasons
      .flatMap((property) => next.propertyDependencies[property] ?? [])
      .filter((urn) => isReplacement(this.decided.get(urn)?.op ?? "same"));
  }

  /** What depends on a resource that is deleted first has to go before it. */
  private followsDeletion(causes: readonly Urn[]): boolean {
    return causes.some((urn) => this.decided.get(urn)?.notes.deleteBeforeReplace === true);
  }
}

const isReplacement = (op: StepOp): boolean => op === "replace" || op === "import-replacement";

const isDefaultName = (urn: Urn): boolean => /::default(_[^:]*)?$/.test(urn);

function filled<K extends string>(key: K, list: readonly string[]): { readonly [key in K]?: readonly string[] } {
  return (list.length === 0 ? {} : { [key]: list }) as { readonly [key in K]?: readonly string[] };
}

function deletion(old: ResourceState): Step {
  const { urn, type, name, provider } = old;
  const op: StepOp = old.external ? "discard" : "delete";
  return {
    op,
    urn,
    type,
    name,
    provider,
    old,
    differences: new Map(),
    diffReasons: [],
    replaceReasons: [],
    detailedDiff: null,
    notes: {},
  };
}
