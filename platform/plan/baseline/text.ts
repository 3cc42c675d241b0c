import { InputError } from "../../../contracts/input-error";
import type { PropertyMap } from "../../engine/types";
import { parseUrn } from "../../engine/urn";
import type { ResourceState, StackState } from "../model";
import { isRootStack } from "../states";
import { readDigest } from "./digest";
import { readEvents } from "./events";
import { baselineError, isJsonObject, type Json } from "./json";
import { stateOfResourceV3 } from "./resource-v3";

/**
 * Reads the text of a baseline file, whichever of the known forms it has.
 * @throws InputError for a truncated text or one of another form.
 */
export function readBaselineText(text: string, file: string): StackState {
  const whole = parseWhole(text);
  return whole === undefined ? readEvents(parseLines(text, file), file) : readDocument(whole, file);
}

function readDocument(document: Json, file: string): StackState {
  if (isJsonObject(document)) {
    if (isJsonObject(document.deployment)) return readExport(document, file);
    if ("steps" in document || "changeSummary" in document) return readDigest(document, file);
    if ("sequence" in document) return readEvents([document], file);
  }
  throw baselineError(file, isJsonObject(document) ? Object.keys(document) : document);
}

/** `apitype.UntypedDeployment`; every version so far keeps its resources in the same place. */
function readExport(document: { readonly [key: string]: Json }, file: string): StackState {
  const { version, deployment } = document;
  if (typeof version !== "number" || !isJsonObject(deployment)) throw baselineError(file, { version });
  const list = deployment.resources ?? [];
  if (!Array.isArray(list)) throw baselineError(file, { resources: list });
  const resources = list.map((item) => stateOfResourceV3(item, file));
  return stateOf(resources, file);
}

/** The stack that a list of resources belongs to, named by their URNs. */
function stateOf(resources: readonly ResourceState[], file: string): StackState {
  const [first] = resources;
  if (first === undefined) {
    throw new InputError({
      path: "baseline",
      given: { resources: [] },
      allowed: "an export with at least its root stack resource; leave --baseline out for an empty stack",
      where: file,
    });
  }
  const { project, stack } = parseUrn(first.urn);
  const outputs: PropertyMap = resources.find(isRootStack)?.outputs ?? {};
  return { project, stack, resources, outputs };
}

function parseWhole(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** A stream of events, one JSON object per line. */
function parseLines(text: string, file: string): Json[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, at, lines) => {
      const value = parseWhole(line);
      if (value !== undefined) return value;
      throw new InputError({
        path: "baseline",
        given: line.slice(0, 40),
        allowed: `whole JSON; it breaks off or is damaged in line ${at + 1} of ${lines.length}`,
        where: file,
      });
    });
}
