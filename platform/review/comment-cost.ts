import type { Bill } from "../pricing/bill";
import { dollars } from "../pricing/render";
import type { StackReview } from "./stack-review";
import { cell, code, details, table, truncateMiddle } from "./text";

export const levels = ["minimum", "expected", "maximum"] as const;

/** A month in one cell: what is expected, how that changed, and between what; `at least` where a charge has no price. */
export const month = ({ total, unpriced }: Bill, before?: Bill): string =>
  `${unpriced.length > 0 ? "at least " : ""}${dollars(total.expected)}${delta(before?.total.expected, total.expected)}, ${dollars(total.minimum)} to ${dollars(total.maximum)}`;

/** ` (+$5.00)`; empty for what stays to the cent, or has nothing to compare with. */
export function delta(before: number | undefined, after: number): string {
  if (before === undefined || Math.abs(after - before) < 0.005) return "";
  return ` (${after > before ? "+" : "-"}${dollars(Math.abs(after - before))})`;
}

/** The bill by component, folded: before and after, what has no price, and what it is assumed by. */
export function costDetails({ bill: { before, after }, incomplete }: StackReview, room: number): string {
  const old = new Map(before?.components.map(({ component, usd }) => [component, usd.expected]));
  const now = new Map(after.components.map(({ component, usd }) => [component, usd.expected]));
  const all = [...new Set([...now.keys(), ...old.keys()])].map(
    (name) => [cell(name), before && (old.get(name) ?? 0), now.get(name) ?? 0] as const,
  );
  const unchanged = all.filter(([, was, is]) => was !== undefined && delta(was, is) === "");
  const sum = unchanged.reduce((total, [, , is]) => total + is, 0);
  const rows = [
    ...all.filter((row) => !unchanged.includes(row)),
    ...(unchanged.length > 0 ? [[`${unchanged.length} unchanged`, sum, sum] as const] : []),
  ].map(
    ([name, was, is]) => `| ${name} | ${was === undefined ? "?" : dollars(was)} | ${dollars(is)}${delta(was, is)} |`,
  );
  const totals = levels.map(
    (level) =>
      `| ${level} | ${before === undefined ? "?" : dollars(before.total[level])} | ${dollars(after.total[level])}${delta(before?.total[level], after.total[level])} |`,
  );
  const unpriced = after.unpriced.map(({ type, name, reason }) => `- ${code(name)} (${code(type)}): ${cell(reason)}`);
  const head = ["| Component, expected | Before | After |", "|---|--:|--:|"];
  const whole = ["| Whole stack | Before | After |", "|---|--:|--:|", ...totals].join("\n");
  const bill = `${whole}\n\n${table(head, rows, Math.ceil(room / 2))}`;
  const missing =
    unpriced.length === 0
      ? ""
      : `\n\nNot priced, so the month costs more than that by:\n\n${truncateMiddle(unpriced.join("\n"), Math.ceil(room / 2))}`;
  const notes = after.notes.map((note) => `\n\n${cell(note)}`).join("");
  const what = incomplete === undefined ? "Cost" : "Cost of what the plan shows";
  return details(`${what}: ${month(after, before)}`, bill + missing + notes);
}
