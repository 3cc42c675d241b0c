import type { PropertyValue } from "../../engine/types";
import type { Difference, StepOp } from "../model";
import { decodeJson } from "../values";
import { diffLines } from "./lines";
import {
  indentation,
  isPrimitive,
  longest,
  type Place,
  primitiveText,
  printPrimitive,
  printTitle,
  printValue,
  type ValueStyle,
} from "./values";

/** Differences by key, each under its title; `forcing` names the keys that force a replacement. */
export function printEntries(
  entries: ReadonlyMap<string, Difference>,
  place: Place,
  style: ValueStyle,
  forcing: ReadonlySet<string> = new Set(),
): string {
  const keys = [...entries.keys()].sort();
  const width = longest(keys);
  return keys
    .map((key) => {
      const text = printDifference(
        entries.get(key)!,
        (at) => printTitle(key, width, at, style),
        { ...place, prefix: true },
        style,
      );
      return forcing.has(key) ? `${text.trimEnd()}${style.paint.op("replace", " # forces replacement")}\n` : text;
    })
    .join("");
}

type Title = (place: Place) => string;

function printDifference(difference: Difference, title: Title, place: Place, style: ValueStyle): string {
  const at = (op: StepOp): Place => ({ ...place, op, prefix: true });
  switch (difference.kind) {
    case "add":
      return title(at("create")) + printValue(difference.new, at("create"), style);
    case "delete":
      return title(at("delete")) + printValue(difference.old, at("delete"), style);
    case "update":
      return printUpdate(difference.old, difference.new, title, at("update"), style);
    default:
      return title(at("update")) + printNested(difference, at("update"), style);
  }
}

/** The inside of an object, list or JSON text, brackets included. */
function printNested(
  difference: Exclude<Difference, { kind: "add" | "delete" | "update" }>,
  place: Place,
  style: ValueStyle,
): string {
  const write = (text: string): string => style.paint.op("update", text);
  const close = write(indentation({ ...place, prefix: false }));
  switch (difference.kind) {
    case "object":
      return `${write("{")}\n${printEntries(difference.entries, { ...place, indent: place.indent + 1 }, style)}${close}${write("}")}\n`;
    case "array":
      return `${write("[")}\n${difference.entries.map(([index, entry]) => printItem(index, entry, place, style)).join("")}${close}${write("]")}\n`;
    default:
      return write("(json) ") + printDifference(difference.inner, () => "", place, style);
  }
}

/** List items stand two steps deeper, their index one step. */
function printItem(index: number, difference: Difference, place: Place, style: ValueStyle): string {
  return printDifference(
    difference,
    (at) => style.paint.op(at.op, `${indentation({ ...at, indent: at.indent - 1 })}[${index}]: `),
    { ...place, indent: place.indent + 2 },
    style,
  );
}

function printUpdate(old: PropertyValue, next: PropertyValue, title: Title, place: Place, style: ValueStyle): string {
  if (isPrimitive(old) && isPrimitive(next)) {
    if (isLongText(old) || isLongText(next)) return title(place) + printLines(String(old), String(next), place, style);
    if (!isJsonText(old) && !isJsonText(next)) {
      const from = style.paint.op("delete", primitiveText(old, style.truncate));
      const to = style.paint.op("create", primitiveText(next, style.truncate));
      return `${title(place)}${from}${style.paint.op("update", " => ")}${to}\n`;
    }
  }
  const print = (value: PropertyValue, op: StepOp): string => {
    const at: Place = { ...place, op };
    return title(at) + (isPrimitive(value) ? `${printPrimitive(value, at, style)}\n` : printValue(value, at, style));
  };
  return print(old, "delete") + print(next, "create");
}

const isJsonText = (value: PropertyValue): boolean => typeof value === "string" && decodeJson(value) !== undefined;
const isLongText = (value: PropertyValue): boolean =>
  typeof value === "string" && value.includes("\n") && decodeJson(value) === undefined;

/** A text of several lines: the lines that differ, with two unchanged ones around them. */
function printLines(old: string, next: string, place: Place, style: ValueStyle): string {
  const inner: Place = { ...place, indent: place.indent + 1 };
  const lines = diffLines(old.split("\n"), next.split("\n"));
  const near = (at: number): boolean => lines.slice(Math.max(0, at - 2), at + 3).some(({ op }) => op !== "same");
  let text = "\n";
  let skipping = false;
  lines.forEach(({ op, text: line }, at) => {
    if (line.trim() === "") return;
    if (near(at)) {
      text += `${style.paint.op(op, indentation({ ...inner, op, prefix: op !== "same" }) + line)}\n`;
    } else if (!skipping) {
      text += `${indentation({ ...inner, op: "same", prefix: false })}...\n`;
    }
    skipping = !near(at);
  });
  return text;
}
