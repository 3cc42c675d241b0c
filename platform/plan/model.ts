import type { Diagnostic, PropertyMap, PropertyValue, Urn } from "../engine/types";

/** Operations of Pulumi's engine that a preview can contain. */
export type StepOp =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "read-replacement"
  | "refresh"
  | "discard"
  | "discard-replaced"
  | "remove-pending-replace"
  | "import"
  | "import-replacement";

/** One resource as a state file knows it, whichever side of a plan it stands on. */
export interface ResourceState {
  readonly urn: Urn;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly external: boolean;
  readonly id?: string;
  readonly parent?: Urn;
  /** `<urn>::<id>`. */
  readonly provider?: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly dependencies: readonly Urn[];
  readonly propertyDependencies: Readonly<Record<string, readonly Urn[]>>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly aliases: readonly Urn[];
  readonly deleteBeforeReplace?: boolean;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  readonly importId?: string;
  readonly deletedWith?: Urn;
  readonly replaceWith?: readonly Urn[];
  readonly replacementTrigger?: PropertyValue;
  readonly hideDiff?: readonly string[];
  readonly customTimeouts?: Readonly<Record<string, string>>;
  readonly sourcePosition?: string;
  /** Keys of a state file that are not listed above, kept as they were. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** A stack's resources at one moment: what a program declares, or what a baseline holds. */
export interface StackState {
  readonly project: string;
  readonly stack: string;
  /** `namespace:key` to text, secrets blinded; absent when the baseline does not say. */
  readonly config?: Readonly<Record<string, string>>;
  readonly resources: readonly ResourceState[];
  readonly outputs: PropertyMap;
}

/** A difference between two values, as deep as both have the same shape. */
export type Difference =
  | { readonly kind: "add"; readonly new: PropertyValue }
  | { readonly kind: "delete"; readonly old: PropertyValue }
  | { readonly kind: "update"; readonly old: PropertyValue; readonly new: PropertyValue }
  | { readonly kind: "object"; readonly entries: ReadonlyMap<string, Difference> }
  /** Indices are those of the new list, except for what was deleted. */
  | { readonly kind: "array"; readonly entries: readonly (readonly [index: number, difference: Difference])[] }
  /** Two JSON texts whose contents differ. */
  | { readonly kind: "json"; readonly inner: Difference };

export type DiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

export interface PropertyDiff {
  readonly kind: DiffKind;
  readonly inputDiff: boolean;
}

/** What the plan can say about a step beyond Pulumi's own words. */
export interface StepNotes {
  /** Changed properties of which it is not known whether they replace the resource: `catalog/replacement` does not say. */
  readonly mayReplace?: readonly string[];
  /** Why the provider or the cloud will refuse this change. */
  readonly refused?: readonly string[];
  /** Set for a replacement: the old resource is deleted before the new one is made. */
  readonly deleteBeforeReplace?: boolean;
  /** Resources whose replacement drags this one along. */
  readonly replacedBecauseOf?: readonly Urn[];
  /** The URN it had in the baseline. */
  readonly renamedFrom?: Urn;
  /** Set when only its place in the tree changed or changed too. */
  readonly oldParent?: Urn;
  /** Changed properties that `ignoreChanges` keeps as they are. */
  readonly ignored?: readonly string[];
  /** Properties whose values cannot be compared, for example because the baseline holds a ciphertext. */
  readonly notCompared?: readonly string[];
  /** Changed properties whose new value is known after apply. */
  readonly knownAfterApply?: readonly string[];
}

export interface Step {
  readonly op: StepOp;
  readonly urn: Urn;
  readonly type: string;
  readonly name: string;
  readonly provider?: string;
  readonly old?: ResourceState;
  readonly new?: ResourceState;
  /** Differences of the inputs by top-level property. */
  readonly differences: ReadonlyMap<string, Difference>;
  readonly diffReasons: readonly string[];
  readonly replaceReasons: readonly string[];
  readonly detailedDiff: Readonly<Record<string, PropertyDiff>> | null;
  readonly notes: StepNotes;
}

/** What `up` would do to a stack. */
export interface Plan {
  readonly project: string;
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
  /** In the order of the program, then what is deleted, children first. Default providers are not among them. */
  readonly steps: readonly Step[];
  readonly outputs: PropertyMap;
  /** The stack's outputs in the baseline; absent without one. */
  readonly oldOutputs?: PropertyMap;
  readonly diagnostics: readonly Diagnostic[];
  /** How often each operation happens; a replacement counts once. */
  readonly changeSummary: Readonly<Partial<Record<StepOp, number>>>;
  /** Wall time from the start of the evaluation, milliseconds. */
  readonly durationMs: number;
  /** What the plan is measured against, in words: `git:main (1a2b3c4)`; absent for an empty stack. */
  readonly baseline?: string;
}
