import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { EvaluationError } from "./errors";
import type { PropertyMap, PropertyValue } from "./types";
import { isObject, mapValues, unknownValue } from "./values";
import { parseYaml } from "./yaml-file";

/** The file beside `Pulumi.yaml` that answers what the engine cannot know. */
export const answersFile = "offline-answers.yaml";

/** Written for a value that stays unknown. */
const unknownText = "[unknown]";

interface InvokeAnswer {
  /** Arguments that must be equal; others may be anything. */
  readonly args: PropertyMap;
  readonly result: PropertyMap;
}

/** Answers that a project gives for invokes and remote components; they win over the engine's own. */
export class OfflineAnswers {
  static readonly none = new OfflineAnswers(new Map(), new Map());

  private constructor(
    private readonly invokes: ReadonlyMap<string, readonly InvokeAnswer[]>,
    private readonly components: ReadonlyMap<string, PropertyMap>,
  ) {}

  /** Reads the file of a project; without one there are no answers. @throws EvaluationError naming the place. */
  static read(root: string): OfflineAnswers {
    const file = join(root, answersFile);
    if (!existsSync(file)) return OfflineAnswers.none;
    const { invokes, components, ...others } = parseYaml(readFileSync(file, "utf8"), answersFile) as PropertyMap;
    const [other] = Object.keys(others);
    if (other !== undefined) throw wrong(other, "is not known; allowed: invokes, components");
    return new OfflineAnswers(
      new Map(entries(invokes, "invokes").map(([token, value]) => [token, invokeAnswers(token, value)])),
      new Map(entries(components, "components").map(([type, value]) => [type, outputs(type, value)])),
    );
  }

  /** The first answer whose arguments fit. */
  invoke(token: string, args: PropertyMap): PropertyMap | undefined {
    return this.invokes
      .get(token)
      ?.find((answer) => Object.entries(answer.args).every(([key, value]) => isDeepStrictEqual(args[key], value)))
      ?.result;
  }

  /** The outputs of a remote component, whose children nobody knows. */
  component(type: string): PropertyMap | undefined {
    return this.components.get(type);
  }
}

function invokeAnswers(token: string, value: PropertyValue): InvokeAnswer[] {
  const at = `invokes.${token}`;
  if (!Array.isArray(value)) throw wrong(at, "needs a list of answers, each with `result` and maybe `args`");
  return value.map((answer, index) => {
    if (!isObject(answer) || !isObject(answer.result)) throw wrong(`${at}[${index}]`, "needs a map under `result`");
    if (answer.args !== undefined && !isObject(answer.args)) throw wrong(`${at}[${index}].args`, "needs a map");
    return { args: answer.args ?? {}, result: withUnknowns(answer.result) };
  });
}

function outputs(type: string, value: PropertyValue): PropertyMap {
  if (!isObject(value) || !isObject(value.outputs)) throw wrong(`components.${type}`, "needs a map under `outputs`");
  return withUnknowns(value.outputs);
}

function withUnknowns(map: PropertyMap): PropertyMap {
  const change = (value: PropertyValue): PropertyValue => {
    if (value === unknownText) return unknownValue;
    if (Array.isArray(value)) return value.map(change);
    return isObject(value) ? mapValues(value, change) : value;
  };
  return mapValues(map, change);
}

function entries(value: PropertyValue | undefined, at: string): [string, PropertyValue][] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) throw wrong(at, "needs a map of tokens");
  return Object.entries(value);
}

function wrong(at: string, what: string): EvaluationError {
  return new EvaluationError("project", `${answersFile}: ${at} ${what}`);
}
