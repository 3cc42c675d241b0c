import type { Alias } from "@pulumi/pulumi/proto/alias_pb";
import aliasPb from "@pulumi/pulumi/proto/alias_pb";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb";
import type { RegisterResourceRequest, TransformResourceOptions } from "@pulumi/pulumi/proto/resource_pb";
import resourcePb from "@pulumi/pulumi/proto/resource_pb";
import type { AliasSpec, CallbackRef, Goal, GoalOptions } from "./goal";
import { fromStruct, fromValue, toValue } from "./wire";

type CustomTimeouts = RegisterResourceRequest.CustomTimeouts;
type HooksBinding = RegisterResourceRequest.ResourceHooksBinding;

/** A registration request as a plain goal. */
export function goalFromRequest(request: RegisterResourceRequest, place: (uri: string) => string | undefined): Goal {
  const position = request.getSourceposition();
  const file = position === undefined ? undefined : place(position.getUri());
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    remote: request.getRemote(),
    parent: text(request.getParent()),
    inputs: fromStruct(request.getObject()),
    propertyDependencies: Object.fromEntries(
      [...request.getPropertydependenciesMap().entries()].map(([key, deps]) => [key, deps.getUrnsList()]),
    ),
    options: optionsFromRequest(request),
    transforms: request.getTransformsList().map(callbackRef),
    packageRef: text(request.getPackageref()),
    sourcePosition: file === undefined ? undefined : `${file}:${position?.getLine()}:${position?.getColumn()}`,
  };
}

function optionsFromRequest(request: RegisterResourceRequest): GoalOptions {
  return {
    protect: request.hasProtect() ? request.getProtect() : undefined,
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    ignoreChanges: list(request.getIgnorechangesList()),
    replaceOnChanges: list(request.getReplaceonchangesList()),
    additionalSecretOutputs: list(request.getAdditionalsecretoutputsList()),
    aliases: [
      ...request.getAliasurnsList().map((urn) => ({ urn })),
      ...request.getAliasesList().map((alias) => aliasSpec(alias, request.getAliasspecs())),
    ],
    dependsOn: request.getDependenciesList(),
    importId: text(request.getImportid()),
    deletedWith: text(request.getDeletedwith()),
    replaceWith: list(request.getReplaceWithList()),
    replacementTrigger: fromValue(request.getReplacementTrigger()),
    hideDiffs: list(request.getHidediffsList()),
    customTimeouts: timeouts(request.getCustomtimeouts()),
    hooks: hooks(request.getHooks()),
    version: text(request.getVersion()),
    pluginDownloadUrl: text(request.getPlugindownloadurl()),
    provider: text(request.getProvider()),
    providers: Object.fromEntries(request.getProvidersMap().entries()),
  };
}

/** The options as a transform receives them. */
export function optionsToMessage(options: GoalOptions): TransformResourceOptions {
  const message = new resourcePb.TransformResourceOptions();
  message.setDependsOnList([...options.dependsOn]);
  if (options.protect !== undefined) message.setProtect(options.protect);
  if (options.retainOnDelete !== undefined) message.setRetainOnDelete(options.retainOnDelete);
  if (options.deleteBeforeReplace !== undefined) message.setDeleteBeforeReplace(options.deleteBeforeReplace);
  message.setIgnoreChangesList([...(options.ignoreChanges ?? [])]);
  message.setReplaceOnChangesList([...(options.replaceOnChanges ?? [])]);
  message.setAdditionalSecretOutputsList([...(options.additionalSecretOutputs ?? [])]);
  message.setHideDiffList([...(options.hideDiffs ?? [])]);
  message.setReplaceWithList([...(options.replaceWith ?? [])]);
  message.setAliasesList(options.aliases.map(aliasMessage));
  message.setProvider(options.provider ?? "");
  for (const [name, reference] of Object.entries(options.providers)) message.getProvidersMap().set(name, reference);
  message.setDeletedWith(options.deletedWith ?? "");
  message.setImport(options.importId ?? "");
  message.setVersion(options.version ?? "");
  message.setPluginDownloadUrl(options.pluginDownloadUrl ?? "");
  if (options.customTimeouts !== undefined) message.setCustomTimeouts(timeoutsMessage(options.customTimeouts));
  if (options.hooks !== undefined) message.setHooks(hooksMessage(options.hooks));
  if (options.replacementTrigger !== undefined) message.setReplacementTrigger(toValue(options.replacementTrigger));
  return message;
}

/** The options as a transform gave them back. */
export function optionsFromMessage(message: TransformResourceOptions): GoalOptions {
  return {
    protect: message.hasProtect() ? message.getProtect() : undefined,
    retainOnDelete: message.hasRetainOnDelete() ? message.getRetainOnDelete() : undefined,
    deleteBeforeReplace: message.hasDeleteBeforeReplace() ? message.getDeleteBeforeReplace() : undefined,
    ignoreChanges: list(message.getIgnoreChangesList()),
    replaceOnChanges: list(message.getReplaceOnChangesList()),
    additionalSecretOutputs: list(message.getAdditionalSecretOutputsList()),
    aliases: message.getAliasesList().map((alias) => aliasSpec(alias, true)),
    dependsOn: message.getDependsOnList(),
    importId: text(message.getImport()),
    deletedWith: text(message.getDeletedWith()),
    replaceWith: list(message.getReplaceWithList()),
    replacementTrigger: fromValue(message.getReplacementTrigger()),
    hideDiffs: list(message.getHideDiffList()),
    customTimeouts: timeouts(message.getCustomTimeouts()),
    hooks: hooks(message.getHooks()),
    version: text(message.getVersion()),
    pluginDownloadUrl: text(message.getPluginDownloadUrl()),
    provider: text(message.getProvider()),
    providers: Object.fromEntries(message.getProvidersMap().entries()),
  };
}

export function callbackRef(callback: Callback): CallbackRef {
  return { target: callback.getTarget(), token: callback.getToken() };
}

/**
 * Node SDKs that do not say `aliasSpecs` mark an alias at the root by an empty parent, and one with the resource's own parent
 * by `noParent`; the engine of the CLI corrects the same.
 */
function aliasSpec(alias: Alias, properlySpecified: boolean): AliasSpec {
  const spec = alias.getSpec();
  if (spec === undefined) return { urn: alias.getUrn() };
  const parts = {
    name: text(spec.getName()),
    type: text(spec.getType()),
    stack: text(spec.getStack()),
    project: text(spec.getProject()),
  };
  const parentUrn = text(spec.getParenturn());
  if (parentUrn !== undefined) return { ...parts, parent: parentUrn };
  const atRoot = properlySpecified ? spec.getNoparent() : !spec.getNoparent();
  return atRoot ? { ...parts, parent: null } : parts;
}

function aliasMessage(alias: AliasSpec): Alias {
  const message = new aliasPb.Alias();
  if ("urn" in alias) return message.setUrn(alias.urn);
  const spec = new aliasPb.Alias.Spec();
  spec.setName(alias.name ?? "");
  spec.setType(alias.type ?? "");
  spec.setStack(alias.stack ?? "");
  spec.setProject(alias.project ?? "");
  if (alias.parent === null) spec.setNoparent(true);
  else if (alias.parent !== undefined) spec.setParenturn(alias.parent);
  return message.setSpec(spec);
}

const moments = ["create", "update", "delete", "read"] as const;

function timeouts(message: CustomTimeouts | undefined): Record<string, string> | undefined {
  if (message === undefined) return undefined;
  const given: Record<string, string> = message.toObject();
  const set = moments.filter((moment) => given[moment]);
  return set.length === 0 ? undefined : Object.fromEntries(set.map((moment) => [moment, given[moment]!]));
}

function timeoutsMessage(given: Readonly<Record<string, string>>): CustomTimeouts {
  const message = new resourcePb.RegisterResourceRequest.CustomTimeouts();
  message.setCreate(given.create ?? "");
  message.setUpdate(given.update ?? "");
  message.setDelete(given.delete ?? "");
  return message.setRead(given.read ?? "");
}

function hooks(message: HooksBinding | undefined): Record<string, string[]> | undefined {
  if (message === undefined) return undefined;
  const bound = {
    beforeCreate: message.getBeforeCreateList(),
    afterCreate: message.getAfterCreateList(),
    beforeUpdate: message.getBeforeUpdateList(),
    afterUpdate: message.getAfterUpdateList(),
    beforeDelete: message.getBeforeDeleteList(),
    afterDelete: message.getAfterDeleteList(),
    onError: message.getOnErrorList(),
  };
  const set = Object.entries(bound).filter(([, names]) => names.length > 0);
  return set.length === 0 ? undefined : Object.fromEntries(set);
}

function hooksMessage(bound: Readonly<Record<string, readonly string[]>>): HooksBinding {
  const message = new resourcePb.RegisterResourceRequest.ResourceHooksBinding();
  message.setBeforeCreateList([...(bound.beforeCreate ?? [])]);
  message.setAfterCreateList([...(bound.afterCreate ?? [])]);
  message.setBeforeUpdateList([...(bound.beforeUpdate ?? [])]);
  message.setAfterUpdateList([...(bound.afterUpdate ?? [])]);
  message.setBeforeDeleteList([...(bound.beforeDelete ?? [])]);
  message.setAfterDeleteList([...(bound.afterDelete ?? [])]);
  return message.setOnErrorList([...(bound.onError ?? [])]);
}

function text(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function list(values: string[]): string[] | undefined {
  return values.length === 0 ? undefined : values;
}
