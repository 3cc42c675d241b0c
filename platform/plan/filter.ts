import { InputError } from "../../contracts/input-error";
import { opStyles, simplifyType } from "./display/style";
import type { Step, StepOp } from "./model";

/** Which steps a person wants to see; each list holds what was given on the command line. */
export interface StepFilter {
  /** Operations to show and no others. */
  readonly only?: readonly string[];
  /** Operations, or patterns of types, that are not shown. */
  readonly hide?: readonly string[];
  /** Patterns of URNs, types or names; what matches none is not shown. */
  readonly target?: readonly string[];
}

/**
 * Builds the test that a filter stands for. In a pattern `*` is any text.
 * @throws InputError for an operation that does not exist.
 */
export function stepFilter({ only, hide = [], target }: StepFilter): (step: Step) => boolean {
  const shownOps = only?.map((op) => operation(op, "--only"));
  const hiddenOps = hide.filter((word) => !word.includes(":")).map((op) => operation(op, "--hide"));
  const hiddenTypes = hide.filter((word) => word.includes(":")).map(pattern);
  const targets = target?.map(pattern);
  return (step) => {
    if (shownOps !== undefined && !shownOps.includes(step.op)) return false;
    if (hiddenOps.includes(step.op)) return false;
    const types = [step.type, simplifyType(step.type)];
    if (hiddenTypes.some((matches) => types.some((type) => matches.test(type)))) return false;
    return (
      targets === undefined || targets.some((matches) => [step.urn, step.name, ...types].some((t) => matches.test(t)))
    );
  };
}

function operation(word: string, where: string): StepOp {
  if (Object.hasOwn(opStyles, word)) return word as StepOp;
  const allowed = `${Object.keys(opStyles).join(", ")}${where === "--hide" ? ", or a pattern of types such as aws:iam/*" : ""}`;
  throw new InputError({ path: where.slice(2), given: word, allowed, where });
}

function pattern(text: string): RegExp {
  const escaped = text.split(/\*+/).map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`);
}
