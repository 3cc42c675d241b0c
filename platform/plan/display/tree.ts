import type { Diagnostic, Urn } from "../../engine/types";
import { parseUrn } from "../../engine/urn";
import type { Difference, Plan, ResourceState, Step } from "../model";
import { lock, opWithRetain } from "./detail";
import { notesOf } from "./notes";
import { printOutputs } from "./outputs";
import { opStyles, type Painter, simplifyType } from "./style";
import { printSummary } from "./summary";
import type { ValueStyle } from "./values";

/** The plan as a table of resources, as `pulumi preview` shows it; unchanged ancestors of what is shown are shown too. */
export function printTree(plan: Plan, steps: readonly Step[], style: ValueStyle): string {
  const { paint } = style;
  const outputs = printOutputs(plan, 1, style);
  return [
    `Previewing update (${plan.stack})${plan.baseline === undefined ? "" : ` against ${plan.baseline}`}:\n`,
    printTable(plan, new Set(steps.map(({ urn }) => urn)), paint),
    "\n",
    printDiagnostics(plan, paint),
    outputs === "" ? "" : `${paint.header("Outputs:")}\n${outputs}\n`,
    printSummary(plan, paint),
  ].join("");
}

interface Row {
  readonly step: Step;
  readonly children: Row[];
}

type Columns = readonly [op: string, type: string, name: string, plan: string, info: string];

function printTable(plan: Plan, shown: ReadonlySet<Urn>, paint: Painter): string {
  const rows = flatten(prune(rowsOf(plan), shown), plan.diagnostics);
  const header: Columns = ["", "Type", "Name", "Plan", rows.some(({ columns }) => columns[4] !== "") ? "Info" : ""];
  const all = [{ columns: header, step: undefined }, ...rows];
  const widths = header.map((_, at) => Math.max(...all.map(({ columns }) => [...columns[at]!].length)));
  return all
    .map(({ columns, step }) => {
      const cells = columns.map((text, at) => {
        const padded = at === columns.length - 1 ? text : text + " ".repeat(widths[at]! - [...text].length + 2);
        if (step === undefined) return text === "" ? padded : paint.header(text) + padded.slice(text.length);
        return at === 0 || at === 3 ? paint.op(step.op, padded) : padded;
      });
      return `${cells.join("").trimEnd()}\n`;
    })
    .join("");
}

function rowsOf(plan: Plan): Row[] {
  const rows = new Map<Urn, Row>(plan.steps.map((step) => [step.urn, { step, children: [] }]));
  const roots: Row[] = [];
  for (const row of rows.values()) {
    const parent = stateOf(row.step).parent;
    const above = parent === undefined ? undefined : rows.get(parent);
    if (above === undefined) roots.push(row);
    else above.children.push(row);
  }
  return roots;
}

const stateOf = (step: Step): ResourceState => (step.new ?? step.old)!;

function prune(rows: readonly Row[], shown: ReadonlySet<Urn>): Row[] {
  return rows
    .map(({ step, children }) => ({ step, children: prune(children, shown) }))
    .filter(({ step, children }) => children.length > 0 || shown.has(step.urn));
}

function flatten(
  rows: readonly Row[],
  diagnostics: readonly Diagnostic[],
  isRoot = true,
  indentation = "",
): { step: Step; columns: Columns }[] {
  return rows.flatMap(({ step, children }, at) => {
    const isLast = at === rows.length - 1;
    const branch = isRoot ? "" : isLast ? "└─ " : "├─ ";
    const below = isRoot ? indentation : indentation + (isLast ? "   " : "│  ");
    const columns: Columns = [
      ` ${opStyles[step.op].prefix}`,
      indentation + branch + simplifyType(step.type),
      step.name,
      opStyles[step.op].plan === "" ? "" : planText(step),
      infoText(step, diagnostics),
    ];
    return [{ step, columns }, ...flatten(children, diagnostics, false, below)];
  });
}

const planText = (step: Step): string => opWithRetain(step).replace(step.op, opStyles[step.op].plan);

/** `[diff: +added-removed~changed]`, then what else there is to say, then how many messages the resource left. */
function infoText(step: Step, diagnostics: readonly Diagnostic[]): string {
  const of = (difference: Difference): "+" | "-" | "~" =>
    difference.kind === "add" ? "+" : difference.kind === "delete" ? "-" : "~";
  const keys = (sign: "+" | "-" | "~"): string => {
    const names = [...step.differences].filter(([, difference]) => of(difference) === sign).map(([key]) => key);
    const metadata = sign === "~" ? step.replaceReasons.filter((key) => !step.differences.has(key)) : [];
    const list = [...names, ...metadata].sort();
    return list.length === 0 ? "" : sign + list.join(",");
  };
  const diff = keys("+") + keys("-") + keys("~");
  const own = diagnostics.filter(({ urn }) => urn === step.urn);
  const count = (severity: string, word: string): string[] => {
    const found = own.filter((diagnostic) => diagnostic.severity.startsWith(severity)).length;
    return found === 0 ? [] : [`${found} ${word}${found === 1 ? "" : "s"}`];
  };
  return [
    ...(diff === "" ? [] : [`[diff: ${diff}]`]),
    ...(lock(step) === "" ? [] : [lock(step).trim()]),
    ...notesOf(step),
    ...count("error", "error"),
    ...count("warning", "warning"),
    ...count("info", "message"),
  ].join("; ");
}

function printDiagnostics({ diagnostics, steps }: Plan, paint: Painter): string {
  const spoken = diagnostics.filter(({ severity, message }) => severity !== "debug" && message.trim() !== "");
  if (spoken.length === 0) return "";
  const root = steps.find(({ type }) => type === "pulumi:pulumi:Stack")?.urn ?? "";
  const groups = new Map<Urn, Diagnostic[]>();
  for (const diagnostic of spoken) {
    const urn = diagnostic.urn ?? root;
    groups.set(urn, [...(groups.get(urn) ?? []), diagnostic]);
  }
  const sections = [...groups].map(([urn, messages]) => {
    const { type, name } = parseUrn(urn);
    const lines = messages.flatMap(({ severity, message }) =>
      prefixed(severity, message.trimEnd(), paint)
        .split("\n")
        .map((line) => `    ${line.trimEnd()}\n`),
    );
    return `  ${simplifyType(type)} (${name}):\n${lines.join("")}\n`;
  });
  return `${paint.header("Diagnostics:")}\n${sections.join("")}`;
}

function prefixed(severity: Diagnostic["severity"], message: string, paint: Painter): string {
  if (severity === "error") return `${paint.error("error:")} ${message}`;
  return severity === "warning" ? `${paint.warning("warning:")} ${message}` : message;
}
