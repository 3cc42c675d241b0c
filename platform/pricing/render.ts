import { hoursPerMonth, type PriceConfidence } from "../../catalog/prices";
import { type Level, type Levels, levels } from "../../catalog/usage";
import type { Bill, BillItem } from "./bill";
import { format } from "./line";

/** Dollars as a bill shows them: whole from 100 up, cents below. */
export function dollars(usd: number): string {
  const digits = Math.abs(usd) >= 100 ? 0 : 2;
  return `$${usd.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** The bill as a table by component; with `explain` every charge of every resource with its arithmetic. */
export function renderBill(bill: Bill, explain: boolean): string {
  const rows = bill.components.map(({ component, usd }) => [component, ...amounts(usd)]);
  const table = columns([["Component", ...levels.map(title)], ...rows, ["Total", ...amounts(bill.total)]]);
  return [
    `Monthly cost of ${bill.stack}, US dollars`,
    "",
    ...table,
    ...(explain ? ["", ...bill.items.flatMap(explainItem)] : []),
    ...unpricedLines(bill),
    ...(bill.notes.length === 0 ? [] : ["", ...bill.notes]),
    "",
    `${hoursPerMonth} hours a month, list prices of ${bill.prices.region} as of ${bill.prices.dates}; taxes, support plans and free tiers left out.`,
    ...(explain ? [] : ["--explain shows the arithmetic of every charge."]),
  ].join("\n");
}

const title = (level: Level): string => level[0]!.toUpperCase() + level.slice(1);
const amounts = (usd: Levels): string[] => levels.map((level) => dollars(usd[level]));

function explainItem({ name, component, charges }: BillItem): string[] {
  return [
    `${component} > ${name}`,
    ...charges.map(
      ({ price, quantity, usd }) =>
        `    ${quantity.how} x $${format(price.usd)} per ${price.unit} = ${dollars(usd.expected)}  (${price.item}${doubt(price.confidence)})`,
    ),
  ];
}

const doubt = (confidence: PriceConfidence): string => (confidence === "low" ? "; price to be verified" : "");

function unpricedLines({ unpriced }: Bill): string[] {
  if (unpriced.length === 0) return [];
  return [
    "",
    "Not priced, so the month costs more than the total by:",
    ...unpriced.map(({ type, name, reason }) => `    ${type} ${name}: ${reason}`),
  ];
}

/** Left-aligned first column, right-aligned others, a rule under the head and above the last row. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
  const rule = "-".repeat(lines[0]!.length);
  return [lines[0]!, rule, ...lines.slice(1, -1), rule, lines.at(-1)!];
}
