/**
 * Which properties of a resource cannot change in place, as the provider's schema says (`ForceNew`, `RequiresReplace`). A type
 * without an entry has an unknown answer, which is not the same as "none".
 */
export interface ReplacementRule {
  /** Property paths, `[*]` for any item, whose change replaces the resource. */
  readonly replaces: readonly (string | ConditionalReplacement)[];
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

export interface ConditionalReplacement {
  readonly path: string;
  /** Judged by the new inputs: true when the change replaces, false when it is made in place. */
  readonly when: (inputs: Readonly<Record<string, unknown>>) => boolean;
}

const provider = "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/";

type Rest = Omit<ReplacementRule, "replaces" | "source">;

/** A rule whose source is a file of the AWS provider. */
export function aws(file: string, replaces: ReplacementRule["replaces"], rest: Rest = {}): ReplacementRule {
  return { replaces, ...rest, source: provider + file };
}

/** A rule for what the provider names by itself; another `name` replaces. */
export function named(file: string, replaces: ReplacementRule["replaces"], rest: Rest = {}): ReplacementRule {
  return aws(file, ["name", ...replaces], { autoName: "name", ...rest });
}

/** The same for a type that also takes a `namePrefix`. */
export function prefixed(file: string, replaces: ReplacementRule["replaces"], rest: Rest = {}): ReplacementRule {
  return named(file, ["namePrefix", ...replaces], rest);
}
