import type { PropertyMap, PropertyValue } from "../../engine/types";
import {
  isArchive,
  isAsset,
  isObject,
  isResourceReference,
  isSecret,
  isUnknown,
  signatureKey,
} from "../../engine/values";
import type { StepOp } from "../model";
import { decodeJson, isInternalKey } from "../values";
import { opStyles, type Painter } from "./style";

/** How values are written: https://github.com/pulumi/pulumi/blob/master/pkg/backend/display/object_diff.go */
export interface ValueStyle {
  readonly paint: Painter;
  /** Cut strings after three lines or 150 characters. */
  readonly truncate: boolean;
}

/** Where a value stands: the operation colours it, and marks its lines when `prefix` is set. */
export interface Place {
  /** In steps of four spaces. */
  readonly indent: number;
  readonly op: StepOp;
  readonly prefix: boolean;
}

/** The indentation of a line; with a prefix its last two characters name the operation. */
export function indentation({ indent, op, prefix }: Place): string {
  const spaces = "    ".repeat(indent);
  return prefix && indent > 0 ? spaces.slice(0, -2) + opStyles[op].prefix : spaces;
}

/** All properties of a map, one per line, keys padded to the longest. */
export function printProperties(map: PropertyMap, place: Place, style: ValueStyle): string {
  const keys = Object.keys(map)
    .filter((key) => !isInternalKey(key))
    .sort();
  const width = longest(keys);
  return keys.map((key) => printTitle(key, width, place, style) + printValue(map[key]!, place, style)).join("");
}

/** `  key   : ` at the place's indentation. */
export function printTitle(key: string, width: number, place: Place, { paint }: ValueStyle): string {
  return paint.op(place.op, `${indentation(place)}${key.padEnd(width)}: `);
}

export const longest = (keys: readonly string[]): number => Math.max(0, ...keys.map((key) => key.length));

/** A value and the end of its line. */
export function printValue(value: PropertyValue, place: Place, style: ValueStyle): string {
  return `${printBare(value, place, style)}\n`;
}

function printBare(value: PropertyValue, place: Place, style: ValueStyle): string {
  const write = (text: string): string => style.paint.op(place.op, text);
  const close = (bracket: string): string => write(indentation({ ...place, prefix: false }) + bracket);
  if (isPrimitive(value)) return printPrimitive(value, place, style);
  if (Array.isArray(value)) {
    if (value.length === 0) return write("[]");
    const items = value.map(
      (item, at) =>
        write(`${indentation(place)}    [${at}]: `) + printValue(item, { ...place, indent: place.indent + 1 }, style),
    );
    return `${write("[")}\n${items.join("")}${close("]")}`;
  }
  if (isAsset(value) || isArchive(value)) return write(describeAsset(value));
  if (isResourceReference(value)) return write(JSON.stringify(value.urn));
  if (!isObject(value) || Object.keys(value).length === 0) return write("{}");
  return `${write("{")}\n${printProperties(value, { ...place, indent: place.indent + 1 }, style)}${close("}")}`;
}

/** True for what fits on one line: scalars, secrets and unknowns. */
export function isPrimitive(value: PropertyValue): boolean {
  return value === null || typeof value !== "object" || isSecret(value);
}

/** A scalar as one word; a text that holds JSON as the structure it holds. */
export function printPrimitive(value: PropertyValue, place: Place, style: ValueStyle): string {
  const json = typeof value === "string" ? decodeJson(value) : undefined;
  if (json !== undefined) return style.paint.op(place.op, "(json) ") + printValue(json, place, style);
  return style.paint.op(place.op, primitiveText(value, style.truncate));
}

/** The one-line text of a scalar, secret or unknown. */
export function primitiveText(value: PropertyValue, truncate: boolean): string {
  if (isSecret(value)) return "[secret]";
  if (isUnknown(value)) return "[unknown]";
  if (value === null) return "<null>";
  if (typeof value === "string") return value === "[secret]" ? value : JSON.stringify(truncate ? cut(value) : value);
  return String(value);
}

function cut(text: string): string {
  const lines = text.split("\n");
  const kept = lines.slice(0, 3).map((line) => (line.length > 150 ? `${line.slice(0, 150)}...` : line));
  return lines.length > 3 ? `${kept.join("\n")}\n...` : kept.join("\n");
}

/** `asset(text:1a2b3c4) { ... }` and the like; contents are named by their hash. */
export function describeAsset(value: PropertyMap): string {
  const kind = isArchive(value) ? "archive" : "asset";
  const hash = typeof value.hash === "string" ? value.hash.slice(0, 7) : "";
  if (typeof value.path === "string") return `${kind}(file:${hash}) { ${value.path} }`;
  if (typeof value.uri === "string") return `${kind}(uri:${hash}) { ${value.uri} }`;
  if (isObject(value.assets)) return `${kind}(assets:${hash}) { ${Object.keys(value.assets).sort().join(", ")} }`;
  const lines = typeof value.text === "string" ? value.text.split("\n").length : 0;
  return `${kind}(text:${hash}) { ${lines} ${lines === 1 ? "line" : "lines"} }`;
}

/** True for a value that is worth a line: not null, not empty. */
export function isWorthShowing(value: PropertyValue | undefined): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || Object.keys(value).some((key) => key !== signatureKey);
}
