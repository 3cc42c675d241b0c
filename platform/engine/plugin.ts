import type { AliasSpec, GoalOptions } from "./goal";
import type { PropertyMap, PropertyValue, RecordedResource, Urn } from "./types";

/** What an offline answer to an invoke may know of the world: config of the provider, and what the caller was told. */
export interface InvokeContext {
  /** Inputs of the provider that serves the call. */
  readonly provider: PropertyMap;
  /** Values of SSM parameters that the caller knows, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Stands in for what only the cloud knows, where the program is given stand-ins. @param about What it is the value of. */
  readonly unknown: (about: string) => PropertyValue;
}

/** Answers one invoke from its arguments; values that only the cloud knows are unknown. */
export type InvokeAnswer = (args: PropertyMap, context: InvokeContext) => PropertyMap | Promise<PropertyMap>;

/** A child of a remote component, before transforms and inheritance. */
export interface ChildGoal {
  readonly type: string;
  readonly name: string;
  /** Full URN of its parent. @default the component */
  readonly parent?: Urn;
  /** @default true */
  readonly custom?: boolean;
  readonly inputs: PropertyMap;
  readonly propertyDependencies?: Readonly<Record<string, readonly Urn[]>>;
  readonly options?: Partial<GoalOptions>;
}

/** What a remote component sees while it is expanded. */
export interface ExpansionScope {
  readonly urn: Urn;
  readonly name: string;
  /** The component's inputs, output values already flattened. */
  readonly inputs: PropertyMap;
  /** The component's inputs as its class gets them: what comes from a resource is an output value. */
  readonly args: PropertyMap;
  /** Version of the component's package that the program asked for. */
  readonly version?: string;
  /** Lowest version of a package that the component's own package depends on. */
  readonly dependencyVersion: (name: string) => string | undefined;
  readonly register: (child: ChildGoal) => Promise<RecordedResource>;
  /** The resource that a reference among the arguments names. */
  readonly resource: (urn: Urn) => RecordedResource | undefined;
  readonly warn: (message: string) => void;
  readonly invoke: (token: string, args: PropertyMap) => Promise<PropertyMap>;
}

export interface Expansion {
  readonly outputs: PropertyMap;
  /** For each output, the resources it depends on. */
  readonly dependencies: Readonly<Record<string, readonly Urn[]>>;
}

/** Registers the children that the real remote component would register, and answers with its outputs. */
export type ComponentExpander = (scope: ExpansionScope) => Promise<Expansion>;

/** What the engine knows of one provider package. */
export interface ProviderPlugin {
  /** By full token, for example `aws:index/getRegion:getRegion`. */
  readonly invokes?: Readonly<Record<string, InvokeAnswer>>;
  /** Methods of resources, by full token. */
  readonly calls?: Readonly<Record<string, InvokeAnswer>>;
  /** Remote components, by type. */
  readonly components?: Readonly<Record<string, ComponentExpander>>;
  /** Aliases that a remote component gives itself, by type. */
  readonly componentAliases?: Readonly<Record<string, readonly AliasSpec[]>>;
}
