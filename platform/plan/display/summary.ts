import type { Plan } from "../model";
import { opStyles, type Painter } from "./style";

const uncounted = new Set(["same", "read", "read-replacement", "discard"]);

/** `Resources:` with one line per operation, and totals where there are several. */
export function printSummary({ changeSummary }: Plan, paint: Painter): string {
  const counts = (Object.keys(opStyles) as (keyof typeof opStyles)[])
    .filter((op) => !uncounted.has(op) && (changeSummary[op] ?? 0) > 0)
    .map((op) => ({ op, count: changeSummary[op]! }));
  const lines = counts.map(({ op, count }) => `    ${paint.op(op, `${opStyles[op].prefix}${count} to ${op}`)}\n`);
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const unchanged = changeSummary.same ?? 0;
  const pieces = [
    ...(counts.length >= 2 ? [paint.bold(`${total} changes`)] : []),
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
  ];
  const last = pieces.length === 0 ? "" : `    ${pieces.join(". ")}\n`;
  return `${paint.header("Resources:")}\n${lines.join("")}${last}`;
}
