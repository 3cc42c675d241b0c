import { InputError } from "../../../contracts/input-error";
import { parseUrn } from "../../engine/urn";
import type { ResourceState, StackState } from "../model";
import { isRootStack } from "../states";
import { configOf, goneAfter } from "./digest";
import { baselineError, isJsonObject, type Json } from "./json";
import { stateOfResourceV3 } from "./resource-v3";

/**
 * The state that a stream of engine events leads to, as `pulumi preview --json` prints it with
 * `PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1`: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/events.go
 * @throws InputError for a stream of something else, or one that breaks off before its summary.
 */
export function readEvents(events: readonly Json[], file: string): StackState {
  const resources = new Map<string, ResourceState>();
  let config: Record<string, string> | undefined;
  let ended = false;
  for (const event of events) {
    if (!isJsonObject(event) || typeof event.sequence !== "number") throw baselineError(file, event);
    if (isJsonObject(event.preludeEvent)) config = configOf(event.preludeEvent.config);
    if (isJsonObject(event.summaryEvent)) ended = true;
    const payload = event.resOutputsEvent ?? event.resourcePreEvent;
    if (isJsonObject(payload)) apply(payload.metadata ?? null, resources, file);
  }
  if (!ended) {
    throw new InputError({
      path: "baseline",
      given: `${events.length} engine events`,
      allowed: "a whole stream; this one breaks off before its summary",
      where: file,
    });
  }
  const list = [...resources.values()];
  const [first] = list;
  if (first === undefined) throw baselineError(file, `${events.length} engine events without a resource`);
  const { project, stack } = parseUrn(first.urn);
  return { project, stack, config, resources: list, outputs: list.find(isRootStack)?.outputs ?? {} };
}

function apply(metadata: Json, resources: Map<string, ResourceState>, file: string): void {
  if (!isJsonObject(metadata) || typeof metadata.urn !== "string") throw baselineError(file, metadata);
  if (isJsonObject(metadata.new)) {
    const state = stateOfResourceV3(metadata.new, file);
    resources.set(state.urn, { ...state, external: state.external || metadata.op === "read" });
  } else if (metadata.op === "delete" || metadata.op === "discard") {
    resources.delete(metadata.urn);
  } else if (!goneAfter.has(metadata.op)) {
    throw baselineError(file, { op: metadata.op, new: null });
  }
}
