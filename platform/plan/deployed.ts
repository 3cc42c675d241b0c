import { replacementRule } from "../../catalog/replacement";
import type { KnownOutputs, PropertyMap, PropertyValue, RecordedResource } from "../engine/types";
import { isHiddenSecret, isUnknown, secret, some, unknownValue } from "../engine/values";
import type { StackState, Step } from "./model";
import { Planner } from "./planner";
import { stateOfRecord } from "./states";

/**
 * What a deployed stack tells its program, as the CLI's engine does in a preview: a resource that stays has the outputs that the
 * state has, one that is updated has them with its new inputs, one that is new or made anew has none.
 */
export function deployedOutputs({ resources }: StackState): (record: RecordedResource) => KnownOutputs | undefined {
  const planner = new Planner(resources);
  return (record) => {
    const step = planner.add(stateOfRecord(record));
    const { old, op } = step;
    if (old === undefined || !(op === "same" || op === "update" || (op === "read" && old.external))) return undefined;
    return { id: old.id, outputs: outputsOf(step, record) };
  };
}

function outputsOf({ op, old, type }: Step, record: RecordedResource): PropertyMap {
  const usable = Object.entries(old?.outputs ?? {}).filter(([, value]) => !some(value, isUnknown));
  const known = Object.fromEntries(usable.map(([name, value]) => [name, withoutHidden(value, record.outputs[name])]));
  if (op !== "update") return known;
  const removed = Object.keys(old?.inputs ?? {}).filter((name) => !(name in record.inputs));
  const changed = Object.keys(replacementRule(type)?.changedByUpdate ?? {});
  for (const name of [...removed, ...changed]) delete known[name];
  return { ...known, ...record.inputs };
}

/** A secret whose value the state file does not give is a secret stand-in, or unknown. */
function withoutHidden(value: PropertyValue, standIn: PropertyValue | undefined): PropertyValue {
  if (!some(value, isHiddenSecret)) return value;
  return secret(typeof standIn === "string" ? standIn : unknownValue);
}
