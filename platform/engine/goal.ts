import type { PropertyMap, ResourceOptions, Urn } from "./types";

/** An alias as the program gave it: a whole URN, or the parts that differ from the resource's own. */
export type AliasSpec =
  | { readonly urn: Urn }
  | {
      readonly name?: string;
      readonly type?: string;
      readonly stack?: string;
      readonly project?: string;
      /** Absent: the resource's own parent. Null: the root of the stack. */
      readonly parent?: Urn | null;
    };

/** A function in the program's process that the engine can call back. */
export interface CallbackRef {
  readonly target: string;
  readonly token: string;
}

/** The options of a resource on their way through transforms and inheritance. */
export interface GoalOptions extends Omit<ResourceOptions, "aliases"> {
  readonly aliases: readonly AliasSpec[];
  readonly dependsOn: readonly Urn[];
  /** Provider reference `<urn>::<id>`; absent means the parent's or the default one. */
  readonly provider?: string;
  /** Providers by package that the children of a component use. */
  readonly providers: Readonly<Record<string, string>>;
}

/** What a program asks for: one resource or component to be registered. */
export interface Goal {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** A component that lives in a provider plugin and not in the program. */
  readonly remote: boolean;
  readonly parent?: Urn;
  readonly inputs: PropertyMap;
  readonly propertyDependencies: Readonly<Record<string, readonly Urn[]>>;
  readonly options: GoalOptions;
  readonly transforms: readonly CallbackRef[];
  /** What an earlier RegisterPackage call answered. */
  readonly packageRef?: string;
  /** `file:line:column` relative to the project. */
  readonly sourcePosition?: string;
}

export const noOptions: GoalOptions = { aliases: [], dependsOn: [], providers: {} };
