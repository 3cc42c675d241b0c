import { InputError } from "../../../contracts/input-error";
import type { PropertyMap } from "../../engine/types";
import { parseUrn } from "../../engine/urn";
import type { StackState } from "../model";
import { isRootStack } from "../states";
import { baselineError, isJsonObject, type Json, type JsonObject, text } from "./json";
import { stateOfResourceV3 } from "./resource-v3";

/** Steps after which the resource is no longer there. */
export const goneAfter: ReadonlySet<unknown> = new Set(["delete", "delete-replaced", "discard", "discard-replaced"]);

/**
 * The state that a preview digest, the CLI's or ours, would lead to.
 * @throws InputError when the digest leaves out what it found unchanged.
 */
export function readDigest(document: JsonObject, file: string): StackState {
  const steps = (Array.isArray(document.steps) ? document.steps : []).filter(isJsonObject);
  const own = isJsonObject(document.platform) ? document.platform : undefined;
  const unchanged = Array.isArray(own?.unchanged) ? own.unchanged : undefined;
  if (unchanged === undefined) refuseIncomplete(document, steps, file);
  const states = steps.filter(({ op }) => !goneAfter.has(op)).map(({ newState }) => newState ?? null);
  const resources = [...states, ...(unchanged ?? [])].map((state) => stateOfResourceV3(state, file));
  const [first] = resources;
  if (first === undefined) throw baselineError(file, { steps: document.steps ?? null });
  const { project, stack } = parseUrn(first.urn);
  const outputs = isJsonObject(own?.outputs) ? (own.outputs as PropertyMap) : resources.find(isRootStack)?.outputs;
  return { project, stack, config: configOf(document.config), resources, outputs: outputs ?? {} };
}

/** The CLI leaves unchanged resources out of `steps` but counts them. */
function refuseIncomplete(document: JsonObject, steps: readonly JsonObject[], file: string): void {
  const counted = isJsonObject(document.changeSummary) ? document.changeSummary.same : undefined;
  const missing = (typeof counted === "number" ? counted : 0) - steps.filter(({ op }) => op === "same").length;
  if (missing <= 0) return;
  throw new InputError({
    path: "baseline",
    given: `a digest without ${missing} unchanged resource${missing === 1 ? "" : "s"}`,
    allowed: "one that was made with --show-sames",
    where: file,
  });
}

export function configOf(config: Json | undefined): Record<string, string> | undefined {
  if (!isJsonObject(config)) return undefined;
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, text(value) ?? JSON.stringify(value)]));
}
