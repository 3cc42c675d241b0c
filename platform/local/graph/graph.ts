import type { Evaluation, RecordedResource, Urn } from "../../engine";
import { type Reference, replaceReferences, resourceHash } from "../../engine/references";

/** The evaluated resources, found by type and by the stand-ins that texts carry for them. */
export class Graph {
  readonly #byHash: ReadonlyMap<string, RecordedResource>;

  constructor(readonly evaluation: Evaluation) {
    this.#byHash = new Map(evaluation.resources.map((resource) => [resourceHash(resource.urn), resource]));
  }

  ofType(type: string): RecordedResource[] {
    return this.evaluation.resources.filter((resource) => resource.type === type && !resource.external);
  }

  /** The resource that a stand-in names. */
  named({ resource }: Reference): RecordedResource | undefined {
    return this.#byHash.get(resource);
  }

  /** The resource that the first stand-in of a value names: a target group's ARN, a secret's id. */
  behind(value: unknown): RecordedResource | undefined {
    let found: RecordedResource | undefined;
    if (typeof value !== "string") return undefined;
    replaceReferences(value, (reference, standIn) => {
      found ??= this.named(reference);
      return standIn;
    });
    return found;
  }
}

/** An output that nothing stands for here. */
export interface Unresolved {
  readonly type: string;
  readonly name: string;
  readonly output: string;
}

/** Values of outputs on this machine, by URN and output. */
export class Outputs {
  readonly #values = new Map<string, string>();

  constructor(private readonly graph: Graph) {}

  set(urn: Urn, outputs: Readonly<Record<string, string>>): void {
    for (const [output, value] of Object.entries(outputs)) this.#values.set(`${resourceHash(urn)}.${output}`, value);
  }

  /** A text with values in the place of its stand-ins; or the first output that has no value here. */
  resolve(text: string): { readonly text: string } | { readonly unresolved: Unresolved } {
    let unresolved: Unresolved | undefined;
    const resolved = replaceReferences(text, (reference, standIn) => {
      const value = this.#values.get(`${reference.resource}.${reference.output}`);
      if (value !== undefined) return value;
      const resource = this.graph.named(reference);
      unresolved ??= { type: resource?.type ?? "unknown", name: resource?.name ?? standIn, output: reference.output };
      return standIn;
    });
    return unresolved === undefined ? { text: resolved } : { unresolved };
  }
}
