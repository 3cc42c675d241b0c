/** Inputs of a resource, as a program sets them. */
export type Inputs = Readonly<Record<string, unknown>>;

/**
 * Which properties of a resource cannot change in place, as the provider's schema says (`ForceNew`, `RequiresReplace`). A type
 * without an entry has an unknown answer, which is not the same as "none".
 */
export interface ReplacementRule {
  /** Property paths, `[*]` for any item, whose change replaces the resource. */
  readonly replaces: readonly string[];
  /** Property paths that replace when they change to another value, and keep the old one when the program leaves them out. */
  readonly replacesWhenSet?: readonly string[];
  /** Properties whose change replaces for some values only. */
  readonly conditions?: readonly Condition[];
  /** Property paths of which it is not known whether their change replaces. */
  readonly notKnown?: readonly string[];
  /** Changes that the provider or the cloud refuses. */
  readonly refusals?: readonly Refusal[];
  /**
   * The property that the provider fills with a unique name when the program leaves it out. Set by the program, a replacement
   * would collide with the old resource, so that is deleted first.
   * https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/schema.go (nameRequiresDeleteBeforeReplace)
   */
  readonly autoName?: string;
  /** Two of it cannot stand side by side, so the old one is always deleted first. */
  readonly deleteBeforeReplace?: boolean;
  /** Outputs that an update in place changes, with the input names under which other resources take them. */
  readonly changedByUpdate?: Readonly<Record<string, readonly string[]>>;
  /** Property paths of lists whose order means nothing: sets in the provider's schema. */
  readonly unordered?: readonly string[];
  /** The provider's schema, or the page, that says so. */
  readonly source: string;
}

export interface Condition {
  readonly path: string;
  /** True when the change replaces, false when it is made in place, `not known` when the inputs do not tell. */
  readonly when: (old: Inputs, next: Inputs) => boolean | "not known";
  /** Where it was read. */
  readonly source: string;
}

export interface Refusal {
  /** Why the change from the old inputs to the new ones is refused; undefined when it is not. */
  readonly reason: (old: Inputs, next: Inputs) => string | undefined;
  /** Where it was read. */
  readonly source: string;
}

/** Declared by hand beside the generated table: what a schema does not say. */
export type RuleAdditions = Partial<Omit<ReplacementRule, "replaces" | "replacesWhenSet" | "notKnown" | "source">>;
