/**
 * What the offline engine records while a Pulumi program runs. Values are plain JSON as Pulumi's wire carries them, so that a
 * recorded graph can be written to a file and read back; secrets, unknowns, assets, archives and resource references are the
 * marker objects that `values.ts` makes and recognises.
 */
export type PropertyValue = null | boolean | number | string | PropertyValue[] | { [key: string]: PropertyValue };
export type PropertyMap = { [key: string]: PropertyValue };

export type Urn = string;

/** One RegisterResource or ReadResource call, or a child that a remote component was expanded into. */
export interface RecordedResource {
  readonly urn: Urn;
  readonly type: string;
  readonly name: string;
  /** False for components. */
  readonly custom: boolean;
  /** Set when the program read an existing resource (`X.get`, `StackReference`). */
  readonly external: boolean;
  /** Provider-assigned id: the real one for what the program reads or imports, absent for what it would create. */
  readonly id?: string;
  readonly parent?: Urn;
  /** `<urn>::<id>` of the provider; absent for components and for providers themselves. */
  readonly provider?: string;
  readonly inputs: PropertyMap;
  /** What is known of the outputs: the inputs, computed values that follow from them, and unknown for the rest. */
  readonly outputs: PropertyMap;
  readonly dependencies: readonly Urn[];
  readonly propertyDependencies: Readonly<Record<string, readonly Urn[]>>;
  readonly options: ResourceOptions;
  /** Where the program declared it, `file:line:column` relative to the project, when the SDK says so. */
  readonly sourcePosition?: string;
}

/** The options in force after transforms and inheritance from the parent. Absent means not set. */
export interface ResourceOptions {
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  /** Fully qualified alias URNs, those that follow from the parent's aliases included. */
  readonly aliases?: readonly Urn[];
  readonly importId?: string;
  readonly deletedWith?: Urn;
  /** Resources whose replacement replaces this one too. */
  readonly replaceWith?: readonly Urn[];
  /** A change of this value replaces the resource. */
  readonly replacementTrigger?: PropertyValue;
  /** Property paths that a diff does not show. */
  readonly hideDiffs?: readonly string[];
  readonly customTimeouts?: Readonly<Record<string, string>>;
  /** Names of the hooks bound to each moment: `beforeCreate`, `afterDelete`, `onError`, ... */
  readonly hooks?: Readonly<Record<string, readonly string[]>>;
  /** Version of the provider package the program asked for. */
  readonly version?: string;
  readonly pluginDownloadUrl?: string;
}

/** `info#err` is what the program itself wrote to its standard error, as in Pulumi's own digest. */
export type Severity = "debug" | "info" | "info#err" | "warning" | "error";

export interface Diagnostic {
  readonly severity: Severity;
  readonly message: string;
  readonly urn?: Urn;
}

/** What to evaluate, and the few facts of the world outside that an offline run may be given. */
export interface EvaluateOptions {
  /** The folder that holds `Pulumi.yaml`. */
  readonly projectDir: string;
  /** The stack's name; `Pulumi.<stack>.yaml` is read when it exists. */
  readonly stack: string;
  /**
   * How long the program may run, in milliseconds, before it and everything it started is killed.
   * @default 60000
   */
  readonly timeoutMs?: number;
  /** Config values that win over both files: `namespace:key` (or `key` of this project) to its text. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * What `pulumi.getOrganization()` answers.
   * @default "organization", as Pulumi's self-managed backends do
   */
  readonly organization?: string;
  /** Outputs of other stacks, by the full name that a `StackReference` asks for. A stack that is not listed has unknown outputs. */
  readonly stackOutputs?: Readonly<Record<string, PropertyMap>>;
  /** Values of SSM parameters by name, for what the program reads of them. One that is not listed is unknown. */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * What a program is given for an output that only the cloud knows: unknown, as a preview against nothing has it, or a stand-in
   * (`references.ts`), so that texts built from outputs can be compared. Programs that take such texts apart may fail on them.
   * @default "unknown"
   */
  readonly outputs?: "unknown" | "stand-in";
  /**
   * What a deployed stack knows of a resource that the program registers or reads; undefined for what is new or made anew. It is
   * asked once for each, in the order of registration.
   * @default nothing is deployed
   */
  readonly deployed?: (record: RecordedResource) => KnownOutputs | undefined;
}

/** What is known of a resource before it is made or changed. */
export interface KnownOutputs {
  readonly id?: string;
  readonly outputs: PropertyMap;
}

/** The result of evaluating a program: everything that preview, diff, cost, limits, policies and the local platform stand on. */
export interface Evaluation {
  readonly project: string;
  readonly stack: string;
  /** Effective config, `namespace:key` to its text; secrets are shown as `[secret]`. */
  readonly config: Readonly<Record<string, string>>;
  /** In order of registration; the root stack resource comes first. */
  readonly resources: readonly RecordedResource[];
  /** The stack's exports. */
  readonly outputs: PropertyMap;
  readonly diagnostics: readonly Diagnostic[];
  /** Wall time of the evaluation in milliseconds. */
  readonly durationMs: number;
}
