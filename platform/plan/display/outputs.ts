import type { PropertyMap } from "../../engine/types";
import { blindSecrets } from "../../engine/values";
import { diffMaps } from "../diff/values";
import type { Plan } from "../model";
import { printEntries } from "./entries";
import { isWorthShowing, printProperties, type ValueStyle } from "./values";

/** The stack's outputs: all of a new stack, only what changes of one that has a baseline. Empty text when there is nothing. */
export function printOutputs(plan: Plan, indent: number, style: ValueStyle): string {
  if (plan.oldOutputs === undefined) {
    const visible = Object.entries(plan.outputs).filter(([, value]) => isWorthShowing(value));
    return printProperties(blindSecrets(Object.fromEntries(visible)) as PropertyMap, place(indent), style);
  }
  return printEntries(diffMaps(plan.oldOutputs, plan.outputs), { indent, op: "update", prefix: true }, style);
}

const place = (indent: number) => ({ indent, op: "create", prefix: true }) as const;
