import type { Evaluation, RecordedResource } from "../engine/types";
import { parseUrn, rootStackType } from "../engine/urn";
import { GeneratedValues } from "./generated";
import type { ResourceState, StackState } from "./model";

/** The state that a program declares. */
export function stateOfEvaluation(evaluation: Evaluation): StackState {
  const generated = new GeneratedValues(evaluation.resources);
  return {
    project: evaluation.project,
    stack: evaluation.stack,
    config: evaluation.config,
    resources: evaluation.resources.map((record) => stateOfRecord(generated.mark(record))),
    outputs: generated.markOutputs(evaluation.outputs),
  };
}

/** The state that one registration declares. */
export function stateOfRecord({ options, ...record }: RecordedResource): ResourceState {
  const { urn, type, name, custom, external, id, parent, provider, inputs, outputs, sourcePosition } = record;
  return {
    urn,
    type,
    name,
    custom,
    external,
    id,
    parent,
    provider,
    inputs,
    outputs,
    sourcePosition,
    dependencies: record.dependencies,
    propertyDependencies: record.propertyDependencies,
    protect: options.protect ?? false,
    retainOnDelete: options.retainOnDelete ?? false,
    aliases: options.aliases ?? [],
    deleteBeforeReplace: options.deleteBeforeReplace,
    ignoreChanges: options.ignoreChanges,
    replaceOnChanges: options.replaceOnChanges,
    additionalSecretOutputs: options.additionalSecretOutputs,
    importId: options.importId,
    deletedWith: options.deletedWith,
    replaceWith: options.replaceWith,
    replacementTrigger: options.replacementTrigger,
    hideDiff: options.hideDiffs,
    customTimeouts: options.customTimeouts,
  };
}

export const isRootStack = ({ type }: { readonly type: string }): boolean => type === rootStackType;

/** Default providers are made by the engine itself and are part of no plan that the CLI shows. */
export function isDefaultProvider({ type, urn }: { readonly type: string; readonly urn: string }): boolean {
  return type.startsWith("pulumi:providers:") && /^default(_|$)/.test(parseUrn(urn).name);
}
