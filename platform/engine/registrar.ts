import { resolveAliases } from "./aliases";
import { withAssetHashes } from "./assets/hashes";
import type { Callbacks, HookCall, InvokeCall } from "./callbacks";
import { type DefaultProviders, type PackageRequest, pluginInputs } from "./default-providers";
import { type DynamicProvider, dynamicPackage } from "./dynamic-provider";
import { EvaluationError } from "./errors";
import { constructArguments } from "./expansion";
import { type AliasSpec, type CallbackRef, type Goal, type GoalOptions, noOptions } from "./goal";
import { answersFile } from "./offline-answers";
import type { ComponentExpander, Expansion } from "./plugin";
import type { StandIns } from "./references";
import type {
  EvaluateOptions,
  KnownOutputs,
  PropertyMap,
  PropertyValue,
  RecordedResource,
  ResourceOptions,
  Urn,
} from "./types";
import { isProviderType, makeUrn, packageOf } from "./urn";
import { flattenOutputValues, isObject, mapValues, referencesAsIds, secret, unknownValue } from "./values";

/** What the program is told about a resource it registered. */
export interface Registered {
  readonly record: RecordedResource;
  /** Outputs of a remote component; of anything else the record's own. */
  readonly outputs: PropertyMap;
  readonly outputDependencies: Readonly<Record<string, readonly Urn[]>>;
}

export interface ResourceHook {
  readonly callback: CallbackRef;
  readonly onDryRun: boolean;
  readonly ignoreErrors: boolean;
}

interface RegistrarParts {
  readonly stack: string;
  readonly project: string;
  /** Working directory of the program. */
  readonly folder: string;
  readonly callbacks: Callbacks;
  readonly providers: DefaultProviders;
  readonly dynamicProvider: DynamicProvider;
  /** Remote components by type token. */
  readonly components: ReadonlyMap<string, ComponentExpander>;
  /** Outputs that the project gives for a remote component, by type token. */
  readonly componentOutputs: (type: string) => PropertyMap | undefined;
  /** Aliases that remote components give themselves, by type token. */
  readonly componentAliases: ReadonlyMap<string, readonly AliasSpec[]>;
  readonly invoke: (token: string, args: PropertyMap, provider: string | undefined) => Promise<PropertyMap>;
  /** Version of `dependency` that the npm package of a provider asks for. */
  readonly dependencyVersion: (provider: string, dependency: string) => string | undefined;
  /** Makes values for what only the cloud knows; unknown without it. */
  readonly standIns?: StandIns;
  readonly deployed?: EvaluateOptions["deployed"];
  readonly warn: (message: string, urn: Urn) => void;
}

type Inheritable = Pick<ResourceOptions, "protect" | "retainOnDelete" | "deletedWith">;

/** The graph under construction: takes goals through transforms, inheritance and provider choice, and records them. */
export class Registrar {
  readonly records = new Map<Urn, RecordedResource>();
  readonly stackTransforms: CallbackRef[] = [];
  readonly hooks = new Map<string, ResourceHook>();
  readonly packages = new Map<string, PackageRequest>();
  private readonly transforms = new Map<Urn, readonly CallbackRef[]>();
  private readonly componentProviders = new Map<Urn, Readonly<Record<string, string>>>();

  constructor(private readonly parts: RegistrarParts) {}

  /** Registers one goal and, for a remote component, everything inside it. */
  async register(given: Goal): Promise<Registered> {
    if ((given.custom || given.remote) && given.type.split(":").length !== 3) {
      throw placed(new Error("the type is not allowed; a custom resource's has the form package:module:Name"), given);
    }
    const goal = await this.transform(this.withComponentProviders(this.withComponentAliases(given)));
    const urn = makeUrn(this.parts.stack, this.parts.project, goal.parent, goal.type, goal.name);
    const built = await this.checked(this.buildRecord(urn, goal), goal);
    const record = this.settle(goal.remote ? asRegisteredByProvider(built, goal) : built);
    this.transforms.set(urn, goal.transforms);
    if (!goal.custom) this.componentProviders.set(urn, goal.options.providers);
    if (goal.remote) return this.expand(goal, built);
    await this.runHooks("beforeCreate", record);
    // A component is complete, and its hooks see its outputs, once it has registered them.
    if (goal.custom) await this.runHooks("afterCreate", record);
    return { record, outputs: goal.custom ? record.outputs : {}, outputDependencies: {} };
  }

  /** Records what the program reads and does not manage. */
  read(record: RecordedResource, packageRequest: PackageRequest, provider: string | undefined): RecordedResource {
    const reference =
      provider ??
      this.inheritedProvider(record.parent, packageRequest.name) ??
      this.parts.providers.reference(packageRequest);
    return this.settle({ ...record, provider: reference });
  }

  /** Records a resource with what is already known of it. */
  settle(record: RecordedResource): RecordedResource {
    const known = this.parts.deployed?.(record);
    const settled = known === undefined || !record.custom ? record : withKnown(record, known);
    this.add(settled);
    return settled;
  }

  private add(record: RecordedResource): void {
    if (this.records.has(record.urn)) {
      throw new EvaluationError(
        "engine",
        `Duplicate resource URN '${record.urn}'; try giving it a unique name`,
        record.sourcePosition,
      );
    }
    this.records.set(record.urn, record);
  }

  /** Takes the outputs of a component, which complete it; returns them as the engine keeps them. */
  async setOutputs(urn: Urn, outputs: PropertyMap): Promise<PropertyMap> {
    const record = this.records.get(urn);
    if (record === undefined) throw new EvaluationError("engine", `outputs for ${urn}, which was never registered`);
    const complete = { ...record, outputs: asExported(withAssetHashes(outputs, this.parts.folder)) as PropertyMap };
    this.records.set(urn, complete);
    await this.runHooks("afterCreate", complete);
    return complete.outputs;
  }

  /** A resource whose provider is a part of the program has the inputs that the provider's `check` gives it. */
  private async checked(record: RecordedResource, goal: Goal): Promise<RecordedResource> {
    if (!record.custom || packageOf(record.type) !== dynamicPackage) return record;
    try {
      const inputs = await this.parts.dynamicProvider.check(record.urn, record.inputs);
      const secretOutputs = record.options.additionalSecretOutputs ?? [];
      return { ...record, inputs, outputs: withSecretOutputs({ ...record.outputs, ...inputs }, secretOutputs) };
    } catch (error) {
      throw placed(error, goal);
    }
  }

  /** The provider that resolves a type: given, from the component it stands in, or the default one. */
  provider(goal: Goal): string {
    const name = packageOf(goal.type);
    const asked = goal.packageRef === undefined ? undefined : this.packages.get(goal.packageRef);
    if (goal.packageRef !== undefined && asked === undefined) {
      throw new EvaluationError("engine", `${goal.type} ${goal.name}: unknown package reference ${goal.packageRef}`);
    }
    const { version, pluginDownloadUrl: downloadUrl } = goal.options;
    return (
      goal.options.provider ??
      goal.options.providers[name] ??
      this.parts.providers.reference(asked ?? { name, version, downloadUrl })
    );
  }

  /** The plugin that an explicit provider is pinned to, as the engine records it among the inputs. */
  private pluginInputs(goal: Goal): PropertyMap {
    const asked = goal.packageRef === undefined ? undefined : this.packages.get(goal.packageRef);
    return pluginInputs({
      version: asked?.version ?? goal.options.version,
      downloadUrl: asked?.downloadUrl ?? goal.options.pluginDownloadUrl,
    });
  }

  /** Inputs of the provider that an invoke goes to. */
  invokeProvider(call: InvokeCall, packageRef: string | undefined): PropertyMap {
    if (call.provider !== undefined) return this.providerInputs(call.provider);
    const asked = packageRef === undefined ? undefined : this.packages.get(packageRef);
    const name = packageOf(call.token);
    if (name === "pulumi") return {};
    const request = asked ?? { name, version: call.version, downloadUrl: call.pluginDownloadUrl };
    return this.providerInputs(this.parts.providers.reference(request));
  }

  /** Inputs of a provider by its reference `<urn>::<id>`. */
  providerInputs(reference: string): PropertyMap {
    const urn = reference.slice(0, reference.lastIndexOf("::"));
    return this.records.get(urn)?.inputs ?? {};
  }

  private inheritedProvider(parent: Urn | undefined, name: string): string | undefined {
    return parent === undefined ? undefined : this.componentProviders.get(parent)?.[name];
  }

  /** Children use the providers of the component they stand in, unless they bring their own. */
  private withComponentProviders(goal: Goal): Goal {
    if (!goal.custom && !goal.remote) {
      const inherited = goal.parent === undefined ? {} : (this.componentProviders.get(goal.parent) ?? {});
      return { ...goal, options: { ...goal.options, providers: { ...inherited, ...goal.options.providers } } };
    }
    if (isProviderType(goal.type)) return goal;
    const provider = goal.options.provider ?? this.inheritedProvider(goal.parent, packageOf(goal.type));
    const inherited = goal.remote && goal.parent !== undefined ? this.componentProviders.get(goal.parent) : undefined;
    return {
      ...goal,
      options: { ...goal.options, provider, providers: { ...inherited, ...goal.options.providers } },
    };
  }

  private withComponentAliases(goal: Goal): Goal {
    const own = goal.remote ? this.parts.componentAliases.get(goal.type) : undefined;
    if (own === undefined) return goal;
    return { ...goal, options: { ...goal.options, aliases: [...own, ...goal.options.aliases] } };
  }

  /** Own transforms first, then each ancestor's, then the stack's. */
  private async transform(goal: Goal): Promise<Goal> {
    const chain = [...goal.transforms];
    for (let urn = goal.parent; urn !== undefined; urn = this.records.get(urn)?.parent) {
      chain.push(...(this.transforms.get(urn) ?? []));
    }
    chain.push(...this.stackTransforms);
    let current = goal;
    try {
      for (const ref of chain) current = await this.parts.callbacks.transformResource(ref, current);
    } catch (error) {
      throw placed(error, goal);
    }
    // The CLI's engine takes dependencies from transforms only for a resource that has some itself.
    if (goal.transforms.length > 0) return current;
    return { ...current, options: { ...current.options, dependsOn: goal.options.dependsOn } };
  }

  private buildRecord(urn: Urn, goal: Goal): RecordedResource {
    const extra: Record<string, Set<Urn>> = {};
    const inputs: PropertyMap = {};
    for (const [key, value] of Object.entries(goal.inputs)) {
      const found = new Set<Urn>(goal.propertyDependencies[key] ?? []);
      inputs[key] = this.asInput(goal, key, flattenOutputValues(value, found));
      extra[key] = found;
    }
    if (isProviderType(goal.type)) Object.assign(inputs, this.pluginInputs(goal));
    const propertyDependencies = Object.fromEntries(
      Object.entries(extra).map(([key, urns]): [string, Urn[]] => [key, [...urns].sort()]),
    );
    const dependencies = new Set([...goal.options.dependsOn, ...Object.values(propertyDependencies).flat()]);
    const options = this.finalOptions(urn, goal);
    const managed = goal.custom && !isProviderType(goal.type);
    const { id: standInId, ...standIns } =
      (managed ? this.parts.standIns?.of(urn, goal.type, inputs) : undefined) ?? {};
    const id = options.importId ?? standInId;
    return {
      urn,
      type: goal.type,
      name: goal.name,
      custom: goal.custom,
      external: false,
      ...(typeof id === "string" ? { id } : {}),
      ...(goal.parent === undefined ? {} : { parent: goal.parent }),
      ...(managed ? { provider: this.provider(goal) } : {}),
      inputs,
      outputs: goal.custom ? withSecretOutputs({ ...standIns, ...inputs }, options.additionalSecretOutputs ?? []) : {},
      dependencies: [...dependencies].sort(),
      propertyDependencies,
      options,
      ...(goal.sourcePosition === undefined ? {} : { sourcePosition: goal.sourcePosition }),
    };
  }

  /** A value as the provider gets it: assets with their hashes, and for a custom resource ids in place of resources. */
  private asInput(goal: Goal, key: string, value: PropertyValue): PropertyValue {
    try {
      const hashed = withAssetHashes(value, this.parts.folder);
      return goal.custom ? referencesAsIds(hashed) : hashed;
    } catch (error) {
      throw placed(new Error(`${key}: ${error instanceof Error ? error.message : String(error)}`), goal);
    }
  }

  private finalOptions(urn: Urn, goal: Goal): ResourceOptions {
    const { dependsOn: _d, provider: _p, providers: _ps, aliases, ...own } = goal.options;
    const parent = goal.parent === undefined ? undefined : this.records.get(goal.parent);
    const inherited: Inheritable = {
      protect: own.protect ?? parent?.options.protect,
      retainOnDelete: own.retainOnDelete ?? parent?.options.retainOnDelete,
      deletedWith: own.deletedWith ?? parent?.options.deletedWith,
    };
    const all = resolveAliases(urn, goal, aliases, parent?.options.aliases ?? []);
    return withoutUndefined({ ...own, ...inherited, aliases: all.length === 0 ? undefined : all });
  }

  private async expand(goal: Goal, record: RecordedResource): Promise<Registered> {
    const given = this.parts.componentOutputs(goal.type);
    if (given !== undefined) {
      this.provider(goal);
      this.parts.warn(
        `${goal.type} "${goal.name}" has its outputs from ${answersFile}: its children are not in this preview, nor in its cost`,
        record.urn,
      );
      return { record, outputs: given, outputDependencies: {} };
    }
    const expander = this.parts.components.get(goal.type);
    if (expander === undefined) {
      throw new EvaluationError(
        "engine",
        `the remote component ${goal.type} ("${goal.name}") cannot be expanded offline; give its outputs under \`components\` in ${answersFile} (docs/engine.md)`,
        goal.sourcePosition,
      );
    }
    this.provider(goal);
    const { outputs, dependencies } = await this.runExpander(expander, goal, record);
    return { record, outputs, outputDependencies: dependencies };
  }

  private runExpander(expander: ComponentExpander, goal: Goal, record: RecordedResource): Promise<Expansion> {
    const expansion = expander({
      urn: record.urn,
      name: goal.name,
      inputs: record.inputs,
      args: constructArguments(goal),
      resource: (urn) => this.records.get(urn),
      warn: (message) => this.parts.warn(message, record.urn),
      version: goal.options.version,
      invoke: (token, args) => {
        const name = packageOf(token);
        const request = { name, version: this.parts.dependencyVersion(packageOf(goal.type), `@pulumi/${name}`) };
        return this.parts.invoke(
          token,
          args,
          this.inheritedProvider(record.urn, name) ?? this.parts.providers.reference(request),
        );
      },
      dependencyVersion: (name) => this.parts.dependencyVersion(packageOf(goal.type), name),
      register: async (child) => {
        // Inside a provider plugin the SDK hands the component's providers down to all descendants.
        const provider = this.inheritedProvider(record.urn, packageOf(child.type));
        const options: GoalOptions = { ...noOptions, provider, ...child.options };
        const { record: made } = await this.register({
          parent: record.urn,
          custom: true,
          remote: false,
          propertyDependencies: {},
          transforms: [],
          sourcePosition: goal.sourcePosition,
          ...child,
          options,
        });
        return made;
      },
    });
    return expansion.catch((error: unknown) => {
      throw placed(error, goal);
    });
  }

  /** In a preview only the hooks that ask for it run. */
  private async runHooks(moment: "beforeCreate" | "afterCreate", record: RecordedResource): Promise<void> {
    for (const name of record.options.hooks?.[moment] ?? []) {
      const hook = this.hooks.get(name);
      if (hook === undefined) {
        throw new EvaluationError("engine", `the hook "${name}" of ${record.urn} was never registered`);
      }
      if (!hook.onDryRun) continue;
      const call: HookCall = {
        urn: record.urn,
        name: record.name,
        type: record.type,
        newInputs: record.inputs,
        newOutputs: moment === "afterCreate" ? record.outputs : undefined,
      };
      const error = await this.parts.callbacks.runHook(hook.callback, call);
      if (error === undefined) continue;
      const message = `${moment} hook "${name}" failed: ${error}`;
      if (!hook.ignoreErrors) throw new EvaluationError("engine", message, record.sourcePosition);
      this.parts.warn(message, record.urn);
    }
  }
}

/** Exported resources without the mark that the SDK gives them in a preview. */
function asExported(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(asExported);
  if (!isObject(value)) return value;
  const { "@isPulumiResource": _mark, ...own } = value;
  return mapValues(own, asExported);
}

/** An error from inside a resource, at the place where the program declared it. */
function placed(error: unknown, goal: Goal): EvaluationError {
  if (EvaluationError.isInstance(error) && error.place !== undefined) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EvaluationError("engine", `${goal.type} "${goal.name}": ${message}`, goal.sourcePosition);
}

/** The provider of a remote component registers it again, from the Node SDK: without its arguments, which are no inputs. */
function asRegisteredByProvider(record: RecordedResource, goal: Goal): RecordedResource {
  return { ...record, inputs: {}, propertyDependencies: {}, dependencies: [...goal.options.dependsOn].sort() };
}

/** A record with what a deployed stack knows of it; what the program reads has the id that the program gives. */
function withKnown(record: RecordedResource, { id, outputs }: KnownOutputs): RecordedResource {
  const secretOutputs = record.options.additionalSecretOutputs ?? [];
  return {
    ...record,
    ...(record.external || id === undefined ? {} : { id }),
    outputs: withSecretOutputs({ ...record.outputs, ...outputs }, secretOutputs),
  };
}

/** Outputs named as secret are secret, known or not. */
function withSecretOutputs(inputs: PropertyMap, names: readonly string[]): PropertyMap {
  const outputs = mapValues(inputs, (value) => value);
  for (const name of names) outputs[name] = secret((inputs[name] ?? unknownValue) as PropertyValue);
  return outputs;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
