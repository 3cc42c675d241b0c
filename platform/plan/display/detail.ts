import type { Urn } from "../../engine/types";
import { parseUrn } from "../../engine/urn";
import { unknownValue } from "../../engine/values";
import type { Plan, ResourceState, Step, StepOp } from "../model";
import { isRootStack } from "../states";
import { printEntries } from "./entries";
import { notesOf } from "./notes";
import { printOutputs } from "./outputs";
import { opStyles } from "./style";
import { printSummary } from "./summary";
import { indentation, printProperties, type ValueStyle } from "./values";

/** The plan property by property, as `pulumi preview --diff` shows it. */
export function printDetail(plan: Plan, steps: readonly Step[], style: ValueStyle): string {
  const shown = new Map<Urn, Step>(steps.map((step) => [step.urn, step]));
  const parents = new Map<Urn, Urn | undefined>(plan.steps.map((step) => [step.urn, stateOf(step).parent]));
  const body = steps.map((step) => printStep(step, depth(step.urn, parents, shown), style)).join("");
  const outputs = printOutputs(plan, 1, style);
  const header = outputs === "" ? "" : `    --outputs:--\n${outputs}`;
  return `${body}${header}${printSummary(plan, style.paint)}`;
}

const stateOf = (step: Step): ResourceState => (step.new ?? step.old)!;

/** The number of ancestors that are shown too; the root stack always is. */
function depth(urn: Urn, parents: ReadonlyMap<Urn, Urn | undefined>, shown: ReadonlyMap<Urn, Step>): number {
  let count = 0;
  for (let parent = parents.get(urn); parent !== undefined; parent = parents.get(parent)) {
    if (shown.has(parent)) count++;
  }
  return count;
}

function printStep(step: Step, indent: number, style: ValueStyle): string {
  const { paint } = style;
  const line = (op: StepOp, text: string): string =>
    `${paint.op(op, indentation({ indent: indent + 1, op, prefix: false }) + text)}\n`;
  const head = `${"    ".repeat(indent)}${opStyles[step.op].prefix}${step.type}: (${opWithRetain(step)})${lock(step)}`;
  const quiet: StepOp = step.op === "create" || step.op === "delete" ? step.op : "same";
  return [
    `${paint.op(step.op, head)}\n`,
    step.old?.id ? line(quiet, `[id=${step.old.id}]`) : "",
    line(quiet, `[urn=${step.urn}]`),
    printProvider(step, line, quiet),
    ...notesOf(step).map((note) => line("update", `(${note})`)),
    printProperty(step, indent + 1, style),
  ].join("");
}

/** `replace[retain]` where the old resource is left behind in the cloud. */
export function opWithRetain({ op, old }: Step): string {
  return old?.retainOnDelete === true && (op === "delete" || op === "replace") ? `${op}[retain]` : op;
}

/** A lock for what is protected, an open one for what stops being so. */
export function lock({ old, new: next }: Step): string {
  if (next !== undefined && !next.protect && old?.protect === true) return " 🔓";
  return next?.protect === true || old?.protect === true ? " 🔒" : "";
}

function printProvider(step: Step, line: (op: StepOp, text: string) => string, quiet: StepOp): string {
  const [from, to] = [step.old?.provider, step.new?.provider];
  if (from !== undefined && to !== undefined && from !== to && !sameProvider(from, to)) {
    return line("update", `[provider: ${from} => ${to.replace(unknownValue, "[unknown]")}]`);
  }
  const provider = step.provider;
  if (provider === undefined || parseUrn(provider).name.startsWith("default")) return "";
  return line(quiet, `[provider=${provider.replace(unknownValue, "[unknown]")}]`);
}

const sameProvider = (a: string, b: string): boolean => a.replace(/::[^:]*$/, "") === b.replace(/::[^:]*$/, "");

function printProperty(step: Step, indent: number, style: ValueStyle): string {
  if (step.old === undefined || step.new === undefined) {
    const state = stateOf(step);
    if (isRootStack(state)) return "";
    return printProperties(state.inputs, { indent, op: step.op, prefix: false }, style);
  }
  return printEntries(step.differences, { indent, op: "update", prefix: true }, style, replaced(step));
}

/** Top-level properties that force the replacement. */
function replaced({ replaceReasons }: Step): ReadonlySet<string> {
  return new Set(replaceReasons);
}
